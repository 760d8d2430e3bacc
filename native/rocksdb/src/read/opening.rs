//! Opens a store for reading, so that what is then scanned is all there is at one point in time.
//!
//! A store that nobody writes to is opened where it is, and CURRENT, MANIFEST and the logs must have stood still from before that until after
//! it. Any other is held first (pin.rs), and what is held is opened.
//!
//! Contract: nothing in the store's directory is written or locked.

use std::path::Path;
use std::sync::Arc;
use std::thread::sleep;
use std::time::Duration;

use crate::error::{Fault, Outcome};
use crate::files::layout::fingerprint;
use crate::files::lock_holder::{lock_holder, Holder};
use crate::read::diagnose::diagnose;
use crate::read::judge::Reading;
use crate::read::pin::{Pin, Unpinned};
use crate::read::pin_place::clear_abandoned;
use crate::read::point::Point;
use crate::read::store::Store;
use crate::read::unknown_tables::look_for_unknown_tables;

/// How often a store that can't be held is opened in the hope that it stands still.
const TRIES: u32 = 200;
/// How often a failure is tried again although nothing seems to have changed.
const STABLE_TRIES: u32 = 3;

/// Opens the store at `store` for reading, as it is at one point in time.
///
/// Errors: all STORE_* codes but STORE_IN_USE, PERMISSION_DENIED, USAGE for a time to live that the store has not.
pub fn open(store: &Path, reading: &Reading) -> Outcome<Store> {
    open_any(store, reading).map_err(|fault| diagnose(store, fault))
}

/// Opens a store, whether somebody writes to it or not.
fn open_any(store: &Path, reading: &Reading) -> Outcome<Store> {
    clear_abandoned(store);
    if let Some(opened) = open_quiet(store, reading).map_err(as_damage)? {
        return Ok(opened);
    }
    let mut failures = 0;
    loop {
        match open_pinned(store, reading) {
            Ok(opened) => return Ok(opened),
            Err(Unpinned::Impossible(fault)) => return open_patiently(store, reading, fault),
            Err(Unpinned::Fault(fault)) => {
                failures += 1;
                if !may_pass(&fault) || failures >= STABLE_TRIES {
                    return Err(as_damage(fault));
                }
            }
        }
        sleep(Duration::from_millis(10));
    }
}

/// Opens a store where it is when nobody writes to it, as far as that can be known; none when somebody does, or may.
fn open_quiet(store: &Path, reading: &Reading) -> Outcome<Option<Store>> {
    if lock_holder(store).is_some() {
        return Ok(None);
    }
    match open_still(store, reading) {
        Ok(Some(mut opened)) => {
            look_for_unknown_tables(&mut opened)?;
            Ok(Some(opened))
        }
        // Where the system does not list locks, a writer may be there unseen.
        Err(fault) if !cfg!(target_os = "linux") && may_pass(&fault) => Ok(None),
        other => other,
    }
}

/// Opens a store where it is; none when it did not stand still meanwhile.
fn open_still(store: &Path, reading: &Reading) -> Outcome<Option<Store>> {
    let before = fingerprint(store)?;
    let stands_still = || fingerprint(store).as_ref() == Ok(&before);
    let point = match Point::now(store, &before.manifest) {
        Ok(point) => Arc::new(point),
        Err(fault) if stands_still() => return Err(fault),
        Err(_) => return Ok(None),
    };
    let result = Store::at(store, &point, reading);
    if !stands_still() || !point.logs_stand_still() {
        return Ok(None);
    }
    Ok(Some(Store { opened: Some(before), ..result? }))
}

fn open_pinned(store: &Path, reading: &Reading) -> Result<Store, Unpinned> {
    let holder = lock_holder(store);
    let (pin, point) = Pin::take(store)?;
    let names = pin.names();
    let mut opened = names.outcome(Store::at(store, &Arc::new(point), reading))?;
    opened.warnings = opened.warnings.into_iter().map(|warning| names.text(warning)).collect();
    if let Some(holder) = holder {
        opened.warnings.insert(0, in_use(&holder));
    }
    Ok(Store { names, _pin: Some(pin), ..opened })
}

/// Opens a store that can't be held until it stood still by chance.
fn open_patiently(store: &Path, reading: &Reading, why: Fault) -> Outcome<Store> {
    let mut failures = 0;
    for attempt in 0..TRIES {
        match open_still(store, reading) {
            Ok(Some(mut opened)) => {
                if let Some(holder) = lock_holder(store) {
                    opened.warnings.insert(0, in_use(&holder));
                }
                return Ok(opened);
            }
            Ok(None) => {}
            Err(fault) => {
                failures += 1;
                if !may_pass(&fault) || failures >= STABLE_TRIES {
                    return Err(as_damage(fault));
                }
            }
        }
        sleep(Duration::from_millis(u64::from(attempt.min(50))));
    }
    Err(why)
}

/// What is told of a store that a process has open.
fn in_use(holder: &Holder) -> String {
    format!(
        "the store is in use by {}: you get its state at this moment, without what that program has not written yet",
        holder.words()
    )
}

/// Whether a failure may go away by itself: a file that a writer has just removed, a log that is just being written.
fn may_pass(fault: &Fault) -> bool {
    matches!(fault.code, "NOT_FOUND" | "STORE_DAMAGED" | "STORE_LOG_DAMAGED")
}

/// A file of the store that is not there is damage of the store.
fn as_damage(fault: Fault) -> Fault {
    match fault.code {
        "NOT_FOUND" => Fault { code: "STORE_DAMAGED", ..fault },
        _ => fault,
    }
}
