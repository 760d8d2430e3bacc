//! The iterator of a pass over a family: where it starts and ends, and what of an entry counts.
//!
//! Contract: used by one thread at a time. The iterator is destroyed before the bound and the database that it refers to.
//! Its status is looked at each time it stands on no entry.

use std::collections::VecDeque;
use std::ffi::c_char;
use std::path::Path;
use std::ptr;
use std::sync::atomic::Ordering;
use std::sync::Arc;

use crate::error::{take_message, Fault, Outcome, Reason as _};
use crate::ffi;
use crate::read::account::Account;
use crate::read::block::{put, shown, Filled, Range};
use crate::read::judge::NO_TIMESTAMP;
use crate::read::store::Store;

/// Of each table. More gains nothing from a disk either, and the first entry waits until as much was read of every table that overlaps.
const READAHEAD: usize = 512 << 10;
/// RocksDB's DBWithTTL was released then (seconds since 1970): it takes a smaller timestamp for damage, too, and larger ones for negative.
const FIRST_TTL_TIMESTAMP: u32 = 1_368_146_402;
const LAST_TTL_TIMESTAMP: u32 = i32::MAX as u32;
const TIMESTAMP: usize = 4;

/// An iterator and the read options that it refers to.
struct Iterator {
    raw: *mut ffi::rocksdb_iterator_t,
    options: *mut ffi::rocksdb_readoptions_t,
}

// SAFETY: an iterator may be used by any one thread at a time; the lock in Scan sees to that.
unsafe impl Send for Iterator {}

impl Drop for Iterator {
    fn drop(&mut self) {
        // SAFETY: both ours, destroyed once, the iterator first.
        unsafe {
            ffi::rocksdb_iter_destroy(self.raw);
            ffi::rocksdb_readoptions_destroy(self.options);
        }
    }
}

/// Where a pass over a family stands.
pub struct Cursor {
    // First, so that it is dropped before the store, and before the bound in `range` that its options point to.
    iterator: Option<Iterator>,
    store: Arc<Store>,
    family: usize,
    reverse: bool,
    strip: bool,
    range: Range,
    /// Ranges behind that one; with them each end is looked for, and RocksDB reads nothing ahead.
    more: Option<VecDeque<Range>>,
}

/// What to do with an entry.
enum Step {
    Take,
    Skip,
    End,
}

impl Cursor {
    /// A pass that has not begun. `reverse` tells the family's order; `strip` leaves timestamps out.
    pub fn new(store: Arc<Store>, family: usize, reverse: bool, strip: bool, range: Range) -> Self {
        Self { iterator: None, store, family, reverse, strip, range, more: None }
    }

    /// The same over several ranges, which are in order and do not overlap.
    pub fn over(
        store: Arc<Store>,
        family: usize,
        reverse: bool,
        strip: bool,
        first: Range,
        ranges: VecDeque<Range>,
    ) -> Self {
        Self { more: Some(ranges), ..Self::new(store, family, reverse, strip, first) }
    }

    /// Directory of the store.
    pub fn path(&self) -> &Path {
        &self.store.path
    }

