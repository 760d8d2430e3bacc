//! What each entry of a graph says about one node, as a record of fixed size. Sorted, all that is said of a node comes together, and what an
//! edge says stands beside what the node's list says of it.
//!
//! As bytes: 16 id of the node, 1 what it is about (below), 16 id of the edge, 6 number of the edge's record or `LISTED`, 4 number of the
//! label. About existence, the first byte of the edge's id says what exists.

use kgdump_shared::fault::Outcome;

use super::id::Id;
use super::merge::Sorted;
use super::sorter::{self, Room, Sorter};

pub const FACT: usize = 43;
pub const ABOUT: usize = 16;
pub const EDGE: usize = 17;
pub const NUMBER: usize = 33;
pub const LABEL: usize = 39;
/// What a fact is about: what exists of the node, or an edge that starts, or ends, at it.
pub const EXISTENCE: u8 = 0;
pub const INCOMING: u8 = 1;
pub const OUTGOING: u8 = 2;
/// In the place of the number of an edge's record: the node's list says it.
pub const LISTED: [u8; 6] = [0xff; 6];
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
    existing: Sorter<FACT>,
    linked: Sorter<FACT>,
    listed: Sorter<FACT>,
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
        let mut fact = [0; FACT];
        fact[..ABOUT].copy_from_slice(node);
        fact[EDGE] = what;
        fact[LABEL..].copy_from_slice(&label.to_be_bytes());
        self.existing.push(fact)
    }

    pub fn link(&mut self, node: &Id, about: u8, edge: &Id, number: u64, label: u32) -> Outcome<()> {
        let mut fact = [0; FACT];
        fact[..ABOUT].copy_from_slice(node);
        fact[ABOUT] = about;
        fact[EDGE..NUMBER].copy_from_slice(edge);
        fact[NUMBER..LABEL].copy_from_slice(&number.to_be_bytes()[2..]);
        fact[LABEL..].copy_from_slice(&label.to_be_bytes());
        self.linked.push(fact)
    }

    pub fn listed(&mut self, node: &Id, about: u8, edge: &Id) -> Outcome<()> {
        let mut fact = [0; FACT];
        fact[..ABOUT].copy_from_slice(node);
        fact[ABOUT] = about;
        fact[EDGE..NUMBER].copy_from_slice(edge);
        fact[NUMBER..LABEL].copy_from_slice(&LISTED);
        self.listed.push(fact)
    }

    /// All of them in byte order, in one part or two; all of a node are in one.
    ///
    /// Errors: those of the temporary files.
    pub fn parts(&mut self, room: &Room) -> Outcome<Vec<Sorted<'_, FACT>>> {
        sorter::parts(room, [&mut self.existing, &mut self.linked, &mut self.listed], |mut fact| {
            fact[ABOUT..].fill(0);
            fact
        })
    }

    /// Gives memory and disk back.
    pub fn clear(&mut self) {
        self.existing.clear();
        self.linked.clear();
        self.listed.clear();
    }
}
