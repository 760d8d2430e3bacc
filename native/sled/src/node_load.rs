//! The loader as JavaScript sees it.
//!
//! Calls are made one after the other; each hands over to `guard::run`. A block is copied on a worker, so that no thread
//! of ours ever reads a buffer of JavaScript's.

use std::sync::Arc;

use napi::bindgen_prelude::{AsyncTask, Uint8Array};
use napi::{Env, Task};
use napi_derive::napi;

use crate::failure::Doing;
use crate::guard::{self, Health};
use crate::load::Loader;
use crate::node::{Job, to_js};

/// Fills empty trees from entries in key order.
#[napi]
pub struct SledLoader {
    pub(crate) loader: Arc<Loader>,
    pub(crate) health: Health,
}

#[napi]
impl SledLoader {
    /// Begins to fill a tree, which must be empty or not there.
    #[napi]
    pub fn begin(&self, tree: Uint8Array) -> AsyncTask<Job<(), ()>> {
        let (loader, tree) = (self.loader.clone(), tree.to_vec());
        Job::task(self.health, Doing::Writing, |()| (), move || loader.begin(&tree))
    }

    /// Takes the entries of an encoded block. They are written while the next block is got ready; what is wrong with them is
    /// told by a later call.
    #[napi]
    pub fn load(&self, block: Uint8Array) -> AsyncTask<LoadTask> {
        AsyncTask::new(LoadTask { loader: self.loader.clone(), health: self.health, block })
    }

    /// Ends the tree that was begun: it is there now. Resolves to the number of its entries.
    #[napi]
    pub fn end(&self) -> AsyncTask<Job<u64, f64>> {
        let loader = self.loader.clone();
        Job::task(self.health, Doing::Writing, |entries| entries as f64, move || loader.end())
    }

    /// Ends the loader when all is written and flushed. A second call does nothing.
    #[napi]
    pub fn finish(&self) -> AsyncTask<Job<(), ()>> {
        let loader = self.loader.clone();
        Job::task(self.health, Doing::Writing, |()| (), move || loader.finish())
    }

    /// Ends the loader; the tree that was begun stays as it was. A second call does nothing.
    #[napi]
    pub fn abort(&self) -> AsyncTask<Job<(), ()>> {
        let loader = self.loader.clone();
        Job::task(
            self.health,
            Doing::Writing,
            |()| (),
            move || {
                loader.abort();
                Ok(())
            },
        )
    }
}

impl Drop for SledLoader {
    fn drop(&mut self) {
        let loader = self.loader.clone();
        guard::do_elsewhere(move || loader.abort());
    }
}

/// A `load`.
pub struct LoadTask {
    loader: Arc<Loader>,
    health: Health,
    block: Uint8Array,
}

impl Task for LoadTask {
    type Output = ();
    type JsValue = ();

    fn compute(&mut self) -> napi::Result<()> {
        let (loader, block) = (self.loader.clone(), self.block.to_vec());
        guard::run(self.health, Doing::Writing, move || loader.load(block)).map_err(to_js)
    }

    fn resolve(&mut self, _env: Env, (): ()) -> napi::Result<()> {
        Ok(())
    }
}
