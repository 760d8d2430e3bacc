//! One pass over a family, in blocks of encoded entries.
//!
//! One iterator stays open for the whole pass. All state is behind one lock: a close waits for a fill that runs, and an
//! iterator is never freed under it. The iterator is destroyed before the database that it reads.
//!
//! Contract: a fill either returns whole entries or a fault; after a fault the scan is over. The iterator's status is
//! looked at each time it stands on no entry, so an end is only reported when RocksDB says that it is one.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use crate::error::{Fault, Outcome};
use crate::read::account::Account;
use crate::read::block::{Filled, Range};
use crate::read::cursor::Cursor;
use crate::read::diagnose::diagnose;
use crate::read::names::Names;
use crate::read::store::Store;

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
            Ok(filled) if !filled.done => *shown += filled.stats.entries as u64,
            Ok(filled) => {
                let shown = *shown + filled.stats.entries as u64;
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
