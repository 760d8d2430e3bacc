//! The loader as JavaScript sees it.
//!
//! Calls are made one after the other; each hands over to `guard::run`. A block is copied on a worker, so that no thread
//! of ours ever reads a buffer of JavaScript's.

use std::sync::Arc;

use napi::bindgen_prelude::{AsyncTask, ToNapiValue, TypeName, Uint8Array};
use napi::{Env, Task};
use napi_derive::napi;

use crate::api::job::{Job, to_js};
use crate::failure::{Doing, Outcome};
use crate::guard;
use crate::store::Store;
use crate::write::load::Loader;

/// Fills empty trees from entries in key order.
#[napi]
pub struct SledLoader {
    pub(crate) loader: Arc<Loader>,
    pub(crate) store: Arc<Store>,
}

#[napi]
impl SledLoader {
    /// Begins to fill a tree, which must be empty or not there.
    #[napi]
    pub fn begin(&self, tree: Uint8Array) -> AsyncTask<Job<(), ()>> {
        let tree = tree.to_vec();
        self.job(|()| (), move |loader| loader.begin(&tree))
    }

    /// Takes the entries of an encoded block. They are written while the next block is got ready; what is wrong with them is
    /// told by a later call.
    #[napi]
    pub fn load(&self, block: Uint8Array) -> AsyncTask<LoadTask> {
        AsyncTask::new(LoadTask { loader: self.loader.clone(), store: self.store.clone(), block })
    }

    /// Ends the tree that was begun: it is there now. Resolves to the number of its entries.
    #[napi]
    pub fn end(&self) -> AsyncTask<Job<u64, f64>> {
        self.job(|entries| entries as f64, Loader::end)
    }

    /// Ends the loader when all is written and flushed. A second call does nothing.
    #[napi]
    pub fn finish(&self) -> AsyncTask<Job<(), ()>> {
        self.job(|()| (), Loader::finish)
    }

    /// Ends the loader; the tree that was begun stays as it was. A second call does nothing.
    #[napi]
    pub fn abort(&self) -> AsyncTask<Job<(), ()>> {
        let loader = self.loader.clone();
        // What it had failed with was told.
        let work = move || loader.abort().or(Ok(()));
        Job::task(self.store.health, Doing::Writing, |()| (), work)
    }

    fn job<T, J>(
        &self,
        convert: fn(T) -> J,
        work: impl FnOnce(&Loader) -> Outcome<T> + Send + 'static,
    ) -> AsyncTask<Job<T, J>>
    where
        T: Send + 'static,
        J: ToNapiValue + TypeName + 'static,
    {
        let (loader, store) = (self.loader.clone(), self.store.clone());
        Job::task(store.health, Doing::Writing, convert, move || store.with_writable(|_| work(&loader)))
    }
}

/// A `load`.
pub struct LoadTask {
    loader: Arc<Loader>,
    store: Arc<Store>,
    block: Uint8Array,
}

impl Task for LoadTask {
    type Output = ();
    type JsValue = ();

    fn compute(&mut self) -> napi::Result<()> {
        let (loader, store) = (self.loader.clone(), self.store.clone());
        self.store.tide.moved(self.block.len());
        let mut block = loader.buffer();
        block.extend_from_slice(&self.block);
        let work = move || store.with_writable(|_| loader.load(block));
        guard::run(self.store.health, Doing::Writing, work).map_err(to_js)
    }

    fn resolve(&mut self, _env: Env, (): ()) -> napi::Result<()> {
        Ok(())
    }
}
