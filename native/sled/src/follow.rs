//! Following a store whose tree was copied: the tree is read once, its prints are kept, and later the entries of the original, read
//! again from beginning to end, are compared with them. Only groups that differ are read from the tree a second time.
//!
//! Contract: entries come in the tree's order (or in its reverse), all of them. What comes out are the changes that make the tree equal
//! to them: entries to put, and keys to remove with nil for a value, in the same order. Nothing is written here; changes may be
//! applied while later entries are compared, since the groups do not overlap.

use std::ops::{Bound, Range};

use sha2::{Digest, Sha256};
use sled::IVec;

use crate::entries::{self, header_len, push_bin};
use crate::failure::{Doing, Failure, Outcome};
use crate::prints::{Cutter, Prints, Rule};
use crate::store::{Store, existing_tree};

/// Bytes of changes that are handed out together, unless one alone is bigger.
const CHUNK: usize = 1 << 20;
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
    rule: Rule,
    cutter: Cutter,
    prints: Prints,
    /// Over all that was learned.
    hash: Sha256,
    learned: u64,
    /// The next of the tree's groups.
    next: usize,
    /// Whether the original's current group began elsewhere than the tree's next one.
    out_of_step: bool,
    /// Entries of the current group from blocks before this one.
    pending: Vec<u8>,
    /// Last key of the group before the current one.
    after: Option<Vec<u8>>,
}

impl std::fmt::Debug for Follower {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Follower")
    }
}

impl Follower {
    /// Follows a tree; one that is not there, or is empty, is one of which nothing is learned.
    pub fn new(tree: Vec<u8>, descending: bool) -> Follower {
        let rule = Rule::default();
        Follower {
            tree,
            descending,
            cutter: Cutter::new(rule.clone(), descending),
            rule,
            prints: Prints::default(),
            hash: Sha256::new(),
            learned: 0,
            next: 0,
            out_of_step: false,
            pending: Vec::new(),
            after: None,
        }
    }

    /// Takes the next entries of the tree, as they were read from it.
    ///
    /// # Errors
    /// STORE_UNSUPPORTED for keys too long to be remembered; DUMP_ENTRIES_MALFORMED, DUMP_ORDER_BROKEN.
    pub fn learn(&mut self, block: &[u8]) -> Outcome<()> {
        self.hash.update(block);
        let prints = &mut self.prints;
        self.cutter.feed(block, |cut| prints.push(&block[cut.last_key], cut.print))
    }

    /// Ends learning: how many entries the tree has, and the SHA-256 of them all.
    pub fn learned(&mut self) -> (u64, [u8; 32]) {
        self.prints.rest = self.cutter.rest();
        self.learned = self.cutter.entries;
        self.cutter = Cutter::new(self.rule.clone(), self.descending);
        (self.learned, self.hash.finalize_reset().into())
    }

    /// Takes the next entries of the original.
    ///
    /// # Errors
    /// DUMP_ENTRIES_MALFORMED, DUMP_ORDER_BROKEN, and what reading the tree fails with.
    pub fn follow(&mut self, store: &Store, block: &[u8]) -> Outcome<Changes> {
        let mut out = Builder::default();
        let mut start = 0;
        // Taken out while groups are compared.
        let mut cutter = std::mem::replace(&mut self.cutter, Cutter::new(self.rule.clone(), self.descending));
        let fed = cutter.feed(block, |cut| {
            let key = &block[cut.last_key];
            if self.differs(key, &cut.print) {
                let entries = self.group(&block[start..cut.end]);
                self.compare(store, &entries, Some(key), &mut out)?;
            }
            self.pending.clear();
            self.after = Some(key.to_vec());
            start = cut.end;
            Ok(())
        });
        self.cutter = cutter;
        fed?;
        self.pending.extend_from_slice(&block[start..]);
        Ok(out.done())
    }

    /// Ends following, when all entries of the original were taken: the last changes, and how many entries they lead to.
    ///
    /// # Errors
    /// What reading the tree fails with.
    pub fn end(&mut self, store: &Store) -> Outcome<Changes> {
        let mut out = Builder::default();
        let missed = self.next < self.prints.len();
        if missed || self.out_of_step || self.cutter.rest() != self.prints.rest {
            let entries = std::mem::take(&mut self.pending);
            self.compare(store, &entries, None, &mut out)?;
        }
        Ok(out.done())
    }

