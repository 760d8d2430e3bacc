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
use super::links::{self, Links};
use super::merge::Sorted;
use super::powers::Powers;
use super::problems::{self, Problem, Problems};
use super::sorter::{HELD_BYTES, Room};

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
    pub links: Links,
}

impl Figures {
    /// @param top hubs to name
    pub fn new(room: &Room, top: usize) -> Self {
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
            links: Links::new(room, HELD_BYTES),
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
            let hub = Reverse(Hub { edges, id: Reverse(*id), outgoing, incoming, label });
            if self.hubs.len() < self.top {
                self.hubs.push(hub);
            } else if let Some(mut least) = self.hubs.peek_mut()
                && hub < *least
            {
                *least = hub;
            }
        }
        self.nodes += 1;
        if self.nodes == MOST_NODES {
            return Err(Fault::new("INTERNAL", "a graph of more than 2,147,483,646 nodes"));
        }
        Ok(())
    }
}

/// Adds all problems that the facts show to `problems`, and counts what nodes have if that is asked for.
/// @param implied a node needs no record of its own; has_lists: nodes have lists of their edges
///
/// Errors: those of the temporary files.
pub fn walk(
    mut facts: Sorted<'_, FACT>,
    problems: &mut Problems,
    figures: Option<&mut Figures>,
    (implied, has_lists): (bool, bool),
) -> Outcome<()> {
    let mut walk = Walk {
        problems,
        figures,
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
    walk.end_node()
}

/// What is known of the node and of the edge that the walk is at.
struct Walk<'a> {
    problems: &'a mut Problems,
    figures: Option<&'a mut Figures>,
    implied: bool,
    /// Nodes have lists of their edges.
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

impl Walk<'_> {
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
                && let Some(figures) = &mut self.figures
            {
                figures.links.push(links::end(fact[ABOUT] != OUTGOING, &fact[NUMBER..], figures.nodes))?;
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
                problems::add(self.problems, missing, (Kind::Edge, &edge), Some((Kind::Node, &node)))?;
            }
        }
        if by_edge > 1 && starts {
            problems::add(self.problems, Problem::StoredTwice, (Kind::Edge, &edge), None)?;
        }
        let mut listed = |problem| problems::add(self.problems, problem, (list, &node), Some((Kind::Edge, &edge)));
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
                problems::add(self.problems, Problem::StoredTwice, (kind, &id), None)?;
            }
            if many > 0 && !is_node {
                problems::add(self.problems, Problem::ListWithoutNode, (kind, &id), None)?;
            }
        }
        match &mut self.figures {
            Some(figures) if is_node => figures.node(&id, label, outgoing, incoming),
            _ => Ok(()),
        }
    }

    fn is_node(&self) -> bool {
        self.implied || self.exists[usize::from(NODE_RECORD)] > 0
    }
}
