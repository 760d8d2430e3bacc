//! Goes through the sorted facts of a graph, node by node: finds what does not fit together, and counts what each node has.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use kgdump_shared::fault::{Fault, Outcome};

use super::facts::{
    ABOUT, BAD_INCOMING, BAD_OUTGOING, EXISTING, INCOMING_LIST, NODE_RECORD, OUTGOING, OUTGOING_LIST, Told, end_of,
    label_of, node_of, numbers_of,
};
use super::id::Id;
use super::layout::Kind;
use super::links::Links;
use super::powers::Powers;
use super::problems::{self, Problem, Problems};
use super::sorter::{HELD_BYTES, Room, Sorter};

/// Numbers of nodes are kept in 31 bits.
const MOST_NODES: u32 = i32::MAX as u32;
const ORPHANS: usize = 5;

/// A node with many edges: least of them first, and the greatest id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hub {
    pub edges: u64,
    pub id: Reverse<Id>,
    pub outgoing: u64,
    pub incoming: u64,
    pub label: u32,
}

/// What the nodes have.
pub struct Figures {
    /// Nodes that are there, each once.
    pub nodes: u32,
    pub degrees: Powers,
    pub outgoing: Powers,
    pub incoming: Powers,
    pub most: u64,
    pub orphans: u64,
    pub orphan_examples: Vec<Id>,
    /// Those with the most edges.
    pub hubs: BinaryHeap<Reverse<Hub>>,
    top: usize,
}

impl Figures {
    /// @param top hubs to name
    pub fn new(top: usize) -> Self {
        Self {
            nodes: 0,
            degrees: Powers::default(),
            outgoing: Powers::default(),
            incoming: Powers::default(),
            most: 0,
            orphans: 0,
            orphan_examples: Vec::new(),
            hubs: BinaryHeap::new(),
            top,
        }
    }

    fn node(&mut self, id: &Id, label: u32, outgoing: u64, incoming: u64) -> Outcome<()> {
        let edges = outgoing + incoming;
        self.degrees.add(edges);
        self.outgoing.add(outgoing);
        self.incoming.add(incoming);
        self.most = self.most.max(edges);
        if edges == 0 {
            self.orphans += 1;
            if self.orphan_examples.len() < ORPHANS {
                self.orphan_examples.push(*id);
            }
        } else if self.top > 0 {
            self.hub(Reverse(Hub { edges, id: Reverse(*id), outgoing, incoming, label }));
        }
        self.add_nodes(1)
    }

    fn hub(&mut self, hub: Reverse<Hub>) {
        if self.hubs.len() < self.top {
            self.hubs.push(hub);
        } else if let Some(mut least) = self.hubs.peek_mut()
            && hub < *least
        {
            *least = hub;
        }
    }

    fn add_nodes(&mut self, count: u32) -> Outcome<()> {
        self.nodes = self.nodes.saturating_add(count);
        if self.nodes >= MOST_NODES {
            return Err(Fault::new("INTERNAL", "a graph of more than 2,147,483,646 nodes"));
        }
        Ok(())
    }

    /// Adds what the nodes have that come behind these.
    pub fn join(&mut self, other: Self) -> Outcome<()> {
        self.degrees.join(&other.degrees);
        self.outgoing.join(&other.outgoing);
        self.incoming.join(&other.incoming);
        self.most = self.most.max(other.most);
        self.orphans += other.orphans;
        self.orphan_examples.extend(other.orphan_examples);
        self.orphan_examples.truncate(ORPHANS);
        other.hubs.into_iter().for_each(|hub| self.hub(hub));
        self.add_nodes(other.nodes)
    }
}

/// How facts are looked at.
#[derive(Clone, Copy)]
pub struct Looking<'a> {
    pub room: &'a Room,
    /// Nodes with the most edges to name; without it only problems are looked for.
    pub hubs: Option<usize>,
    /// A node needs no record of its own.
    pub implied: bool,
    /// Nodes have lists of their edges.
    pub has_lists: bool,
}

/// What was found in a part of the facts.
pub struct Walked {
    pub problems: Problems,
    pub figures: Option<(Figures, Links)>,
}

/// Goes through the facts of a part.
/// @param parts how many there are, which share the memory
///
/// Errors: those of the temporary files.
pub fn walk(facts: &mut Told<'_>, looking: Looking<'_>, parts: usize) -> Outcome<Walked> {
    let Looking { room, hubs, implied, has_lists } = looking;
    let held = HELD_BYTES / parts;
    let mut walk = Walk {
        found: Walked {
            problems: Sorter::new(room, held),
            figures: hubs.map(|hubs| (Figures::new(hubs), Links::new(room, held))),
        },
        implied,
        has_lists,
    };
    while let Some(node) = facts.node() {
        walk.node(node, facts)?;
    }
    Ok(walk.found)
}

