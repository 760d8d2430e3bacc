//! What JavaScript sees of a store's lock.

use std::path::PathBuf;

use kgdump_shared::slot::Slot;
use napi::bindgen_prelude::AsyncTask;
use napi_derive::napi;

use crate::api::job::{start, Job};
use crate::files::lock::{hold, Held};

/// RocksDB's lock on a store.
#[napi]
pub struct StoreLock {
    held: Slot<Held>,
}

/// Takes the lock of a RocksDB store, so that no program opens it for writing until it is released.
#[napi(ts_return_type = "Promise<StoreLock>")]
pub fn lock_store(path: String) -> AsyncTask<Job<StoreLock>> {
    start(move || Ok(StoreLock { held: Slot::new(hold(&PathBuf::from(path))?) }))
}

#[napi]
impl StoreLock {
    /// Lets the lock go. A second call does nothing.
    #[napi]
    pub fn release(&self) {
        drop(self.held.take());
    }
}
