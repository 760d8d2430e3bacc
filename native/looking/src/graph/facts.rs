//! What each entry of a graph says about one node, as a record of fixed size for each kind. Sorted, all that is said of a node comes together,
//! and what an edge says stands beside what the node's list says of it.
//!
//! As bytes: 16 id of the node; then what exists, in 1 byte, and 4 number of its label; or 1 what it is about (below), 16 id of the edge, and
//! where the edge's record says it, 6 number of that and 4 number of its label.

use kgdump_shared::fault::Outcome;

use super::id::Id;
use super::merge::Sorted;
use super::sorter::{Room, Sorter};

/// Id of the node, what exists, number of the label.
pub const EXISTING_FACT: usize = 21;
/// What an edge's record says.
pub const LINKED_FACT: usize = 43;
/// What a list says.
pub const LISTED_FACT: usize = NUMBER;
pub const ABOUT: usize = 16;
pub const EDGE: usize = 17;
const NUMBER: usize = 33;
const LABEL: usize = 39;
/// What a fact of an edge is about: that it ends, or starts, at the node.
pub const INCOMING: u8 = 1;
pub const OUTGOING: u8 = 2;
/// What exists: the node's own record, its lists, and lists that can't be read.
pub const NODE_RECORD: u8 = 0;
pub const INCOMING_LIST: u8 = 1;
pub const OUTGOING_LIST: u8 = 2;
pub const BAD_INCOMING: u8 = 3;
pub const BAD_OUTGOING: u8 = 4;
pub const EXISTING: usize = 5;

/// Bytes that are held of each kind of facts: those of edges come in any order, so that of them all has to be sorted.
const EXISTING_BYTES: usize = 8 << 20;
const LINKED_BYTES: usize = 40 << 20;
const LISTED_BYTES: usize = 16 << 20;

/// Facts by where they come from: but for those of edges they come in the order of keys, which is mostly that of their bytes.
pub struct Facts {
    existing: Sorter<EXISTING_FACT>,
    linked: Sorter<LINKED_FACT>,
    listed: Sorter<LISTED_FACT>,
}

impl Facts {
    pub fn new(room: &Room) -> Self {
        Self {
            existing: Sorter::new(room, EXISTING_BYTES),
            linked: Sorter::new(room, LINKED_BYTES),
            listed: Sorter::new(room, LISTED_BYTES),
        }
    }

    pub fn exists(&mut self, node: &Id, what: u8, label: u32) -> Outcome<()> {
        let mut fact = [0; EXISTING_FACT];
        fact[..ABOUT].copy_from_slice(node);
        fact[ABOUT] = what;
        fact[ABOUT + 1..].copy_from_slice(&label.to_be_bytes());
        self.existing.push(fact)
    }

    pub fn link(&mut self, node: &Id, about: u8, edge: &Id, number: u64, label: u32) -> Outcome<()> {
        let mut fact = [0; LINKED_FACT];
        fact[..ABOUT].copy_from_slice(node);
        fact[ABOUT] = about;
        fact[EDGE..NUMBER].copy_from_slice(edge);
        fact[NUMBER..LABEL].copy_from_slice(&number.to_be_bytes()[2..]);
        fact[LABEL..].copy_from_slice(&label.to_be_bytes());
        self.linked.push(fact)
    }

    pub fn listed(&mut self, node: &Id, about: u8, edge: &Id) -> Outcome<()> {
        let mut fact = [0; LISTED_FACT];
        fact[..ABOUT].copy_from_slice(node);
        fact[ABOUT] = about;
        fact[EDGE..].copy_from_slice(edge);
        self.listed.push(fact)
    }

    /// All of them in byte order, in one part or two; all of a node are in one.
    ///
    /// Errors: those of the temporary files.
    pub fn parts(&mut self, room: &Room) -> Outcome<Vec<Told<'_>>> {
        let Self { existing, linked, listed } = self;
        if !room.has_halves(existing.len() + linked.len() + listed.len()) {
            return Ok(vec![Told { existing: existing.sorted()?, linked: linked.sorted()?, listed: listed.sorted()? }]);
        }
        let middles = [middle(existing)?, middle(linked)?, middle(listed)?];
        let node = middles.into_iter().max_by_key(|(length, _)| *length).map_or(Id::default(), |(_, node)| node);
        let halves = existing.halves(&node)?.into_iter().zip(linked.halves(&node)?).zip(listed.halves(&node)?);
        Ok(halves.map(|((existing, linked), listed)| Told { existing, linked, listed }).collect())
    }

    /// Gives memory and disk back.
    pub fn clear(&mut self) {
        self.existing.clear();
        self.linked.clear();
        self.listed.clear();
    }
}

/// The length of the longest run of facts, and the node in its middle.
fn middle<const N: usize>(sorter: &mut Sorter<N>) -> Outcome<(u64, Id)> {
    let (length, fact) = sorter.middle()?;
    let mut node = Id::default();
    if let Some(fact) = fact {
        node.copy_from_slice(&fact[..ABOUT]);
    }
    Ok((length, node))
}

/// Facts of each kind in byte order.
pub struct Told<'a> {
    pub existing: Sorted<'a, EXISTING_FACT>,
    pub linked: Sorted<'a, LINKED_FACT>,
    pub listed: Sorted<'a, LISTED_FACT>,
}

impl Told<'_> {
    /// The next node that something is said of.
    #[inline]
    pub fn node(&self) -> Option<u128> {
        let [existing, linked, listed] =
            [self.existing.peek().map(node_of), self.linked.peek().map(node_of), self.listed.peek().map(node_of)];
        [existing, linked, listed].into_iter().flatten().min()
    }
}

/// The node of a fact, such that numbers are in the order of ids.
#[inline]
pub fn node_of<const N: usize>(fact: &[u8; N]) -> u128 {
    number(&fact[..ABOUT])
}

/// What a fact says of an edge is about, and the edge.
#[inline]
pub fn end_of<const N: usize>(fact: &[u8; N]) -> (u8, u128) {
    (fact[ABOUT], number(&fact[EDGE..NUMBER]))
}

#[inline]
fn number(id: &[u8]) -> u128 {
    id.first_chunk().map_or(0, |id| u128::from_be_bytes(*id))
}

/// The number of an edge's record, and that of its label.
#[inline]
pub fn numbers_of(fact: &[u8; LINKED_FACT]) -> (u64, u32) {
    let all = |bytes: &[u8]| bytes.iter().fold(0, |number, &byte| number << 8 | u64::from(byte));
    (all(&fact[NUMBER..LABEL]), label_of(&fact[LABEL..]))
}

/// The number of a label, as it stands at the end of a fact.
pub fn label_of(bytes: &[u8]) -> u32 {
    bytes.first_chunk().map_or(0, |label| u32::from_be_bytes(*label))
}
