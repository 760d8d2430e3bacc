//! Following a store whose tree was copied: the tree is read once, its prints are kept, and later the entries of the original, read
//! again from beginning to end, are compared with them. Only groups that differ are read from the tree a second time.
//!
//! When it is known which keys may have changed, only the groups are read of the original that they are in (`touch`), and nothing of the tree.
//!
//! Contract: entries come in the tree's order (or in its reverse), all of them, or all of what was touched. What comes out are the changes
//! that make the tree equal to them: entries to put, and keys to remove with nil for a value, in the same order. Nothing is written here;
//! changes may be applied while later entries are compared, since the groups do not overlap. `group_check` then tells whether the tree
//! is as it should be.

use std::collections::VecDeque;

use sha2::{Digest, Sha256};
use sled::IVec;

use crate::changes::blocks::{Builder, Changes};
use crate::changes::old_groups::Reader;
use crate::changes::prints::{Print, Prints, Walk};
use crate::changes::touch::{Touch, Touched, misplaced};
use crate::entries;
use crate::fault::Outcome;
use crate::store::Store;

/// Entries of one group of the tree's that are kept until the next group begins.
const MOST_PENDING: usize = 4 << 20;

/// How groups of the original are compared.
enum Mode {
    /// All of them; those that differ are read from the tree.
    Whole,
    /// Some of them; what is put and removed follows from the keys that may have changed.
    Touched(Touch),
    /// All of them, which must be as the tree was left.
    Confirming,
}

/// Compares one tree with what its original holds.
pub struct Follower {
    pub tree: Vec<u8>,
    pub descending: bool,
    pub prints: Prints,
    /// Groups that are not as they were learned any more, or that were touched; the prints are those of the original now.
    pub written: Vec<usize>,
    walk: Walk,
    /// Over all that was learned.
    hash: Sha256,
    mode: Mode,
    /// The tree's group that the original is in.
    group: usize,
    /// The original's entries of the group so far: how many, and their hash.
    in_group: u32,
    group_hash: Sha256,
    /// The original's entries of the group from blocks before this one.
    pending: Vec<u8>,
    /// The tree's entries of the group that were not compared yet, once they have been read.
    old: Option<VecDeque<(IVec, IVec)>>,
    /// For the caller's blocks.
    pub memory: Vec<u8>,
}

impl std::fmt::Debug for Follower {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Follower")
    }
}

impl Follower {
    /// Follows a tree; one that is not there, or is empty, is one of which nothing is learned.
    pub fn new(tree: Vec<u8>, descending: bool) -> Follower {
        Follower {
            tree,
            descending,
            prints: Prints::default(),
            written: Vec::new(),
            walk: Walk::new(descending),
            hash: Sha256::new(),
            mode: Mode::Whole,
            group: 0,
            in_group: 0,
            group_hash: Sha256::new(),
            pending: Vec::new(),
            old: None,
            memory: Vec::new(),
        }
    }

    /// Takes the next entries of the tree, as they were read from it.
    ///
    /// # Errors
    /// STORE_UNSUPPORTED for keys too long to be remembered; DUMP_ENTRIES_MALFORMED, DUMP_ORDER_BROKEN.
    pub fn learn(&mut self, block: &[u8]) -> Outcome<()> {
        self.hash.update(block);
        self.prints.learn(&mut self.walk, block)
    }

    /// Ends learning: how many entries the tree has, and the SHA-256 of them all.
    pub fn learned(&mut self) -> (u64, [u8; 32]) {
        self.prints.finish();
        let walk = std::mem::replace(&mut self.walk, Walk::new(self.descending));
        (walk.entries, self.hash.finalize_reset().into())
    }

    /// Narrows what is followed to the groups in which one of `keys` would be; there is one key at least, and all that changed are among them.
    ///
    /// # Errors
    /// DUMP_ENTRIES_MALFORMED for what are no bins, DUMP_ORDER_BROKEN for keys that are not in the tree's order.
    pub fn touch(&mut self, keys: Vec<u8>) -> Outcome<Touched> {
        let (mut touch, touched) = Touch::new(keys, &self.prints, &self.walk)?;
        self.group = touch.next_group().unwrap_or(self.prints.len());
        self.mode = Mode::Touched(touch);
        Ok(touched)
    }

    /// Begins once more, after all was followed, with the whole original: it must be as the tree was left. Groups in which it is not are
    /// counted, and nothing is told of them. The tree is not read for that, and may be closed.
    pub fn confirm(&mut self) {
        (self.group, self.mode) = (0, Mode::Confirming);
        self.walk = Walk::new(self.descending);
    }

