//! One pass over a family, in blocks of encoded entries.
//!
//! One iterator stays open for the whole pass. All state is behind one lock: a close waits for a fill that runs, and an
//! iterator is never freed under it. The iterator is destroyed before the database that it reads.
//!
//! Contract: a fill either returns whole entries or a fault; after a fault the scan is over. The iterator's status is
//! looked at each time it stands on no entry, so an end is only reported when RocksDB says that it is one.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use crate::cursor::Cursor;
use crate::encode::{header_size, write_bin, MAX_BIN};
use crate::error::{Fault, Outcome};
use crate::read::account::Account;
use crate::read::diagnose::diagnose;
use crate::read::names::Names;
use crate::store::Store;

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

impl Range {
    /// Whether it is all keys.
    pub fn is_whole(&self) -> bool {
        self.from.is_none() && self.to.is_none() && self.prefix.is_none()
    }
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
    names: Names,
}

enum State {
    /// With the entries that were shown so far.
    Open(Cursor, u64),
    /// The pass has shown all; its account may be asked for.
    Ended(Account),
    Over,
}

impl Scan {
    /// Prepares a pass; nothing is read yet.
    pub fn new(store: Arc<Store>, family: usize, range: Range) -> Outcome<Self> {
        let (reverse, strip) = way_of(&store, family)?;
        let names = store.names.clone();
        let cursor = Cursor::new(store, family, reverse, strip, range);
        Ok(Self { state: Mutex::new(State::Open(cursor, 0)), names })
    }

    /// The same over several ranges, which are in order and do not overlap; one at least.
    pub fn over(store: Arc<Store>, family: usize, mut ranges: VecDeque<Range>) -> Outcome<Self> {
        let (reverse, strip) = way_of(&store, family)?;
        let first = ranges.pop_front().ok_or_else(|| Fault::new("INTERNAL", "there is no range to read"))?;
        let names = store.names.clone();
        let cursor = Cursor::over(store, family, reverse, strip, first, ranges);
        Ok(Self { state: Mutex::new(State::Open(cursor, 0)), names })
    }

    /// A pass over a whole family that others have made, in parts which together showed `shown` entries: only its account is left.
    pub fn ended(store: Arc<Store>, family: usize, shown: u64) -> Outcome<Self> {
        way_of(&store, family)?;
        let names = store.names.clone();
        let account = Account::new(store, family, Range::default(), shown);
        Ok(Self { state: Mutex::new(State::Ended(account)), names })
    }

    /// Writes the next entries into `out`: as many as fit, at most `limit`.
    pub fn fill(&self, out: &mut [u8], limit: usize) -> Outcome<Filled> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let State::Open(cursor, shown) = &mut *state else {
            return Err(Fault::new("INTERNAL", "the scan is over or was closed"));
        };
        let result = self.names.outcome(cursor.fill(out, limit)).map_err(|fault| diagnose(cursor.path(), fault));
        match &result {
            Ok(filled) if !filled.done => *shown += filled.entries as u64,
            Ok(filled) => {
                let shown = *shown + filled.entries as u64;
                *state = cursor.account(shown).map_or(State::Over, State::Ended);
            }
            Err(_) => *state = State::Over,
        }
        result
    }

    /// Does a step of the account of a pass that has ended by itself; whether it was the last one.
    ///
    /// Errors: those of `Account::step`.
    pub fn account(&self, paranoid: bool) -> Outcome<bool> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let State::Ended(account) = &mut *state else { return Ok(true) };
        let result = self.names.outcome(account.step(paranoid)).map_err(|fault| diagnose(account.path(), fault));
        if result != Ok(false) {
            *state = State::Over;
        }
        result
    }

    /// Ends the pass, after the fill that may be running. A second call does nothing.
    pub fn close(&self) {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = State::Over;
    }
}

/// Whether a family is in reverse order, and whether timestamps are left out.
fn way_of(store: &Store, family: usize) -> Outcome<(bool, bool)> {
    let plan = store.plans.get(family);
    let plan = plan.ok_or_else(|| Fault::new("INTERNAL", format!("there is no family number {family}")))?;
    Ok((plan.reverse, plan.strip_timestamps))
}

/// Puts one entry behind those that are in `out`; `false` when it does not fit.
pub fn put(out: &mut [u8], filled: &mut Filled, key: &[u8], value: &[u8]) -> Outcome<bool> {
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

/// The start of a key, for a message.
pub fn shown(key: &[u8]) -> String {
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
}
