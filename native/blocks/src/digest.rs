//! SHA-256 over the entries of a keyspace, block by block.
//!
//! Contract: the blocks are hashed in the order of the calls only if each call waits for the promise of the one before it.

use std::sync::{Arc, Mutex, PoisonError};

use napi::bindgen_prelude::{AsyncTask, Buffer};
use napi_derive::napi;
use sha2::{Digest as _, Sha256};

use crate::job::{Job, start};

/// The hash of what was added so far.
#[napi]
pub struct EntryDigest {
    hash: Arc<Mutex<Sha256>>,
}

impl Default for EntryDigest {
    fn default() -> Self {
        Self::new()
    }
}

#[napi]
impl EntryDigest {
    /// Of nothing yet.
    #[napi(constructor)]
    pub fn new() -> Self {
        Self { hash: Arc::new(Mutex::new(Sha256::new())) }
    }

    /// Adds the next bytes, off the main thread.
    #[napi(ts_return_type = "Promise<void>")]
    pub fn update(&self, raw: Buffer) -> AsyncTask<Job<Buffer, ()>> {
        let hash = Arc::clone(&self.hash);
        start(raw, move |raw| {
            hash.lock().unwrap_or_else(PoisonError::into_inner).update(&raw[..]);
            Ok(())
        })
    }

    /// The 32 bytes of the digest of all that was added.
    #[napi]
    pub fn value(&self) -> Buffer {
        let hash = self.hash.lock().unwrap_or_else(PoisonError::into_inner).clone();
        hash.finalize().to_vec().into()
    }
}
