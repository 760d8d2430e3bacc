//! Which process holds a store's LOCK, which is never opened for that.

use std::path::Path;
use std::thread::{self, JoinHandle};

use kgdump_shared::locks::{locks_on, process_name};

/// A process that holds a lock.
#[derive(Debug, PartialEq, Eq)]
pub struct Holder {
    pub pid: u32,
    /// Its name, when it may be known.
    pub name: Option<String>,
}

/// Begins to look for the process that holds the LOCK of the store at `store`, and gives what waits for the answer: Linux
/// takes some 10 ms for a first look at its list of locks, in which other work can be done.
pub fn look_for_holder(store: &Path) -> impl FnOnce() -> Option<Holder> + use<> {
    let path = store.to_owned();
    let looking = thread::Builder::new().spawn({
        let path = path.clone();
        move || lock_holder(&path)
    });
    move || match looking.map(JoinHandle::join) {
        Ok(Ok(holder)) => holder,
        // Without a thread, it is looked for now.
        _ => lock_holder(&path),
    }
}

/// The process that holds the LOCK of the store at `store`, when there is one and the system tells.
pub fn lock_holder(store: &Path) -> Option<Holder> {
    let lock = locks_on(&store.join("LOCK")).into_iter().find(|lock| lock.exclusive)?;
    Some(Holder { pid: lock.pid, name: process_name(lock.pid) })
}
