//! The loader as JavaScript sees it.
//!
//! Calls are made one after the other.

use std::sync::Arc;

use napi::bindgen_prelude::{AsyncTask, Buffer, ToNapiValue, TypeName, Uint8Array};
use napi_derive::napi;

use crate::api::job::{Job, start, start_with};
use crate::fault::{Doing, Outcome};
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
    pub fn begin(&self, tree: Uint8Array) -> AsyncTask<Job<()>> {
        let tree = tree.to_vec();
        self.job(move |loader| loader.begin(&tree))
    }

    /// Takes the entries of an encoded block. They are written while the next block is got ready; what is wrong with them is
    /// told by a later call.
    #[napi]
    pub fn load(&self, block: Buffer) -> AsyncTask<Job<()>> {
        let (loader, store) = (self.loader.clone(), self.store.clone());
        let memory = {
            let loader = loader.clone();
            move || loader.buffer()
        };
        start_with(store.health, Doing::Writing, block, memory, move |block| {
            store.tide.moved(block.len());
            store.with_writable(|_| loader.load(block))
        })
    }

    /// Ends the tree that was begun: it is there now. Resolves to the number of its entries.
    #[napi]
    pub fn end(&self) -> AsyncTask<Job<f64>> {
        self.job(|loader| Ok(loader.end()? as f64))
    }

    /// Ends the loader when all is written and flushed. A second call does nothing.
    #[napi]
    pub fn finish(&self) -> AsyncTask<Job<()>> {
        self.job(Loader::finish)
    }

    /// Ends the loader; the tree that was begun stays as it was. A second call does nothing.
    #[napi]
    pub fn abort(&self) -> AsyncTask<Job<()>> {
        let loader = self.loader.clone();
        // What it had failed with was told.
        start(self.store.health, Doing::Writing, move || loader.abort().or(Ok(())))
    }

    fn job<T>(&self, work: impl FnOnce(&Loader) -> Outcome<T> + Send + 'static) -> AsyncTask<Job<T>>
    where
        T: ToNapiValue + TypeName + Send + 'static,
    {
        let (loader, store) = (self.loader.clone(), self.store.clone());
        start(store.health, Doing::Writing, move || store.with_writable(|_| work(&loader)))
    }
}
