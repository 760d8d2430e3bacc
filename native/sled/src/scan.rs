//! A scan: one iterator that stays open, read block by block.
//!
//! Sled has no snapshots: entries that are written during a scan may or may not be seen by it.

use std::ops::Bound;
use std::sync::{Arc, Mutex, PoisonError};

use sled::IVec;

use crate::entries::{encoded_len, push_bin};
use crate::failure::{Code, Doing, Failure, Outcome};
use crate::store::{Store, existing_tree};

/// What one fill did; offsets are those of the block.
#[derive(Clone, Copy, Debug, Default)]
pub struct Filled {
    pub entries: usize,
    pub key_bytes: usize,
    pub value_bytes: usize,
    pub first_key: (usize, usize),
    pub last_key: (usize, usize),
    /// There is nothing more.
    pub done: bool,
    /// 0, or the encoded length of the next entry, which the capacity does not hold; then nothing was read.
    pub needed: usize,
}

/// Which entries a scan reads, and where it is.
pub struct ScanState {
    tree: Vec<u8>,
    range: KeyRange,
    stage: Stage,
    /// The block that is filled, kept for the next one.
    block: Vec<u8>,
}

/// Keys from `lower`, inclusive, to `upper`, exclusive, downwards when `reverse`.
#[derive(Clone, Debug, Default)]
pub struct KeyRange {
    pub lower: Option<Vec<u8>>,
    pub upper: Option<Vec<u8>>,
    pub reverse: bool,
}

enum Stage {
    NotBegun,
    /// The iterator, and an entry of it that did not fit.
    Reading(Box<sled::Iter>, Option<(IVec, IVec)>),
    AtEnd,
    /// The store was closed.
    Closed,
}

impl std::fmt::Debug for ScanState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ScanState")
    }
}

impl ScanState {
    /// A scan of a part of a tree. It is registered with the store, which ends it.
    pub fn begin(store: &Store, tree: Vec<u8>, range: KeyRange) -> Arc<Mutex<ScanState>> {
        let scan = ScanState { tree, range, stage: Stage::NotBegun, block: Vec::new() };
        let scan = Arc::new(Mutex::new(scan));
        store.register(Arc::downgrade(&scan));
        scan
    }

    /// Lets go of the iterator; the scan cannot be read any more.
    pub fn end(&mut self) {
        self.stage = Stage::Closed;
        self.block = Vec::new();
    }
}

/// Reads the next block: entries are added while the block is empty or stays within `target` bytes, `max_entries` at most.
/// An entry that alone exceeds `capacity` is not read; its length is returned. The block comes back with what was read of it.
///
/// # Errors
/// KEYSPACE_UNKNOWN; STORE_DAMAGED, IO_FAILED when an entry cannot be read; STORE_FAILED when the store is closed.
pub fn fill(
    store: &Store,
    scan: &Mutex<ScanState>,
    capacity: usize,
    target: usize,
    max_entries: usize,
) -> Outcome<(Vec<u8>, Filled)> {
    store.with(|db| {
        let mut scan = scan.lock().unwrap_or_else(PoisonError::into_inner);
        if let Stage::NotBegun = scan.stage {
            scan.stage = Stage::Reading(Box::new(iterate(db, &scan)?), None);
        }
        let mut block = std::mem::take(&mut scan.block);
        block.clear();
        // An iterator that has failed is never asked again: it might go on behind what it could not read.
        let (mut iterator, mut waiting) = match std::mem::replace(&mut scan.stage, Stage::Closed) {
            Stage::Reading(iterator, waiting) => (iterator, waiting),
            Stage::AtEnd => {
                scan.stage = Stage::AtEnd;
                return Ok((block, Filled { done: true, ..Filled::default() }));
            }
            Stage::NotBegun | Stage::Closed => return Err(Failure::new(Code::StoreFailed, "the scan is closed")),
        };
        let mut filled = Filled::default();
        while filled.entries < max_entries {
            let next = match waiting.take() {
                Some(entry) => Some(entry),
                None => {
                    let next = if scan.range.reverse { iterator.next_back() } else { iterator.next() };
                    next.transpose().map_err(|e| Failure::sled(&e, Doing::Reading, "reading the next entry"))?
                }
            };
            let Some((key, value)) = next else {
                filled.done = true;
                break;
            };
            let length = block.len() + encoded_len(&key, &value);
            if length > target.min(capacity) && (filled.entries > 0 || length > capacity) {
                if filled.entries == 0 {
                    filled.needed = length;
                }
                waiting = Some((key, value));
                break;
            }
            add(&mut block, &mut filled, &key, &value)?;
        }
        scan.stage = if filled.done { Stage::AtEnd } else { Stage::Reading(iterator, waiting) };
        Ok((block, filled))
    })
}

/// Gives a block's memory back to be filled again.
pub fn give_back(scan: &Mutex<ScanState>, block: Vec<u8>) {
    // A big entry's memory is not kept.
    const KEPT: usize = 16 << 20;
    let mut scan = scan.lock().unwrap_or_else(PoisonError::into_inner);
    if block.capacity() <= KEPT && !matches!(scan.stage, Stage::Closed | Stage::AtEnd) {
        scan.block = block;
    }
}

fn add(block: &mut Vec<u8>, filled: &mut Filled, key: &[u8], value: &[u8]) -> Outcome<()> {
    push_bin(block, key)?;
    let span = (block.len() - key.len(), block.len());
    push_bin(block, value)?;
    if filled.entries == 0 {
        filled.first_key = span;
    }
    filled.last_key = span;
    filled.entries += 1;
    filled.key_bytes += key.len();
    filled.value_bytes += value.len();
    Ok(())
}

fn iterate(db: &sled::Db, scan: &ScanState) -> Outcome<sled::Iter> {
    let tree = existing_tree(db, &scan.tree)?;
    let lower = scan.range.lower.clone().map_or(Bound::Unbounded, Bound::Included);
    let upper = scan.range.upper.clone().map_or(Bound::Unbounded, Bound::Excluded);
    Ok(tree.range::<Vec<u8>, _>((lower, upper)))
}