    /// Writes the next entries into `out`: as many as fit, at most `limit`.
    pub fn fill(&mut self, out: &mut [u8], limit: usize) -> Outcome<Filled> {
        // SAFETY: concerns this thread only. Nobody looks at what RocksDB counts for it otherwise, at each step.
        unsafe { ffi::rocksdb_set_perf_level(ffi::PERF_NOTHING) };
        let raw = match &self.iterator {
            Some(iterator) => iterator.raw,
            None => self.start()?,
        };
        let mut filled = Filled::default();
        let mut entry = ffi::kgd_entry { key: ptr::null(), key_length: 0, value: ptr::null(), value_length: 0 };
        // SAFETY: the iterator lives as long as `self`, and only this thread uses it.
        let mut kind = unsafe { ffi::kgd_current(raw, &raw mut entry) };
        loop {
            if kind == ffi::KGD_INVALID {
                self.check_status(raw)?;
                if !self.next_range(raw) {
                    filled.done = true;
                    break;
                }
                // SAFETY: as above.
                kind = unsafe { ffi::kgd_current(raw, &raw mut entry) };
                continue;
            }
            // SAFETY: the views are valid until the iterator moves; that is after their last use here.
            let (key, value) = unsafe { (view(entry.key, entry.key_length), view(entry.value, entry.value_length)) };
            match self.step(key) {
                Step::End => {
                    if !self.next_range(raw) {
                        filled.done = true;
                        break;
                    }
                    // SAFETY: as above.
                    kind = unsafe { ffi::kgd_current(raw, &raw mut entry) };
                    continue;
                }
                Step::Skip => {}
                Step::Take => {
                    if filled.stats.entries == limit {
                        break;
                    }
                    if kind == ffi::KGD_WIDE {
                        return Err(self.wide(key));
                    }
                    let value = if self.strip { self.without_timestamp(key, value)? } else { value };
                    if !put(out, &mut filled, key, value)? {
                        break;
                    }
                }
            }
            // SAFETY: as above; the iterator stands on an entry.
            kind = unsafe { ffi::kgd_next(raw, &raw mut entry) };
        }
        self.check_operands()?;
        Ok(filled)
    }

    /// The account of the pass when it has shown `shown` entries; none of one over several ranges.
    pub fn account(&self, shown: u64) -> Option<Account> {
        let whole = self.more.is_none();
        whole.then(|| Account::new(Arc::clone(&self.store), self.family, self.range.clone(), shown))
    }

    /// Moves to the first entry of the next range or behind it; false when there is no further range.
    fn next_range(&mut self, raw: *mut ffi::rocksdb_iterator_t) -> bool {
        let Some(range) = self.more.as_mut().and_then(VecDeque::pop_front) else { return false };
        self.range = range;
        self.seek(raw);
        true
    }

    fn seek(&self, raw: *mut ffi::rocksdb_iterator_t) {
        match self.first_key() {
            // SAFETY: the iterator is ours, and the key lives through the call.
            Some(key) => unsafe { ffi::rocksdb_iter_seek(raw, key.as_ptr().cast::<c_char>(), key.len()) },
            // SAFETY: the iterator is ours.
            None => unsafe { ffi::rocksdb_iter_seek_to_first(raw) },
        }
    }

    /// Makes the iterator and moves it to the first entry.
    fn start(&mut self) -> Outcome<*mut ffi::rocksdb_iterator_t> {
        let database = &self.store.database;
        let family = database.family(self.family)?;
        let start = self.first_key();
        let empty = match (&self.range.to, &start) {
            (Some(to), Some(from)) => !self.before(from, to),
            // Nothing comes before the empty key, but everything does in reverse order.
            (Some(to), None) => to.is_empty() && !self.reverse,
            (None, _) => false,
        };
        // SAFETY: the options and the iterator are owned by `Iterator` from here on; the bound they point to is in
        // `self.range`, which is not changed any more (but with `more`, when they point to none) and dropped after them.
        let raw = unsafe {
            let options = ffi::rocksdb_readoptions_create();
            ffi::rocksdb_readoptions_set_fill_cache(options, 0);
            ffi::rocksdb_readoptions_set_verify_checksums(options, 1);
            ffi::rocksdb_readoptions_set_total_order_seek(options, 1);
            if self.more.is_none() {
                ffi::rocksdb_readoptions_set_readahead_size(options, READAHEAD);
                if let Some(to) = &self.range.to {
                    ffi::rocksdb_readoptions_set_iterate_upper_bound(options, to.as_ptr().cast::<c_char>(), to.len());
                }
            }
            let raw = ffi::rocksdb_create_iterator_cf(database.as_ptr(), options, family);
            self.iterator = Some(Iterator { raw, options });
            raw
        };
        if !empty {
            self.seek(raw);
        }
        Ok(raw)
    }

