//! One pass over a family, in blocks of encoded entries.
//!
//! One iterator stays open for the whole pass. All state is behind one lock: a close waits for a fill that runs, and an
//! iterator is never freed under it. The iterator is destroyed before the database that it reads.
//!
//! Contract: a fill either returns whole entries or a fault; after a fault the scan is over. The iterator's status is
//! looked at each time it stands on no entry, so an end is only reported when RocksDB says that it is one.

use std::ffi::c_char;
use std::ptr;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};

use crate::encode::{header_size, write_bin, MAX_BIN};
use crate::error::{take_message, Fault, Outcome};
use crate::ffi;
use crate::store::Store;

const READAHEAD: usize = 4 << 20;
/// RocksDB's DBWithTTL was released then (seconds since 1970): it takes a smaller timestamp for damage, too.
const FIRST_TTL_TIMESTAMP: u32 = 1_368_146_402;
const TIMESTAMP: usize = 4;

/// Which entries a scan yields. Bounds are in the family's own order.
#[derive(Debug, Default, Clone)]
pub struct Range {
    /// First key, inclusive.
    pub from: Option<Vec<u8>>,
    /// End key, exclusive.
    pub to: Option<Vec<u8>>,
    /// Only keys that start with these bytes.
    pub prefix: Option<Vec<u8>>,
}

/// What one fill put into its buffer. Offsets are within the buffer.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Filled {
    pub bytes: usize,
    pub entries: usize,
    pub key_bytes: usize,
    pub value_bytes: usize,
    pub first_key: (usize, usize),
    pub last_key: (usize, usize),
    /// Nothing follows.
    pub done: bool,
    /// Not 0 when the next entry alone is bigger than the buffer: how many bytes it needs.
    pub needed: usize,
}

/// A pass over one family.
pub struct Scan {
    state: Mutex<State>,
}

enum State {
    Open(Cursor),
    Over,
}

impl Scan {
    /// Prepares a pass; nothing is read yet.
    pub fn new(store: Arc<Store>, family: usize, range: Range) -> Outcome<Self> {
        let plan = store
            .plans
            .get(family)
            .ok_or_else(|| Fault::new("INTERNAL", format!("there is no family number {family}")))?;
        let (reverse, strip) = (plan.reverse, plan.strip_timestamps);
        let cursor = Cursor { iterator: None, store, family, reverse, strip, range };
        Ok(Self { state: Mutex::new(State::Open(cursor)) })
    }

    /// Writes the next entries into `out`: as many as fit, at most `limit`.
    pub fn fill(&self, out: &mut [u8], limit: usize) -> Outcome<Filled> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let State::Open(cursor) = &mut *state else {
            return Err(Fault::new("INTERNAL", "the scan is over or was closed"));
        };
        let result = cursor.fill(out, limit);
        if result.as_ref().map_or(true, |filled| filled.done) {
            *state = State::Over;
        }
        result
    }

    /// Ends the pass, after the fill that may be running. A second call does nothing.
    pub fn close(&self) {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = State::Over;
    }
}

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

struct Cursor {
    // First, so that it is dropped before the store, and before the bound in `range` that its options point to.
    iterator: Option<Iterator>,
    store: Arc<Store>,
    family: usize,
    reverse: bool,
    strip: bool,
    range: Range,
}

enum Step {
    Take,
    Skip,
    End,
}

impl Cursor {
    fn fill(&mut self, out: &mut [u8], limit: usize) -> Outcome<Filled> {
        let raw = match &self.iterator {
            Some(iterator) => iterator.raw,
            None => self.start()?,
        };
        let mut filled = Filled::default();
        let mut entry = ffi::kgd_entry { key: ptr::null(), key_length: 0, value: ptr::null(), value_length: 0 };
        // SAFETY: the iterator lives as long as `self`, and only this thread uses it.
        let mut kind = unsafe { ffi::kgd_current(raw, &raw mut entry) };
        while kind != ffi::KGD_INVALID {
            // SAFETY: the views are valid until the iterator moves; that is after their last use here.
            let (key, value) = unsafe { (view(entry.key, entry.key_length), view(entry.value, entry.value_length)) };
            match self.step(key) {
                Step::End => {
                    self.check_operands()?;
                    filled.done = true;
                    return Ok(filled);
                }
                Step::Skip => {}
                Step::Take => {
                    if kind == ffi::KGD_WIDE {
                        return Err(self.wide(key));
                    }
                    let value = if self.strip { self.without_timestamp(key, value)? } else { value };
                    if filled.entries == limit {
                        break;
                    }
                    if !put(out, &mut filled, key, value)? {
                        break;
                    }
                }
            }
            // SAFETY: as above; the iterator stands on an entry.
            kind = unsafe { ffi::kgd_next(raw, &raw mut entry) };
        }
        if kind == ffi::KGD_INVALID {
            self.check_status(raw)?;
            filled.done = true;
        }
        self.check_operands()?;
        Ok(filled)
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
        // `self.range`, which is not changed any more and dropped after them.
        let raw = unsafe {
            let options = ffi::rocksdb_readoptions_create();
            ffi::rocksdb_readoptions_set_fill_cache(options, 0);
            ffi::rocksdb_readoptions_set_verify_checksums(options, 1);
            ffi::rocksdb_readoptions_set_total_order_seek(options, 1);
            ffi::rocksdb_readoptions_set_readahead_size(options, READAHEAD);
            if let Some(to) = &self.range.to {
                ffi::rocksdb_readoptions_set_iterate_upper_bound(options, to.as_ptr().cast::<c_char>(), to.len());
            }
            let raw = ffi::rocksdb_create_iterator_cf(database.as_ptr(), options, family);
            self.iterator = Some(Iterator { raw, options });
            raw
        };
        if !empty {
            // SAFETY: the key lives through the call.
            match &start {
                Some(key) => unsafe { ffi::rocksdb_iter_seek(raw, key.as_ptr().cast::<c_char>(), key.len()) },
                None => unsafe { ffi::rocksdb_iter_seek_to_first(raw) },
            }
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
            let path = store.database.path();
            return Err(Fault::new(
                "STORE_MOVING",
                format!("files of {} were removed while it was read: {message}", path.display()),
            )
            .at(path)
            .hint("try again when its program writes less, or export a copy or a checkpoint of it"));
        }
        Err(Fault::rocksdb(&message, store.database.path()))
    }

