//! What JavaScript sees of a store's lock: it is held without the store being opened.

use std::path::PathBuf;

use kgdump_shared::slot::Slot;
use napi::bindgen_prelude::AsyncTask;
use napi_derive::napi;

use crate::api::job::{Job, start};
use crate::fault::Doing;
use crate::files::lock::{self, LOCK_WAIT, Lock};
use crate::guard::Health;

/// A store's lock, held while this lives.
#[napi]
pub struct SledLock {
    held: Slot<Lock>,
}

#[napi]
impl SledLock {
    /// Lets the lock go. A second call does nothing.
    #[napi]
    pub fn release(&self) {
        drop(self.held.take());
    }
}

/// Takes the lock of the store at `path`, so that no program opens it. The store is not opened.
#[napi]
pub fn lock_store(path: String) -> AsyncTask<Job<SledLock>> {
    start(Health::now(), Doing::Reading, move || {
        let lock = lock::acquire(&PathBuf::from(path), LOCK_WAIT)?;
        Ok(SledLock { held: Slot::new(lock) })
    })
}
