//! What JavaScript sees of a store that is put together from tables.

use std::path::PathBuf;

use kgdump_shared::slot::Slot;
use napi::bindgen_prelude::{AsyncTask, Buffer};
use napi_derive::napi;

use crate::api::job::{start, start_in, start_in_with, Job};
use crate::api::sink::FamilyToOpen;
use crate::error::Fault;
use crate::guard::guarded_aside;
use crate::version::library_version;
use crate::write::new_store::NewStore;

/// A new store that is put together from tables.
#[napi]
pub struct RocksNewStore {
    store: Slot<NewStore>,
}

/// Begins a new store at `path`, which must not be there.
#[napi(ts_return_type = "Promise<RocksNewStore>")]
pub fn new_store(path: String, default_options: String, families: Vec<FamilyToOpen>) -> AsyncTask<Job<RocksNewStore>> {
    let families: Vec<_> = families.into_iter().map(|family| (family.name.to_vec(), family.options)).collect();
    start(move || {
        library_version()?;
        let store = NewStore::create(&PathBuf::from(path), &default_options, families)?;
        Ok(RocksNewStore { store: Slot::new(store) })
    })
}

#[napi]
impl RocksNewStore {
    /// Begins to load a family from entries in its order, or with `turn` in the reverse of it. At once.
    #[napi]
    pub fn begin_load(&self, family: Buffer, options: String, turn: bool) -> napi::Result<()> {
        let family = family.to_vec();
        Ok(guarded_aside(|| self.store.with(|store| store.begin_load(&family, &options, turn)))?)
    }

    /// Adds the entries of an encoded block to the family that was begun.
    #[napi(ts_return_type = "Promise<void>")]
    pub fn load(&self, block: Buffer) -> AsyncTask<Job<()>> {
        start_in_with(&self.store, block, |store, block| store.load(block))
    }

    /// Gives the family all that was loaded; the number of its entries.
    #[napi(ts_return_type = "Promise<number>")]
    pub fn end_load(&self) -> AsyncTask<Job<f64>> {
        start_in(&self.store, |store| Ok(store.end_load()? as f64))
    }

    /// Ends it: there is a store then, which can be opened.
    #[napi(ts_return_type = "Promise<void>")]
    pub fn finish(&self) -> AsyncTask<Job<()>> {
        let store = self.store.clone();
        start(move || store.take().ok_or_else(|| Fault::new("INTERNAL", "the store is finished"))?.finish())
    }
}
