//! Scans as JavaScript sees them.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use kgdump_shared::fill::{FillCounts, Filled};
use napi::bindgen_prelude::{AsyncTask, Uint8Array};
use napi::{Env, Task};
use napi_derive::napi;

use crate::api::job::{Job, to_js};
use crate::failure::Doing;
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
    pub fn fill(&self, buffer: Uint8Array, target: f64, max_entries: f64) -> AsyncTask<FillTask> {
        AsyncTask::new(FillTask {
            store: self.store.clone(),
            state: self.state.clone(),
            buffer,
            // Saturating: what is beyond the range means "no limit".
            target: target as usize,
            max_entries: max_entries as usize,
        })
    }

    /// Lets go of the leaf that is read. A second call does nothing.
    #[napi]
    pub fn close(&self) -> AsyncTask<Job<(), ()>> {
        let state = self.state.clone();
        Job::task(
            self.store.health,
            Doing::Reading,
            |()| (),
            move || {
                state.lock().unwrap_or_else(PoisonError::into_inner).end();
                Ok(())
            },
        )
    }
}

impl Drop for SledScan {
    fn drop(&mut self) {
        guard::drop_elsewhere((self.state.clone(), self.store.clone()), Duration::ZERO);
    }
}

/// A `fill`: sled's thread fills memory of its own, which is copied into the buffer here.
pub struct FillTask {
    store: Arc<Store>,
    state: Arc<Mutex<ScanState>>,
    buffer: Uint8Array,
    target: usize,
    max_entries: usize,
}

impl Task for FillTask {
    type Output = Filled;
    type JsValue = FillCounts;

    fn compute(&mut self) -> napi::Result<Filled> {
        let (store, state) = (self.store.clone(), self.state.clone());
        let (capacity, target, max_entries) = (self.buffer.len(), self.target, self.max_entries);
        let work = move || scan::fill(&store, &state, capacity, target, max_entries);
        let (block, filled) = guard::run(self.store.health, Doing::Reading, work).map_err(to_js)?;
        // SAFETY: the buffer is not touched by JavaScript until this task has settled: `scanBlocks`, the only caller,
        // keeps it to itself until then. The reference that this task holds keeps its memory in place.
        let target = unsafe { self.buffer.as_mut() };
        target[..block.len()].copy_from_slice(&block);
        self.store.tide.moved(filled.bytes);
        scan::give_back(&self.state, block);
        Ok(filled)
    }

    fn resolve(&mut self, _env: Env, filled: Filled) -> napi::Result<FillCounts> {
        Ok(filled.into())
    }
}
