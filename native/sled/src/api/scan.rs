//! Scans as JavaScript sees them.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use kgdump_shared::fill::FillCounts;
use napi::bindgen_prelude::{AsyncTask, Buffer};
use napi_derive::napi;

use crate::api::job::{Job, on_worker, start};
use crate::fault::Doing;
use crate::guard;
use crate::read::pass::KeyRange;
use crate::read::scan::{self, ScanState};
use crate::store::Store;

/// A scan that is open.
#[napi]
pub struct SledScan {
    store: Arc<Store>,
    state: Arc<Mutex<ScanState>>,
}

impl SledScan {
    /// A scan of a part of a tree.
    pub fn begin(store: &Arc<Store>, tree: Vec<u8>, range: KeyRange) -> SledScan {
        SledScan { store: store.clone(), state: ScanState::begin(store, tree, range) }
    }
}

#[napi]
impl SledScan {
    /// Fills `buffer` with the next entries: at least one, if it fits the buffer, then more while they stay within `target`
    /// bytes, `max_entries` at most.
    #[napi]
    pub fn fill(&self, buffer: Buffer, target: f64, max_entries: f64) -> AsyncTask<Job<FillCounts>> {
        let (store, state) = (self.store.clone(), self.state.clone());
        on_worker(Some(buffer), move |buffer| {
            let (sleds_store, sleds_state, capacity) = (store.clone(), state.clone(), buffer.len());
            // Saturating: what is beyond the range means "no limit". Sled's thread fills memory of its own.
            let work = move || scan::fill(&sleds_store, &sleds_state, capacity, target as usize, max_entries as usize);
            let (block, filled) = guard::run(store.health, Doing::Reading, work)?;
            buffer[..block.len()].copy_from_slice(&block);
            store.tide.moved(filled.bytes);
            scan::give_back(&state, block);
            Ok(filled.into())
        })
    }

    /// Lets go of the leaf that is read. A second call does nothing.
    #[napi]
    pub fn close(&self) -> AsyncTask<Job<()>> {
        let state = self.state.clone();
        start(self.store.health, Doing::Reading, move || {
            state.lock().unwrap_or_else(PoisonError::into_inner).end();
            Ok(())
        })
    }
}

impl Drop for SledScan {
    fn drop(&mut self) {
        guard::drop_elsewhere((self.state.clone(), self.store.clone()), Duration::ZERO);
    }
}
