//! Which nodes are connected: both ends of each edge are brought together by its number, and then the nodes by union-find.
//!
//! Contract: memory is 4 bytes for each node and what two sorts take.

use kgdump_shared::fault::Outcome;

use super::powers::Powers;
use super::sorter::{HELD_BYTES, Room, Sorter};

/// 6 number of the edge's record, 1 whether it ends here, 4 number of the node, 4 of the label.
const END: usize = 15;
/// 4 number of the node where it starts, 4 of the one where it ends, 4 of the label.
const PAIR: usize = 12;

/// One end of an edge, as it sorts. @param numbers number of its record, then of its label
pub fn end(ends: bool, numbers: &[u8], node: u32) -> [u8; END] {
    let mut end = [0; END];
    end[..6].copy_from_slice(&numbers[..6]);
    end[6] = u8::from(ends);
    end[7..11].copy_from_slice(&node.to_be_bytes());
    end[11..].copy_from_slice(&numbers[6..10]);
    end
}

pub type Links = Sorter<END>;

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

/// Errors: those of the temporary files.
pub fn connect(links: &mut Links, nodes: u32, room: &Room) -> Outcome<Connected> {
    let mut connected = Connected::default();
    // The parent of a node; of a root, how many nodes it has, as a negative number.
    let mut parents = vec![-1_i32; nodes as usize];
    let mut pairs = Sorter::<PAIR>::new(room, HELD_BYTES);
    let mut sorted = links.sorted()?;
    let mut start: Option<[u8; END]> = None;
    while let Some(end) = sorted.next()? {
        if end[6] == 0 {
            start = Some(end);
            continue;
        }
        let Some(from) = start.take().filter(|start| start[..6] == end[..6]) else { continue };
        connected.whole += 1;
        connected.loops += u64::from(from[7..11] == end[7..11]);
        let mut pair = [0; PAIR];
        pair[..4].copy_from_slice(&from[7..11]);
        pair[4..].copy_from_slice(&end[7..]);
        pairs.push(pair)?;
        unite(&mut parents, number(&from[7..11]), number(&end[7..11]));
    }
    links.clear();
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

fn number(bytes: &[u8]) -> usize {
    bytes.iter().fold(0, |number, &byte| number << 8 | usize::from(byte))
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