    /// Where to seek to: the later of `from` and the first key that may have the prefix; `None` is the very first key.
    fn first_key(&self) -> Option<Vec<u8>> {
        let prefix_start = match &self.range.prefix {
            Some(prefix) if self.reverse => after_prefix(prefix),
            other => other.clone(),
        };
        match (self.range.from.clone(), prefix_start) {
            (Some(from), Some(start)) => Some(if self.before(&from, &start) { start } else { from }),
            (from, start) => from.or(start),
        }
    }

    /// Whether `a` comes before `b` in the family's order.
    fn before(&self, a: &[u8], b: &[u8]) -> bool {
        if self.reverse {
            a > b
        } else {
            a < b
        }
    }

    fn step(&self, key: &[u8]) -> Step {
        if self.more.is_some() && self.range.to.as_ref().is_some_and(|to| !self.before(key, to)) {
            return Step::End;
        }
        match &self.range.prefix {
            None => Step::Take,
            Some(prefix) if key.starts_with(prefix) => Step::Take,
            Some(prefix) if self.before(key, prefix) => Step::Skip,
            Some(_) => Step::End,
        }
    }

    fn check_status(&self, raw: *const ffi::rocksdb_iterator_t) -> Outcome<()> {
        let mut error = ptr::null_mut();
        // SAFETY: the iterator is alive.
        unsafe { ffi::rocksdb_iter_get_error(raw, &raw mut error) };
        // SAFETY: set by the call above.
        let Some(message) = (unsafe { take_message(error) }) else { return Ok(()) };
        self.check_operands()?;
        let store = &self.store;
        if message.contains("No such file") && store.has_changed() {
            let path = &store.path;
            return Err(Fault::new(
                "STORE_MOVING",
                format!("files of {} were removed while it was read: {message}", path.display()),
            )
            .at(path)
            .hint("try again when its program writes less, or export a copy or a checkpoint of it"));
        }
        Err(Fault::rocksdb(&message, &store.path))
    }

    fn check_operands(&self) -> Outcome<()> {
        if self.store.operand_met.load(Ordering::SeqCst) {
            return Err(self.store.operand_fault(self.family));
        }
        Ok(())
    }

    fn wide(&self, key: &[u8]) -> Fault {
        let path = &self.store.path;
        Fault::new(
            "STORE_WIDE_COLUMNS",
            format!(
                "the entry \"{}\" of {} has wide columns, which a plain value can't hold",
                shown(key),
                path.display()
            ),
        )
        .at(path)
    }

    fn without_timestamp<'a>(&self, key: &[u8], value: &'a [u8]) -> Outcome<&'a [u8]> {
        if let Some(value) = before_time(value) {
            return Ok(value);
        }
        let path = &self.store.path;
        Err(Fault::new(
            "STORE_DAMAGED",
            format!("the value of \"{}\" in {} {NO_TIMESTAMP}", shown(key), path.display()),
        )
        .at(path)
        .hint("say `--ttl keep` to export the values as they are"))
    }
}

/// A value without the time that ends it; None where it ends with none.
fn before_time(value: &[u8]) -> Option<&[u8]> {
    let (value, timestamp) = value.split_last_chunk::<TIMESTAMP>()?;
    (FIRST_TTL_TIMESTAMP..=LAST_TTL_TIMESTAMP).contains(&u32::from_le_bytes(*timestamp)).then_some(value)
}

/// # Safety
/// `start` must point to `length` bytes that live and don't change as long as the result is used.
unsafe fn view<'a>(start: *const c_char, length: usize) -> &'a [u8] {
    if length == 0 {
        return &[];
    }
    // SAFETY: as the caller promises.
    unsafe { std::slice::from_raw_parts(start.cast::<u8>(), length) }
}

/// The smallest key that is greater than all keys with this prefix, if there is one.
fn after_prefix(prefix: &[u8]) -> Option<Vec<u8>> {
    let last = prefix.iter().rposition(|&byte| byte != 0xff)?;
    let mut after = prefix[..=last].to_vec();
    after[last] += 1;
    Some(after)
}

#[cfg(test)]
mod tests;
