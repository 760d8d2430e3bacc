//! Prints of a tree: the entries are cut into small groups, and of each group its last key and the SHA-256 of its encoded
//! entries are kept, so that another state of the same keys can be compared without reading the tree again.
//!
//! Where a group ends depends on its last entry alone, so that groups of two states fall into step again behind a difference. The rule
//! is keyed by chance anew for each tree: nobody can choose keys so that no group ever ends. Pure: no store is touched here.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;

use sha2::{Digest, Sha256};

use crate::entries::{self, Entry};
use crate::failure::{Code, Failure, Outcome, printable};

/// Entries of a group, on average; a leaf of sled's, too, has about as many.
const GROUP: u64 = 16;
/// An entry from this size on always ends its group, so that a group stays small.
const BIG_ENTRY: usize = 32 << 10;
/// Bytes of last keys that are kept for one tree at most.
pub const MOST_KEY_BYTES: usize = 256 << 20;

/// SHA-256 of a group's encoded entries.
pub type Print = [u8; 32];

/// Says where groups end.
#[derive(Clone, Debug, Default)]
pub struct Rule(RandomState);

impl Rule {
    /// Whether the group ends behind this entry of `block`, which takes `size` bytes of it.
    pub fn ends(&self, key: &[u8], size: usize) -> bool {
        size >= BIG_ENTRY || self.0.hash_one(key).is_multiple_of(GROUP)
    }
}

/// Cuts a run of encoded entries, which comes in blocks, into groups.
pub struct Cutter {
    rule: Rule,
    descending: bool,
    hash: Sha256,
    last_key: Option<Vec<u8>>,
    pub entries: u64,
}

/// A group that has ended.
pub struct Cut {
    /// Where it ends in the block.
    pub end: usize,
    pub last_key: std::ops::Range<usize>,
    pub print: Print,
}

impl Cutter {
    pub fn new(rule: Rule, descending: bool) -> Cutter {
        Cutter { rule, descending, hash: Sha256::new(), last_key: None, entries: 0 }
    }

    /// Takes the next block and calls `each` for each group that ends in it.
    ///
    /// # Errors
    /// DUMP_ENTRIES_MALFORMED, also for an entry without a value; DUMP_ORDER_BROKEN; what `each` returns.
    pub fn feed(&mut self, block: &[u8], mut each: impl FnMut(Cut) -> Outcome<()>) -> Outcome<()> {
        let (mut at, mut start) = (0, 0);
        let mut before: Option<std::ops::Range<usize>> = None;
        while at < block.len() {
            let (Entry { key, value }, end) = entries::entry(block, at)?;
            if value.is_none() {
                return Err(Failure::new(Code::DumpEntriesMalformed, "an entry of a store has no value"));
            }
            let last = before.as_ref().map(|key| &block[key.clone()]).or(self.last_key.as_deref());
            if last.is_some_and(|last| !self.follows(last, &block[key.clone()])) {
                let message = format!("the key {} is not in its place", printable(&block[key]));
                return Err(Failure::new(Code::DumpOrderBroken, message));
            }
            self.entries += 1;
            if self.rule.ends(&block[key.clone()], end - at) {
                self.hash.update(&block[start..end]);
                start = end;
                each(Cut { end, last_key: key.clone(), print: self.hash.finalize_reset().into() })?;
            }
            before = Some(key);
            at = end;
        }
        self.hash.update(&block[start..]);
        if let Some(key) = before {
            self.last_key = Some(block[key].to_vec());
        }
        Ok(())
    }

    /// The print of what is behind the last group.
    pub fn rest(&mut self) -> Print {
        self.hash.finalize_reset().into()
    }

    fn follows(&self, before: &[u8], key: &[u8]) -> bool {
        if self.descending { key < before } else { key > before }
    }
}

/// The prints of a tree, in its order.
#[derive(Debug, Default)]
pub struct Prints {
    keys: Vec<u8>,
    /// Where each key ends in `keys`.
    ends: Vec<usize>,
    prints: Vec<Print>,
    /// Of what is behind the last group.
    pub rest: Print,
}

impl Prints {
    /// Adds a group.
    ///
    /// # Errors
    /// STORE_UNSUPPORTED when the keys are so long that they would fill the memory.
    pub fn push(&mut self, last_key: &[u8], print: Print) -> Outcome<()> {
        if self.keys.len() + last_key.len() > MOST_KEY_BYTES {
            let message = "its keys are too long to remember how the store was while its service goes on";
            return Err(Failure::new(Code::StoreUnsupported, message));
        }
        self.keys.extend_from_slice(last_key);
        self.ends.push(self.keys.len());
        self.prints.push(print);
        Ok(())
    }

    /// How many groups there are.
    pub fn len(&self) -> usize {
        self.prints.len()
    }

    /// Whether there is no group.
    pub fn is_empty(&self) -> bool {
        self.prints.is_empty()
    }

    /// Last key and print of a group; None behind the last.
    pub fn group(&self, number: usize) -> Option<(&[u8], &Print)> {
        let end = *self.ends.get(number)?;
        let start = number.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        Some((self.keys.get(start..end)?, self.prints.get(number)?))
    }
}