    /// Takes the next entries of the original.
    ///
    /// # Errors
    /// DUMP_ENTRIES_MALFORMED, DUMP_ORDER_BROKEN, and what reading the tree fails with.
    pub fn follow(&mut self, store: &Store, block: &[u8]) -> Outcome<Changes> {
        let mut reader = Reader::new(store);
        let mut out = Builder::default();
        let mut start = 0;
        // Taken out while it walks.
        let mut walk = std::mem::replace(&mut self.walk, Walk::new(self.descending));
        walk.feed(block, |walk, key, entry| {
            while self.prints.first_key(self.group + 1).is_some_and(|next| !walk.follows(key, next)) {
                self.finish_group(&mut reader, &block[start..entry.start], &mut out)?;
                start = entry.start;
            }
            self.in_group += 1;
            let Mode::Touched(touch) = &mut self.mode else { return Ok(()) };
            if self.group > 0 && self.prints.first_key(self.group).is_none_or(|first| walk.follows(key, first)) {
                return Err(misplaced(key));
            }
            touch.meet(key, &block[entry], walk, &mut out)
        })?;
        self.walk = walk;
        let rest = &block[start..];
        self.group_hash.update(rest);
        if matches!(self.mode, Mode::Whole) {
            self.pending.extend_from_slice(rest);
            // So much is no group of the tree's any more: it is compared now, lest it fill the memory.
            if self.pending.len() > MOST_PENDING {
                self.compare_pending(&mut reader, &mut out)?;
            }
        }
        Ok(out.done())
    }

    /// Ends following, when all entries of the original were taken: the last changes.
    ///
    /// # Errors
    /// What reading the tree fails with.
    pub fn end(&mut self, store: &Store) -> Outcome<Changes> {
        let mut reader = Reader::new(store);
        let mut out = Builder::default();
        self.finish_group(&mut reader, &[], &mut out)?;
        while self.group < self.prints.len() {
            self.finish_group(&mut reader, &[], &mut out)?;
        }
        if let Mode::Touched(touch) = &mut self.mode {
            touch.remove_rest(&mut out)?;
        }
        Ok(out.done())
    }

    /// Ends the current group, whose last entries are `tail`.
    fn finish_group(&mut self, reader: &mut Reader<'_>, tail: &[u8], out: &mut Builder) -> Outcome<()> {
        self.group_hash.update(tail);
        let print: Print = self.group_hash.finalize_reset().into();
        let count = std::mem::take(&mut self.in_group);
        // A tree of no groups whose original is empty, too.
        let nothing = count == 0 && self.prints.is_empty();
        let same = nothing || self.old.is_none() && self.prints.group(self.group).is_some_and(|(_, own)| *own == print);
        if !same {
            out.differs();
        }
        if !same && matches!(self.mode, Mode::Whole) {
            self.pending.extend_from_slice(tail);
            self.compare_pending(reader, out)?;
            for (gone, _) in self.old.take().unwrap_or_default() {
                out.remove(&gone)?;
            }
        }
        self.pending.clear();
        let written = match &self.mode {
            Mode::Whole => !same,
            // Its keys are written again, too, when they have not changed.
            Mode::Touched(_) => !nothing,
            Mode::Confirming => false,
        };
        if written {
            self.prints.set(self.group, count, print);
            self.written.push(self.group);
        }
        self.group = match &mut self.mode {
            Mode::Touched(touch) => touch.next_group().unwrap_or(self.prints.len()),
            _ => self.group + 1,
        };
        Ok(())
    }

    /// Compares the original's entries of the group so far with the tree's; those of the tree that come after them are left.
    fn compare_pending(&mut self, reader: &mut Reader<'_>, out: &mut Builder) -> Outcome<()> {
        let mut old = match self.old.take() {
            Some(old) => old,
            None => reader.group(&self.tree, self.descending, &self.prints, self.group)?,
        };
        let block = std::mem::take(&mut self.pending);
        let mut at = 0;
        while at < block.len() {
            let (entry, end) = entries::entry(&block, at)?;
            let key = &block[entry.key];
            while old.front().is_some_and(|(before, _)| self.walk.follows(before, key)) {
                if let Some((gone, _)) = old.pop_front() {
                    out.remove(&gone)?;
                }
            }
            let value = entry.value.map_or(&[][..], |value| &block[value]);
            let before = if old.front().is_some_and(|(before, _)| before == key) { old.pop_front() } else { None };
            if before.is_none_or(|(_, before)| before != value) {
                out.put(&block[at..end], key.len(), value.len());
            }
            at = end;
        }
        self.old = Some(old);
        Ok(())
    }
}
