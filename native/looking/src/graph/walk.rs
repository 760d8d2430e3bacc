//! Goes through the sorted facts of a graph, node by node: finds what does not fit together, and counts what each node has.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use kgdump_shared::fault::{Fault, Outcome};

use super::facts::{
    ABOUT, BAD_INCOMING, BAD_OUTGOING, EDGE, EXISTENCE, EXISTING, FACT, INCOMING_LIST, LABEL, LISTED, NODE_RECORD,
    NUMBER, OUTGOING, OUTGOING_LIST,
};
use super::id::Id;
use super::layout::Kind;
use super::links::Links;
use super::merge::Sorted;
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
/// @param part its number; parts: how many there are, which share the memory
///
/// Errors: those of the temporary files.
pub fn walk(facts: &mut Sorted<'_, FACT>, looking: Looking<'_>, part: u8, parts: usize) -> Outcome<Walked> {
    let Looking { room, hubs, implied, has_lists } = looking;
    let held = HELD_BYTES / parts;
    let mut walk = Walk {
        found: Walked {
            problems: Sorter::new(room, held),
            figures: hubs.map(|hubs| (Figures::new(hubs), Links::new(room, part, held))),
        },
        implied,
        has_lists,
        last: None,
        exists: [0; EXISTING],
        label: super::counts::NONE,
        by_edge: 0,
        by_list: 0,
        outgoing: 0,
        incoming: 0,
    };
    while let Some(fact) = facts.next()? {
        walk.step(&fact)?;
    }
    walk.end_edge()?;
    walk.end_node()?;
    let mut found = walk.found;
    if let Some((_, links)) = &mut found.figures {
        links.settle();
    }
    Ok(found)
}

/// What is known of the node and of the edge that the walk is at.
struct Walk {
    found: Walked,
    implied: bool,
    has_lists: bool,
    /// The fact before, of which node, subject and edge are compared with the next.
    last: Option<[u8; FACT]>,
    exists: [u64; EXISTING],
    label: u32,
    by_edge: u64,
    by_list: u64,
    outgoing: u64,
    incoming: u64,
}

impl Walk {
    #[inline]
    fn step(&mut self, fact: &[u8; FACT]) -> Outcome<()> {
        let last = self.last.as_ref();
        let same_node = last.is_some_and(|last| last[..ABOUT] == fact[..ABOUT]);
        let same_edge = same_node && last.is_some_and(|last| last[ABOUT..NUMBER] == fact[ABOUT..NUMBER]);
        if !same_edge {
            self.end_edge()?;
            if !same_node {
                self.end_node()?;
            }
            self.last = Some(*fact);
        }
        if fact[ABOUT] == EXISTENCE {
            let what = usize::from(fact[EDGE]);
            if self.exists[what] == 0 && fact[EDGE] == NODE_RECORD {
                self.label = u32::from_be_bytes([fact[LABEL], fact[LABEL + 1], fact[LABEL + 2], fact[LABEL + 3]]);
            }
            self.exists[what] += 1;
        } else if fact[NUMBER..LABEL] == LISTED {
            self.by_list += 1;
        } else {
            self.by_edge += 1;
            if self.is_node()
                && let Some((figures, links)) = &mut self.found.figures
            {
                links.push(fact[ABOUT] != OUTGOING, &fact[NUMBER..], figures.nodes)?;
            }
        }
        Ok(())
    }

    fn end_edge(&mut self) -> Outcome<()> {
        let (by_edge, by_list) = (std::mem::take(&mut self.by_edge), std::mem::take(&mut self.by_list));
        let Some(last) = self.last.filter(|_| by_edge + by_list > 0) else { return Ok(()) };
        let (mut node, mut edge) = (Id::default(), Id::default());
        node.copy_from_slice(&last[..ABOUT]);
        edge.copy_from_slice(&last[EDGE..NUMBER]);
        let starts = last[ABOUT] == OUTGOING;
        let (list, bad, missing) = if starts {
            (Kind::Outgoing, BAD_OUTGOING, Problem::SourceMissing)
        } else {
            (Kind::Incoming, BAD_INCOMING, Problem::TargetMissing)
        };
        if by_edge > 0 {
            *if starts { &mut self.outgoing } else { &mut self.incoming } += 1;
            if !self.is_node() {
                problems::add(&mut self.found.problems, missing, (Kind::Edge, &edge), Some((Kind::Node, &node)))?;
            }
        }
        if by_edge > 1 && starts {
            problems::add(&mut self.found.problems, Problem::StoredTwice, (Kind::Edge, &edge), None)?;
        }
        let mut listed =
            |problem| problems::add(&mut self.found.problems, problem, (list, &node), Some((Kind::Edge, &edge)));
        if by_edge > 0 && by_list == 0 && self.exists[usize::from(bad)] == 0 && self.has_lists {
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

    fn end_node(&mut self) -> Outcome<()> {
        let exists = std::mem::take(&mut self.exists);
        let (outgoing, incoming) = (std::mem::take(&mut self.outgoing), std::mem::take(&mut self.incoming));
        let label = std::mem::replace(&mut self.label, super::counts::NONE);
        let Some(last) = self.last else { return Ok(()) };
        let mut id = Id::default();
        id.copy_from_slice(&last[..ABOUT]);
        let is_node = self.implied || exists[usize::from(NODE_RECORD)] > 0;
        for (kind, what) in
            [(Kind::Node, NODE_RECORD), (Kind::Outgoing, OUTGOING_LIST), (Kind::Incoming, INCOMING_LIST)]
        {
            let many = exists[usize::from(what)];
            if many > 1 {
                problems::add(&mut self.found.problems, Problem::StoredTwice, (kind, &id), None)?;
            }
            if many > 0 && !is_node {
                problems::add(&mut self.found.problems, Problem::ListWithoutNode, (kind, &id), None)?;
            }
        }
        match &mut self.found.figures {
            Some((figures, _)) if is_node => figures.node(&id, label, outgoing, incoming),
            _ => Ok(()),
        }
    }

    fn is_node(&self) -> bool {
        self.implied || self.exists[usize::from(NODE_RECORD)] > 0
    }
}
