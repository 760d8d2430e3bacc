//! Following a store whose tree was copied: the tree is read once, its prints are kept, and later the entries of the original, read
//! again from beginning to end, are compared with them. Only groups that differ are read from the tree a second time.
//!
//! Contract: entries come in the tree's order (or in its reverse), all of them. What comes out are the changes that make the tree equal
//! to them: entries to put, and keys to remove with nil for a value, in the same order. Nothing is written here; changes may be
//! applied while later entries are compared, since the groups do not overlap.

use std::collections::VecDeque;
use std::ops::Range;

use sha2::{Digest, Sha256};
use sled::IVec;

use crate::entries::{self, header_len, push_bin};
use crate::failure::{Code, Doing, Failure, Outcome, printable};
use crate::prints::{Print, Prints, Walk};
use crate::store::{Store, existing_tree};

/// Bytes of changes that are handed out together, unless one alone is bigger.
const CHUNK: usize = 1 << 20;
/// Entries of one group of the tree's that are kept until the next group begins.
const MOST_PENDING: usize = 4 << 20;
const NIL: u8 = 0xc0;

/// A run of changes, encoded; places are within `data`.
#[derive(Debug, Default)]
pub struct Chunk {
    pub data: Vec<u8>,
    pub entries: usize,
    pub key_bytes: usize,
    pub value_bytes: usize,
    pub first_key: Range<usize>,
    pub last_key: Range<usize>,
}

/// What following a block found.
#[derive(Debug, Default)]
pub struct Changes {
    pub chunks: Vec<Chunk>,
    /// Keys that only the original has, that both have with different values, that only the tree has.
    pub added: u64,
    pub changed: u64,
    pub removed: u64,
}

/// Compares one tree with what its original holds.
pub struct Follower {
    tree: Vec<u8>,
    descending: bool,
    walk: Walk,
    prints: Prints,
    /// Over all that was learned.
    hash: Sha256,
    learned: u64,
    /// The tree's group that the original is in.
    group: usize,
    /// Of the original's entries of the group.
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
            walk: Walk::new(descending),
            prints: Prints::default(),
            hash: Sha256::new(),
            learned: 0,
            group: 0,
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
        self.learned = self.walk.entries;
        self.walk = Walk::new(self.descending);
        (self.learned, self.hash.finalize_reset().into())
    }

    /// Takes the next entries of the original.
    ///
    /// # Errors
    /// DUMP_ENTRIES_MALFORMED, DUMP_ORDER_BROKEN, and what reading the tree fails with.
    pub fn follow(&mut self, store: &Store, block: &[u8]) -> Outcome<Changes> {
        let mut reader = Reader { store, tree: None };
        let mut out = Builder::default();
        let mut start = 0;
        // Taken out while it walks.
        let mut walk = std::mem::replace(&mut self.walk, Walk::new(self.descending));
        walk.feed(block, |walk, key, entry| {
            while self.prints.first_key(self.group + 1).is_some_and(|next| !walk.follows(key, next)) {
                self.finish_group(&mut reader, &block[start..entry.start], &mut out)?;
                start = entry.start;
            }
            Ok(())
        })?;
        self.walk = walk;
        let rest = &block[start..];
        self.group_hash.update(rest);
        self.pending.extend_from_slice(rest);
        // So much is no group of the tree's any more: it is compared now, lest it fill the memory.
        if self.pending.len() > MOST_PENDING {
            self.compare_pending(&mut reader, &mut out)?;
        }
        Ok(out.done())
    }

    /// Ends following, when all entries of the original were taken: the last changes.
    ///
    /// # Errors
    /// What reading the tree fails with.
    pub fn end(&mut self, store: &Store) -> Outcome<Changes> {
        let mut reader = Reader { store, tree: None };
        let mut out = Builder::default();
        self.finish_group(&mut reader, &[], &mut out)?;
        while self.group < self.prints.len() {
            self.finish_group(&mut reader, &[], &mut out)?;
        }
        Ok(out.done())
    }

    /// Ends the current group, whose last entries are `tail`.
    fn finish_group(&mut self, reader: &mut Reader<'_>, tail: &[u8], out: &mut Builder) -> Outcome<()> {
        self.group_hash.update(tail);
        let print: Print = self.group_hash.finalize_reset().into();
        let same = self.old.is_none() && self.prints.group(self.group).is_some_and(|(_, own)| *own == print);
        if !same {
            self.pending.extend_from_slice(tail);
            self.compare_pending(reader, out)?;
            for (gone, _) in self.old.take().unwrap_or_default() {
                out.remove(&gone)?;
            }
        }
        self.pending.clear();
        self.group += 1;
        Ok(())
    }

    /// Compares the original's entries of the group so far with the tree's; those of the tree that come after them are left.
    fn compare_pending(&mut self, reader: &mut Reader<'_>, out: &mut Builder) -> Outcome<()> {
        let mut old = match self.old.take() {
            Some(old) => old,
            None => reader.group(self)?,
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
            match before {
                None => out.put(&block[at..end], key.len(), value.len(), &mut |changes| changes.added += 1),
                Some((_, same)) if same == value => {}
                Some(_) => out.put(&block[at..end], key.len(), value.len(), &mut |changes| changes.changed += 1),
            }
            at = end;
        }
        self.old = Some(old);
        Ok(())
    }
}