    fn check_operands(&self) -> Outcome<()> {
        if self.store.operand_met.load(Ordering::SeqCst) {
            return Err(self.store.operand_fault(self.family));
        }
        Ok(())
    }

    fn wide(&self, key: &[u8]) -> Fault {
        let path = self.store.database.path();
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
        if let Some((value, timestamp)) = value.split_last_chunk::<TIMESTAMP>() {
            if u32::from_le_bytes(*timestamp) >= FIRST_TTL_TIMESTAMP {
                return Ok(value);
            }
        }
        let path = self.store.database.path();
        Err(Fault::new(
            "STORE_DAMAGED",
            format!("the value of \"{}\" in {} ends in no timestamp", shown(key), path.display()),
        )
        .at(path)
        .hint("say `--ttl keep` to export the values as they are"))
    }
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

/// Puts one entry behind those that are in `out`; `false` when it does not fit.
fn put(out: &mut [u8], filled: &mut Filled, key: &[u8], value: &[u8]) -> Outcome<bool> {
    if key.len() > MAX_BIN || value.len() > MAX_BIN {
        return Err(Fault::new(
            "STORE_UNSUPPORTED",
            format!("the entry \"{}\" has {} bytes, more than a dump can hold", shown(key), key.len().max(value.len())),
        ));
    }
    let needed = header_size(key.len()) + key.len() + header_size(value.len()) + value.len();
    let room = &mut out[filled.bytes..];
    if needed > room.len() {
        if filled.entries == 0 {
            filled.needed = needed;
        }
        return Ok(false);
    }
    let key_end = write_bin(room, key);
    write_bin(&mut room[key_end..], value);
    filled.last_key = (filled.bytes + key_end - key.len(), filled.bytes + key_end);
    if filled.entries == 0 {
        filled.first_key = filled.last_key;
    }
    filled.bytes += needed;
    filled.entries += 1;
    filled.key_bytes += key.len();
    filled.value_bytes += value.len();
    Ok(true)
}

/// The smallest key that is greater than all keys with this prefix, if there is one.
fn after_prefix(prefix: &[u8]) -> Option<Vec<u8>> {
    let last = prefix.iter().rposition(|&byte| byte != 0xff)?;
    let mut after = prefix[..=last].to_vec();
    after[last] += 1;
    Some(after)
}

/// The start of a key, for a message.
fn shown(key: &[u8]) -> String {
    let start = key.get(..64).unwrap_or(key).escape_ascii();
    if key.len() > 64 {
        format!("{start}…")
    } else {
        start.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_fill_a_buffer_and_never_half() {
        let mut out = [0; 16];
        let mut filled = Filled::default();
        assert_eq!(put(&mut out, &mut filled, b"a", b"bc"), Ok(true));
        assert_eq!(put(&mut out, &mut filled, b"d", b""), Ok(true));
        assert_eq!(put(&mut out, &mut filled, b"e", b""), Ok(false));
        assert_eq!(&out[..filled.bytes], b"\xc4\x01a\xc4\x02bc\xc4\x01d\xc4\x00");
        assert_eq!((filled.entries, filled.key_bytes, filled.value_bytes, filled.needed), (2, 2, 2, 0));
        assert_eq!((filled.first_key, filled.last_key), ((2, 3), (9, 10)));
        let mut none = Filled::default();
        assert_eq!(put(&mut out, &mut none, b"", &[0; 256]), Ok(false));
        assert_eq!(none.needed, 2 + 3 + 256);
    }

    #[test]
    fn keys_after_a_prefix() {
        assert_eq!(after_prefix(b"a"), Some(b"b".to_vec()));
        assert_eq!(after_prefix(b"a\xff\xff"), Some(b"b".to_vec()));
        assert_eq!(after_prefix(b"\xff"), None);
        assert_eq!(after_prefix(b""), None);
    }
}