    /// Entries that the tree had, and that the original has.
    pub fn counts(&self) -> (u64, u64) {
        (self.learned, self.cutter.entries)
    }

    /// Whether the original's group that ends with `key` is another than the tree's, or begins elsewhere.
    fn differs(&mut self, key: &[u8], print: &[u8; 32]) -> bool {
        let mut differs = self.out_of_step;
        loop {
            let order = match self.prints.group(self.next) {
                None => std::cmp::Ordering::Greater,
                Some((last, _)) if self.descending => key.cmp(last),
                Some((last, _)) => last.cmp(key),
            };
            match order {
                // The tree's group ends earlier: its last key is gone.
                std::cmp::Ordering::Less => {
                    self.next += 1;
                    differs = true;
                }
                std::cmp::Ordering::Equal => {
                    let same = self.prints.group(self.next).is_some_and(|(_, own)| own == print);
                    self.next += 1;
                    self.out_of_step = false;
                    return differs || !same;
                }
                std::cmp::Ordering::Greater => {
                    self.out_of_step = true;
                    return true;
                }
            }
        }
    }

    fn group(&mut self, tail: &[u8]) -> Vec<u8> {
        let mut entries = std::mem::take(&mut self.pending);
        entries.extend_from_slice(tail);
        entries
    }

    /// Compares the original's entries behind `self.after`, up to `last` (to the end when None), with the tree's.
    fn compare(&self, store: &Store, block: &[u8], last: Option<&[u8]>, out: &mut Builder) -> Outcome<()> {
        store.with(|db| {
            let mut old = Old::new(db, self, last)?;
            let mut before = old.next()?;
            let mut at = 0;
            while at < block.len() {
                let (entry, end) = entries::entry(block, at)?;
                let (key, bytes) = (&block[entry.key.clone()], &block[at..end]);
                while let Some((gone, _)) = before.take_if(|(old, _)| self.comes_before(old, key)) {
                    out.remove(&gone)?;
                    before = old.next()?;
                }
                let value = entry.value.map_or(&[][..], |value| &block[value]);
                match before.take_if(|(old, _)| old == key) {
                    None => out.put(bytes, key.len(), value.len(), &mut |changes| changes.added += 1),
                    Some((_, same)) if same == value => before = old.next()?,
                    Some(_) => {
                        out.put(bytes, key.len(), value.len(), &mut |changes| changes.changed += 1);
                        before = old.next()?;
                    }
                }
                at = end;
            }
            while let Some((gone, _)) = before {
                out.remove(&gone)?;
                before = old.next()?;
            }
            Ok(())
        })
    }

    fn comes_before(&self, a: &[u8], b: &[u8]) -> bool {
        if self.descending { a > b } else { a < b }
    }
}

/// The tree's entries of a range, in the order of the follower.
struct Old {
    iterator: Option<sled::Iter>,
    descending: bool,
}

impl Old {
    fn new(db: &sled::Db, follower: &Follower, last: Option<&[u8]>) -> Outcome<Old> {
        let Follower { tree, descending, after, .. } = follower;
        if !db.tree_names().iter().any(|name| name == tree) {
            return Ok(Old { iterator: None, descending: *descending });
        }
        let tree = existing_tree(db, tree)?;
        let after = after.clone().map_or(Bound::Unbounded, Bound::Excluded);
        let last = last.map_or(Bound::Unbounded, |key| Bound::Included(key.to_vec()));
        let range = if *descending { (last, after) } else { (after, last) };
        Ok(Old { iterator: Some(tree.range::<Vec<u8>, _>(range)), descending: *descending })
    }

    fn next(&mut self) -> Outcome<Option<(IVec, IVec)>> {
        let Some(iterator) = &mut self.iterator else { return Ok(None) };
        let next = if self.descending { iterator.next_back() } else { iterator.next() };
        next.transpose().map_err(|e| Failure::sled(&e, Doing::Reading, "reading the next entry"))
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