struct Walk {
    found: Walked,
    implied: bool,
    has_lists: bool,
}

/// What exists of a node.
struct Node {
    id: Id,
    exists: [u64; EXISTING],
    label: u32,
    is_node: bool,
}

impl Walk {
    /// Takes all facts of the next node.
    fn node(&mut self, number: u128, facts: &mut Told<'_>) -> Outcome<()> {
        let node = self.existing(number, facts)?;
        let (mut outgoing, mut incoming) = (0, 0);
        loop {
            let of_edge = facts.linked.peek().filter(|fact| node_of(fact) == number).map(end_of);
            let of_list = facts.listed.peek().filter(|fact| node_of(fact) == number).map(end_of);
            let Some(end) = of_edge.into_iter().chain(of_list).min() else { break };
            let (mut by_edge, mut by_list) = (0, 0);
            while let Some(fact) = facts.linked.peek().filter(|fact| node_of(fact) == number && end_of(fact) == end) {
                by_edge += 1;
                if let Some((figures, links)) = self.found.figures.as_mut().filter(|_| node.is_node) {
                    links.push(end.0 == OUTGOING, numbers_of(fact), figures.nodes)?;
                }
                facts.linked.advance()?;
            }
            while facts.listed.peek().is_some_and(|fact| node_of(fact) == number && end_of(fact) == end) {
                by_list += 1;
                facts.listed.advance()?;
            }
            if by_edge > 0 {
                *if end.0 == OUTGOING { &mut outgoing } else { &mut incoming } += 1;
            }
            if by_edge != 1 || by_list != 1 || !node.is_node {
                self.wrong_end(&node, end, by_edge, by_list)?;
            }
        }
        self.wrong_node(&node)?;
        match &mut self.found.figures {
            Some((figures, _)) if node.is_node => figures.node(&node.id, node.label, outgoing, incoming),
            _ => Ok(()),
        }
    }

    fn existing(&mut self, number: u128, facts: &mut Told<'_>) -> Outcome<Node> {
        let (mut exists, mut label) = ([0; EXISTING], super::counts::NONE);
        while let Some(fact) = facts.existing.peek().filter(|fact| node_of(fact) == number) {
            let what = usize::from(fact[ABOUT]);
            if exists[what] == 0 && fact[ABOUT] == NODE_RECORD {
                label = label_of(&fact[ABOUT + 1..]);
            }
            exists[what] += 1;
            facts.existing.advance()?;
        }
        let is_node = self.implied || exists[usize::from(NODE_RECORD)] > 0;
        Ok(Node { id: number.to_be_bytes(), exists, label, is_node })
    }

    /// Tells what is wrong with an end of an edge, of which so many records and so many lists say that it is there.
    fn wrong_end(&mut self, node: &Node, (about, edge): (u8, u128), by_edge: u64, by_list: u64) -> Outcome<()> {
        let (problems, edge) = (&mut self.found.problems, edge.to_be_bytes());
        let starts = about == OUTGOING;
        let (list, bad, missing) = if starts {
            (Kind::Outgoing, BAD_OUTGOING, Problem::SourceMissing)
        } else {
            (Kind::Incoming, BAD_INCOMING, Problem::TargetMissing)
        };
        if by_edge > 0 && !node.is_node {
            problems::add(problems, missing, (Kind::Edge, &edge), Some((Kind::Node, &node.id)))?;
        }
        if by_edge > 1 && starts {
            problems::add(problems, Problem::StoredTwice, (Kind::Edge, &edge), None)?;
        }
        let mut listed = |problem| problems::add(problems, problem, (list, &node.id), Some((Kind::Edge, &edge)));
        if by_edge > 0 && by_list == 0 && node.exists[usize::from(bad)] == 0 && self.has_lists {
            listed(Problem::ListLacksEdge)?;
        }
        if by_edge == 0 {
            listed(Problem::ListHasExtraEdge)?;
        }
        if by_list > 1 {
            listed(Problem::ListRepeatsEdge)?;
        }
        Ok(())
    }

    /// Tells what is wrong with what exists of a node.
    fn wrong_node(&mut self, node: &Node) -> Outcome<()> {
        for (kind, what) in
            [(Kind::Node, NODE_RECORD), (Kind::Outgoing, OUTGOING_LIST), (Kind::Incoming, INCOMING_LIST)]
        {
            let many = node.exists[usize::from(what)];
            if many > 1 {
                problems::add(&mut self.found.problems, Problem::StoredTwice, (kind, &node.id), None)?;
            }
            if many > 0 && !node.is_node {
                problems::add(&mut self.found.problems, Problem::ListWithoutNode, (kind, &node.id), None)?;
            }
        }
        Ok(())
    }
}
