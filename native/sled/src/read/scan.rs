//! A scan: a walk over the leaves of a tree, read block by block.
//!
//! Sled has no snapshots: entries that are written during a scan may or may not be seen by it.

use std::sync::{Arc, Mutex, PoisonError};

use kgdump_shared::bin::entry_len;
use kgdump_shared::fill::Filled;

use crate::entries::push_bin_of;
use crate::fault::{Code, Outcome, SledFault};
use crate::read::pass::{KeyRange, Pass};
use crate::read::sled_walk::Walk;
use crate::store::{Dependent, Store, existing_tree};

/// Which entries a scan reads, and where it is.
pub struct ScanState {
    tree: Vec<u8>,
    range: KeyRange,
    stage: Stage,
    /// The block that is filled, kept for the next one.
    block: Vec<u8>,
}

enum Stage {
    NotBegun,
    Reading(Box<Walk>),
    AtEnd,
    /// The store was closed, or reading it has failed: what is behind that is not to be asked for.
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
        let dependent = Arc::downgrade(&scan);
        store.register(dependent);
        scan
    }

    /// Lets go of the leaf that is read; the scan cannot be read any more.
    pub fn end(&mut self) {
        self.stage = Stage::Closed;
        self.block = Vec::new();
    }
}

impl Dependent for Mutex<ScanState> {
    fn end(&self) -> Outcome<()> {
        self.lock().unwrap_or_else(PoisonError::into_inner).end();
        Ok(())
    }
}

/// Reads the next block: entries are added while the block is empty or stays within `target` bytes, `max_entries` at most.
/// An entry that alone exceeds `capacity` is not read; its length is returned. The block comes back with what was read of it.
///
/// # Errors
/// KEYSPACE_UNKNOWN; STORE_DAMAGED, IO_FAILED when an entry cannot be read; STORE_FAILED when the store is closed, or after any of these.
pub fn fill(
    store: &Store,
    scan: &Mutex<ScanState>,
    capacity: usize,
    target: usize,
    max_entries: usize,
) -> Outcome<(Vec<u8>, Filled)> {
    store.with(|db| {
        let mut scan = scan.lock().unwrap_or_else(PoisonError::into_inner);
        let mut block = std::mem::take(&mut scan.block);
        block.clear();
        let mut walk = match std::mem::replace(&mut scan.stage, Stage::Closed) {
            Stage::NotBegun => Box::new(Walk::begin(&existing_tree(db, &scan.tree)?, &scan.range)?),
            Stage::Reading(walk) => walk,
            Stage::AtEnd => {
                scan.stage = Stage::AtEnd;
                return Ok((block, Filled { done: true, ..Filled::default() }));
            }
            Stage::Closed => return Err(SledFault::new(Code::StoreFailed, "the scan is closed")),
        };
        let filled = fill_block(&mut block, &mut *walk, &scan.range, capacity, target, max_entries)?;
        scan.stage = if filled.done { Stage::AtEnd } else { Stage::Reading(walk) };
        Ok((block, filled))
    })
}

/// Adds the next entries of a walk to an empty block: while it is empty or stays within `target` bytes, `most` entries at most.
/// An entry that alone exceeds `capacity` is not read; its length is returned.
///
/// # Errors
/// Those of the walk; STORE_UNSUPPORTED for 4 GiB and more.
pub fn fill_block(
    block: &mut Vec<u8>,
    walk: &mut impl Pass,
    range: &KeyRange,
    capacity: usize,
    target: usize,
    most: usize,
) -> Outcome<Filled> {
    let mut filled = Filled::default();
    while filled.stats.entries < most {
        let Some((prefix, suffix, value)) = walk.entry(range)? else {
            filled.done = true;
            break;
        };
        let length = block.len() + entry_len(prefix.len() + suffix.len(), value.len());
        if length > target.min(capacity) && (filled.stats.entries > 0 || length > capacity) {
            if filled.stats.entries == 0 {
                filled.needed = length;
            }
            break;
        }
        add(block, &mut filled, prefix, suffix, value)?;
        walk.step(range);
    }
    Ok(filled)
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

fn add(block: &mut Vec<u8>, filled: &mut Filled, prefix: &[u8], suffix: &[u8], value: &[u8]) -> Outcome<()> {
    push_bin_of(block, [prefix, suffix])?;
    let key = (block.len() - prefix.len() - suffix.len(), block.len());
    push_bin_of(block, [value])?;
    filled.stats.add(key, value.len());
    filled.bytes = block.len();
    Ok(())
}
