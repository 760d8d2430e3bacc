//! Letting sled open a store.

use std::path::Path;
use std::time::{Duration, Instant};

use sled::Db;

use crate::fault::{Code, Doing, Outcome, SledFault};
use crate::files::lock::{self, LOCK_WAIT};
use crate::guard;

/// Lets sled open the store; its lock is not waited for by sled, so try for a moment.
///
/// # Errors
/// STORE_IN_USE, STORE_DAMAGED, NO_SPACE, PERMISSION_DENIED, IO_FAILED.
pub fn open(config: &sled::Config, doing: Doing, path: &Path) -> Outcome<Db> {
    let until = Instant::now() + LOCK_WAIT;
    loop {
        match config.open() {
            Ok(db) => return Ok(db),
            Err(sled::Error::Io(e)) if e.to_string().starts_with("could not acquire lock") => {
                if Instant::now() >= until {
                    return Err(lock::in_use(path));
                }
                std::thread::sleep(Duration::from_millis(20));
            }
            Err(e) => {
                let mut fault = SledFault::sled(&e, doing, "opening it");
                if let Some(log) = guard::last_log().filter(|_| fault.code == Code::StoreDamaged) {
                    fault.message = format!("{} ({log})", fault.message);
                }
                return Err(fault.at(path));
            }
        }
    }
}
