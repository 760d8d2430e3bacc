//! Prints of a tree: its entries in groups, and of each group its first key, how many entries it has, and the SHA-256 of them as encoded, so
//! that another state of the same keys can be compared without reading the tree again.
//!
//! Groups are those of the tree's own entries. An entry of another state belongs to the last group whose first key does not come
//! after it, or to the first group. Pure: no store is touched here.

use std::ops::Range;

use sha2::{Digest, Sha256};

use crate::entries::{self, Entry};
use crate::fault::{Code, Outcome, SledFault, printable};

/// Entries of a group at most: as many as a leaf that the loader makes has, so that a group is mostly read as one page.
const GROUP: u32 = 16;
/// A group ends behind an entry with which it has so many bytes.
const GROUP_BYTES: usize = 64 << 10;
/// Bytes of first keys that are kept for one tree at most.
pub const MOST_KEY_BYTES: usize = 256 << 20;

/// SHA-256 of a group's encoded entries.
pub type Print = [u8; 32];

/// Walks through encoded entries of a store, block after block, and sees to it that they are in order.
#[derive(Debug)]
pub struct Walk {
    descending: bool,
    last_key: Option<Vec<u8>>,
    pub entries: u64,
}

impl Walk {
    pub fn new(descending: bool) -> Walk {
        Walk { descending, last_key: None, entries: 0 }
    }

    /// Whether `b` comes after `a` in the walk's order.
    pub fn follows(&self, a: &[u8], b: &[u8]) -> bool {
        if self.descending { b < a } else { b > a }
    }

    /// Calls `each` with the place of each key, and of each whole entry.
    ///
    /// # Errors
    /// DUMP_ENTRIES_MALFORMED, also for an entry without a value; DUMP_ORDER_BROKEN; what `each` returns.
    pub fn feed(
        &mut self,
        block: &[u8],
        mut each: impl FnMut(&Walk, &[u8], Range<usize>) -> Outcome<()>,
    ) -> Outcome<()> {
        let mut at = 0;
        let mut before: Option<Range<usize>> = None;
        while at < block.len() {
            let (Entry { key, value }, end) = entries::entry(block, at)?;
            if value.is_none() {
                return Err(SledFault::new(Code::DumpEntriesMalformed, "an entry of a store has no value"));
            }
            let last = before.as_ref().map(|key| &block[key.clone()]).or(self.last_key.as_deref());
            if last.is_some_and(|last| !self.follows(last, &block[key.clone()])) {
                let message = format!("the key {} is not in its place", printable(&block[key]));
                return Err(SledFault::new(Code::DumpOrderBroken, message));
            }
            each(self, &block[key.clone()], at..end)?;
            self.entries += 1;
            before = Some(key);
            at = end;
        }
        if let Some(key) = before {
            self.last_key = Some(block[key].to_vec());
        }
        Ok(())
    }
}

/// The prints of a tree, in its order.
#[derive(Debug, Default)]
pub struct Prints {
    keys: Vec<u8>,
    /// Where each first key ends in `keys`.
    ends: Vec<usize>,
    counts: Vec<u32>,
    prints: Vec<Print>,
    /// Of the group that is not complete.
    hash: Sha256,
    bytes: usize,
}

impl Prints {
    /// Adds the entries of the next block of the tree.
    ///
    /// # Errors
    /// As `Walk::feed`; STORE_UNSUPPORTED when the keys are so long that they would fill the memory.
    pub fn learn(&mut self, walk: &mut Walk, block: &[u8]) -> Outcome<()> {
        let mut start = 0;
        walk.feed(block, |_, key, entry| {
            if self.bytes == 0 {
                if self.keys.len() + key.len() > MOST_KEY_BYTES {
                    let message = "its keys are too long to remember how the store was while its service goes on";
                    return Err(SledFault::new(Code::StoreUnsupported, message));
                }
                self.keys.extend_from_slice(key);
                self.ends.push(self.keys.len());
                self.counts.push(0);
            }
            self.bytes += entry.len();
            if let Some(count) = self.counts.last_mut() {
                *count += 1;
                if *count == GROUP || self.bytes >= GROUP_BYTES {
                    self.hash.update(&block[start..entry.end]);
                    start = entry.end;
                    self.finish();
                }
            }
            Ok(())
        })?;
        self.hash.update(&block[start..]);
        Ok(())
    }

    /// Ends the last group.
    pub fn finish(&mut self) {
        if self.bytes > 0 {
            self.prints.push(self.hash.finalize_reset().into());
            self.bytes = 0;
        }
    }

    /// The first key of a group.
    pub fn first_key(&self, group: usize) -> Option<&[u8]> {
        let end = *self.ends.get(group)?;
        let start = group.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        self.keys.get(start..end)
    }

    /// Says what a group holds from now on; the first one may be new.
    pub fn set(&mut self, group: usize, count: u32, print: Print) {
        if group == self.len() {
            self.ends.push(self.keys.len());
            self.counts.push(count);
            self.prints.push(print);
        } else if let (Some(own_count), Some(own_print)) = (self.counts.get_mut(group), self.prints.get_mut(group)) {
            (*own_count, *own_print) = (count, print);
        }
    }

    /// The group that a key belongs to. `follows(a, b)` is whether `b` comes after `a`.
    pub fn group_of(&self, key: &[u8], follows: impl Fn(&[u8], &[u8]) -> bool) -> usize {
        let (mut before, mut behind) = (0, self.len());
        while before < behind {
            let middle = before + (behind - before) / 2;
            if self.first_key(middle).is_some_and(|first| follows(key, first)) {
                behind = middle;
            } else {
                before = middle + 1;
            }
        }
        before.saturating_sub(1)
    }

    /// Number of entries and print of a group.
    pub fn group(&self, group: usize) -> Option<(u32, &Print)> {
        Some((*self.counts.get(group)?, self.prints.get(group)?))
    }

    /// How many groups there are.
    pub fn len(&self) -> usize {
        self.prints.len()
    }

    /// Whether there is no group.
    pub fn is_empty(&self) -> bool {
        self.prints.is_empty()
    }
}
