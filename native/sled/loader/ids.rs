//! The counter behind `generate_id`, raised: compiled into a copy of sled 0.34.7 as a module of its page cache. kgdump's own code.
//!
//! Sled writes its counter down at multiples of an interval, and begins two intervals above that when it opens a store, so that no id is
//! ever given twice. A store that is made of another's entries must not begin below it: its program would overwrite its own entries.
#![deny(unsafe_code)]
#![warn(warnings, clippy::all)]

use super::{Update, COUNTER_PID};
use crate::{concurrency_control, pin, Db, Release, Result, SeqCst};

/// Sees that ids begin at `next` or above it when the store is opened the next time, and in this handle, too.
///
/// # Errors
/// Those of the log.
pub fn raise(db: &Db, next: u64) -> Result<()> {
    let pagecache = &db.context.pagecache;
    let interval = db.context.idgen_persist_interval;
    // What sled writes is a multiple of the interval, which it relies on.
    let counter = next.saturating_sub(2 * interval).div_ceil(interval).saturating_mul(interval);
    let guard = pin();
    let _cc = concurrency_control::read();
    let _mu = pagecache.idgen_persist_mu.lock();
    loop {
        let (key, current) = pagecache.get_idgen(&guard)?;
        if current >= counter {
            break;
        }
        if pagecache.cas_page(COUNTER_PID, key, Update::Counter(counter), false, &guard)?.is_ok() {
            pagecache.idgen_persists.store(counter, Release);
        }
    }
    let _before = pagecache.idgen.fetch_max(next, SeqCst);
    Ok(())
}
