//! Which nodes are connected: both ends of each edge are brought together by its number, and then the nodes by union-find.
//!
//! Contract: memory is 4 bytes for each node, what a sort takes, and as much as so many edges take that are looked at together: ends wait in
//! groups, by the numbers of their edges, so that each has its place when its group is looked at (distribution: Knuth, The Art of Computer
//! Programming, vol. 3, 5.2.5).

use std::ops::Range;

use kgdump_shared::fault::Outcome;

use super::powers::Powers;
use super::sorter::{HELD_BYTES, Room, Sorter};
use super::spill::Spill;
use super::threads::beside;

/// Edges that are looked at together.
const TOGETHER: usize = 1 << 19;
/// 4 place of the edge among those, twice, with 1 for the end where it starts; 4 number of the node in its part of the graph, 4 of the label.
const END: usize = 12;
/// 4 number of the node where it starts, 4 of the one where it ends, 4 of the label.
const PAIR: usize = 12;
/// Ends that are read from a file at once.
const READ: usize = 1 << 12;
/// No node, of which there are fewer.
const NONE: u32 = u32::MAX;

/// Ends of edges whose nodes are in one part of a graph.
pub struct Links {
    room: Room,
    most: usize,
    held: usize,
    groups: Vec<Group>,
    file: Option<Box<dyn Spill>>,
}

#[derive(Default)]
struct Group {
    ends: Vec<[u8; END]>,
    spilled: Vec<Range<u64>>,
}

/// An edge between two nodes.
#[derive(Clone, Copy)]
struct Edge {
    from: u32,
    to: u32,
    label: u32,
}

impl Links {
    /// @param held bytes that it may hold
    pub fn new(room: &Room, held: usize) -> Self {
        let most = room.run_records.unwrap_or(held / END).max(1);
        Self { room: room.clone(), most, held: 0, groups: Vec::new(), file: None }
    }

    /// Adds one end of an edge. @param numbers number of its record, and of its label
    ///
    /// Errors: those of the temporary file.
    #[inline]
    pub fn push(&mut self, starts: bool, (number, label): (u64, u32), node: u32) -> Outcome<()> {
        let together = together(&self.room) as u64;
        let group = (number / together) as usize;
        if group >= self.groups.len() {
            self.groups.resize_with(group + 1, Group::default);
        }
        let place = (number % together) as u32 * 2 + u32::from(starts);
        let mut end = [0; END];
        end[..4].copy_from_slice(&place.to_ne_bytes());
        end[4..8].copy_from_slice(&node.to_ne_bytes());
        end[8..].copy_from_slice(&label.to_ne_bytes());
        self.groups[group].ends.push(end);
        self.held += 1;
        if self.held < self.most { Ok(()) } else { self.flush() }
    }

    fn flush(&mut self) -> Outcome<()> {
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(self.room.space.open()?),
        };
        for Group { ends, spilled } in self.groups.iter_mut().filter(|group| !group.ends.is_empty()) {
            let start = file.length();
            file.append(ends.as_flattened())?;
            spilled.push(start..file.length());
            ends.clear();
        }
        self.held = 0;
        Ok(())
    }

    /// Puts all ends of a group where they belong. @param before nodes in the parts before this one
    fn place(&self, group: usize, before: u32, edges: &mut [Edge]) -> Outcome<()> {
        let Some(Group { ends, spilled }) = self.groups.get(group) else { return Ok(()) };
        let mut put = |ends: &[[u8; END]]| {
            for end in ends {
                let [place, node, label] = numbers(end);
                let edge = &mut edges[place as usize / 2];
                *if place % 2 == 1 { &mut edge.from } else { &mut edge.to } = node + before;
                edge.label = label;
            }
        };
        put(ends);
        let Some(file) = &self.file else { return Ok(()) };
        let mut read = Vec::new();
        for Range { mut start, end } in spilled.iter().cloned() {
            while start < end {
                let left = ((end - start) / END as u64) as usize;
                read.resize(left.min(READ), [0; END]);
                file.read(read.as_flattened_mut(), start)?;
                put(&read);
                start += (read.len() * END) as u64;
            }
        }
        Ok(())
    }
}

/// Edges that are looked at together: few where records that are sorted are few.
fn together(room: &Room) -> usize {
    room.run_records.map_or(TOGETHER, |records| records.clamp(1, TOGETHER))
}

fn numbers(end: &[u8; END]) -> [u32; 3] {
    let mut numbers = [0; 3];
    for (number, bytes) in numbers.iter_mut().zip(end.as_chunks().0) {
        *number = u32::from_ne_bytes(*bytes);
    }
    numbers
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

/// @param parts the ends in each part of the graph, and how many nodes are in those before it; edges: how many have numbers
///
/// Errors: those of the temporary files.
pub fn connect(parts: &[(Links, u32)], nodes: u32, edges: u64, room: &Room) -> Outcome<Connected> {
    let mut connected = Connected::default();
    // The parent of a node; of a root, how many nodes it has, as a negative number.
    let mut parents = vec![-1_i32; nodes as usize];
    let mut pairs = Sorter::<PAIR>::new(room, HELD_BYTES);
    let together = together(room);
    let groups = edges.div_ceil(together as u64) as usize;
    let mut group = Vec::new();
    for number in 0..groups {
        let left = edges - (number * together) as u64;
        group.clear();
        group.resize(together.min(usize::try_from(left).unwrap_or(together)), Edge { from: NONE, to: NONE, label: 0 });
        parts.iter().try_for_each(|(links, before)| links.place(number, *before, &mut group))?;
        group.retain(|edge| edge.from != NONE && edge.to != NONE);
        let ((), told) = beside(
            room.has_halves(group.len() as u64),
            || group.iter().for_each(|edge| unite(&mut parents, edge.from as usize, edge.to as usize)),
            || -> Outcome<()> {
                connected.whole += group.len() as u64;
                for edge in &group {
                    connected.loops += u64::from(edge.from == edge.to);
                    pairs.push(pair(edge))?;
                }
                if number + 1 == groups {
                    connected.parallel = repeated(&mut pairs)?;
                }
                Ok(())
            },
        );
        told?;
    }
    for &parent in &parents {
        if parent < 0 {
            let size = u64::from(parent.unsigned_abs());
            connected.components += 1;
            connected.largest = connected.largest.max(size);
            connected.sizes.add(size);
        }
    }
    Ok(connected)
}

fn pair(edge: &Edge) -> [u8; PAIR] {
    let mut pair = [0; PAIR];
    pair[..4].copy_from_slice(&edge.from.to_be_bytes());
    pair[4..8].copy_from_slice(&edge.to.to_be_bytes());
    pair[8..].copy_from_slice(&edge.label.to_be_bytes());
    pair
}

/// How many are the same as another one before them.
fn repeated(pairs: &mut Sorter<PAIR>) -> Outcome<u64> {
    let mut sorted = pairs.sorted()?;
    let (mut last, mut repeated) = (None, 0);
    while let Some(pair) = sorted.next()? {
        repeated += u64::from(last == Some(pair));
        last = Some(pair);
    }
    Ok(repeated)
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