/// Reads groups of a tree, which is opened when the first is wanted.
struct Reader<'a> {
    store: &'a Store,
    tree: Option<sled::Tree>,
}

impl Reader<'_> {
    /// The tree's entries of the follower's group: as many as it had when it was learned.
    fn group(&mut self, follower: &Follower) -> Outcome<VecDeque<(IVec, IVec)>> {
        let Follower { prints, group, descending, tree: name, .. } = follower;
        let (Some(first), Some((count, _))) = (prints.first_key(*group), prints.group(*group)) else {
            return Ok(VecDeque::new());
        };
        let tree = &mut self.tree;
        self.store.with(|db| {
            let tree = match tree {
                Some(tree) => tree,
                None => tree.insert(existing_tree(db, name)?),
            };
            let mut old = VecDeque::with_capacity(count as usize);
            let mut iterator = if *descending { tree.range(..=first) } else { tree.range(first..) };
            while old.len() < count as usize {
                let next = if *descending { iterator.next_back() } else { iterator.next() };
                match next.transpose().map_err(|e| Failure::sled(&e, Doing::Reading, "reading the next entry"))? {
                    Some(entry) => old.push_back(entry),
                    None => {
                        let message = format!("an entry behind {} is gone that was read before", printable(first));
                        return Err(Failure::new(Code::StoreDamaged, message));
                    }
                }
            }
            Ok(old)
        })
    }
}

/// Puts changes together.
#[derive(Default)]
struct Builder {
    changes: Changes,
    chunk: Chunk,
}

impl Builder {
    fn put(&mut self, bytes: &[u8], key: usize, value: usize, count: &mut dyn FnMut(&mut Changes)) {
        self.make_room(bytes.len());
        let start = self.chunk.data.len() + header_len(key);
        self.chunk.data.extend_from_slice(bytes);
        self.added(start..start + key, value);
        count(&mut self.changes);
    }

    fn remove(&mut self, key: &[u8]) -> Outcome<()> {
        self.make_room(header_len(key.len()) + key.len() + 1);
        push_bin(&mut self.chunk.data, key)?;
        let end = self.chunk.data.len();
        self.chunk.data.push(NIL);
        self.added(end - key.len()..end, 0);
        self.changes.removed += 1;
        Ok(())
    }

    fn make_room(&mut self, bytes: usize) {
        if self.chunk.entries > 0 && self.chunk.data.len() + bytes > CHUNK {
            self.changes.chunks.push(std::mem::take(&mut self.chunk));
        }
    }

    fn added(&mut self, key: Range<usize>, value: usize) {
        if self.chunk.entries == 0 {
            self.chunk.first_key = key.clone();
        }
        self.chunk.entries += 1;
        self.chunk.key_bytes += key.len();
        self.chunk.value_bytes += value;
        self.chunk.last_key = key;
    }

    fn done(mut self) -> Changes {
        if self.chunk.entries > 0 {
            self.changes.chunks.push(self.chunk);
        }
        self.changes
    }
}
