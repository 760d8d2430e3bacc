//! Which nodes are connected: both ends of each edge are brought together by its number, and then the nodes by union-find.
//!
//! Contract: memory is 4 bytes for each node and what two sorts take.

use kgdump_shared::fault::Outcome;

use super::powers::Powers;
use super::sorter::{HELD_BYTES, Room, Sorter, merged};

/// 6 number of the edge's record, 1 whether it ends here and in which part of the graph the node is, 4 number of the node in that, 4 of the label.
const END: usize = 15;
/// 4 number of the node where it starts, 4 of the one where it ends, 4 of the label.
const PAIR: usize = 12;

/// Ends of edges whose nodes are in one part of a graph.
pub struct Links {
    ends: Sorter<END>,
    part: u8,
}

impl Links {
    /// @param part its number, 0 or 1; held: bytes that it may hold
    pub fn new(room: &Room, part: u8, held: usize) -> Self {
        Self { ends: Sorter::new(room, held), part }
    }

    /// Adds one end of an edge. @param numbers number of its record, then of its label
    #[inline]
    pub fn push(&mut self, ends: bool, numbers: &[u8], node: u32) -> Outcome<()> {
        let mut end = [0; END];
        end[..6].copy_from_slice(&numbers[..6]);
        end[6] = u8::from(ends) << 1 | self.part;
        end[7..11].copy_from_slice(&node.to_be_bytes());
        end[11..].copy_from_slice(&numbers[6..10]);
        self.ends.push(end)
    }

    /// Does what can be done of its part alone.
    pub fn settle(&mut self) {
        self.ends.settle();
    }
}

/// What edges make of nodes.
#[derive(Debug, Default)]
pub struct Connected {
    /// Edges that have both of their nodes.
    pub whole: u64,
    /// Edges from a node to itself.
    pub loops: u64,
    /// Edges with the same nodes and the same label as another one before them.
    pub parallel: u64,
    pub components: u64,
    /// Nodes of the largest one.
    pub largest: u64,
    pub sizes: Powers,
}

/// @param parts the ends in each part of the graph, and how many nodes are in those before it
///
/// Errors: those of the temporary files.
pub fn connect(parts: &mut [(Links, u32)], nodes: u32, room: &Room) -> Outcome<Connected> {
    let mut connected = Connected::default();
    // The parent of a node; of a root, how many nodes it has, as a negative number.
    let mut parents = vec![-1_i32; nodes as usize];
    let mut pairs = Sorter::<PAIR>::new(room, HELD_BYTES);
    let before: Vec<u32> = parts.iter().map(|(_, before)| *before).collect();
    let node = |end: &[u8; END]| number(&end[7..11]) + before[usize::from(end[6] & 1)];
    let mut sorted = merged(parts.iter_mut().map(|(links, _)| &mut links.ends))?;
    let mut start: Option<[u8; END]> = None;
    while let Some(end) = sorted.next()? {
        if end[6] >> 1 == 0 {
            start = Some(end);
            continue;
        }
        let Some(from) = start.take().filter(|start| start[..6] == end[..6]) else { continue };
        let (from, to) = (node(&from), node(&end));
        connected.whole += 1;
        connected.loops += u64::from(from == to);
        let mut pair = [0; PAIR];
        pair[..4].copy_from_slice(&from.to_be_bytes());
        pair[4..8].copy_from_slice(&to.to_be_bytes());
        pair[8..].copy_from_slice(&end[11..]);
        pairs.push(pair)?;
        unite(&mut parents, from as usize, to as usize);
    }
    drop(sorted);
    parts.iter_mut().for_each(|(links, _)| links.ends.clear());
    for &parent in &parents {
        if parent < 0 {
            let size = u64::from(parent.unsigned_abs());
            connected.components += 1;
            connected.largest = connected.largest.max(size);
            connected.sizes.add(size);
        }
    }
    drop(parents);
    let mut sorted = pairs.sorted()?;
    let mut last = None;
    while let Some(pair) = sorted.next()? {
        connected.parallel += u64::from(last == Some(pair));
        last = Some(pair);
    }
    Ok(connected)
}

fn number(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0, |number, &byte| number << 8 | u32::from(byte))
}

/// The root of a node; on the way there each one is led to its parent's parent.
fn root(parents: &mut [i32], mut node: usize) -> usize {
    loop {
        let Ok(parent) = usize::try_from(parents[node]) else { return node };
        if let Ok(above) = usize::try_from(parents[parent]) {
            parents[node] = above as i32;
            node = above;
        } else {
            node = parent;
        }
    }
}

fn unite(parents: &mut [i32], a: usize, b: usize) {
    let (mut large, mut small) = (root(parents, a), root(parents, b));
    if large == small {
        return;
    }
    if parents[large] > parents[small] {
        std::mem::swap(&mut large, &mut small);
    }
    parents[large] += parents[small];
    parents[small] = large as i32;
}
