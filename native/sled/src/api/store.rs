//! The functions and the class of open stores that JavaScript sees. All of them only hand over.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use napi::bindgen_prelude::{AsyncTask, Buffer, ToNapiValue, TypeName, Uint8Array};
use napi_derive::napi;

use crate::api::job::{Job, start, start_with, to_js};
use crate::api::load::SledLoader;
use crate::api::scan::SledScan;
use crate::fault::{Code, Doing, Outcome, SledFault};
use crate::guard::{self, Health};
use crate::read::pass::KeyRange;
use crate::store::{Options, Store};
use crate::write::apply::{self, Applied, Compared, IfExists};
use crate::write::load::Loader;

/// How to open a store; see `store::Options`. Sizes are bytes.
#[napi(object)]
pub struct OpenOptions {
    pub create: bool,
    pub read_only: bool,
    pub cache_capacity: i64,
    pub compression: Option<bool>,
    pub compression_factor: i32,
    pub segment_size: Option<u32>,
    pub flush_every_ms: Option<u32>,
    pub check: bool,
}

impl OpenOptions {
    fn into_options(self, path: String) -> Options {
        Options {
            path: PathBuf::from(path),
            create: self.create,
            read_only: self.read_only,
            cache_capacity: self.cache_capacity.unsigned_abs(),
            compression: self.compression,
            compression_factor: self.compression_factor,
            segment_size: self.segment_size.map(|size| size as usize),
            flush_every_ms: self.flush_every_ms.map(u64::from),
            check: self.check,
        }
    }
}

/// What `apply` did, in entries.
#[napi(object)]
pub struct AppliedCounts {
    pub written: u32,
    pub kept: u32,
}

/// What `compare` found, in entries, and the first key that differs.
#[napi(object)]
pub struct ComparedCounts {
    pub missing: u32,
    pub changed: u32,
    pub first_key: Option<Buffer>,
}

/// Opens a store, or makes one.
#[napi]
pub fn open(path: String, options: OpenOptions) -> AsyncTask<Job<SledStore>> {
    crate::memory::share_arenas();
    let health = Health::now();
    let options = options.into_options(path);
    let doing = if options.create { Doing::Writing } else { Doing::Reading };
    start(health, doing, move || Ok(SledStore { store: Arc::new(Store::open(&options, health)?) }))
}

/// The version of sled that this addon holds.
#[napi]
pub fn version() -> String {
    "0.34.7".to_string()
}

/// An open store.
#[napi]
pub struct SledStore {
    pub(crate) store: Arc<Store>,
}

#[napi]
impl SledStore {
    #[napi(getter)]
    pub fn compression(&self) -> bool {
        self.store.settings.compression
    }

    #[napi(getter)]
    pub fn segment_size(&self) -> u32 {
        u32::try_from(self.store.settings.segment_size).unwrap_or(u32::MAX)
    }

    /// Names of all trees, sled's default tree among them, in byte order.
    #[napi]
    pub fn trees(&self) -> AsyncTask<Job<Vec<Buffer>>> {
        self.job(Doing::Reading, |store| Ok(store.trees()?.into_iter().map(Buffer::from).collect()))
    }

    /// Makes those trees that are not there.
    #[napi]
    pub fn create_trees(&self, names: Vec<Uint8Array>) -> AsyncTask<Job<()>> {
        let names: Vec<Vec<u8>> = names.iter().map(|name| name.to_vec()).collect();
        self.job(Doing::Writing, move |store| store.create_trees(&names))
    }

    /// Sees that `generate_id` gives no id below this one, in decimal digits.
    #[napi]
    pub fn raise_ids(&self, next: String) -> AsyncTask<Job<()>> {
        self.job(Doing::Writing, move |store| match next.parse() {
            Ok(next) => store.raise_ids(next),
            Err(_) => Err(SledFault::new(Code::DumpEntriesMalformed, format!("{next} is no number of an id"))),
        })
    }

    /// Writes the entries of an encoded block; `if_exists` is "fail", "keep" or "overwrite".
    #[napi]
    pub fn apply(
        &self,
        tree: Uint8Array,
        block: Buffer,
        if_exists: String,
    ) -> napi::Result<AsyncTask<Job<AppliedCounts>>> {
        let if_exists = match if_exists.as_str() {
            "fail" => IfExists::Fail,
            "keep" => IfExists::Keep,
            "overwrite" => IfExists::Overwrite,
            _ => {
                return Err(to_js(SledFault::new(
                    Code::StoreFailed,
                    "apply: ifExists is none of fail, keep, overwrite",
                )));
            }
        };
        let tree = tree.to_vec();
        Ok(self.with_block(Doing::Writing, block, move |store, block| {
            let Applied { written, kept } = apply::apply(store, &tree, block, if_exists)?;
            Ok(AppliedCounts { written, kept })
        }))
    }

    /// Looks up every entry of an encoded block.
    #[napi]
    pub fn compare(&self, tree: Uint8Array, block: Buffer) -> AsyncTask<Job<ComparedCounts>> {
        let tree = tree.to_vec();
        self.with_block(Doing::Reading, block, move |store, block| {
            let Compared { missing, changed, first_key } = apply::compare(store, &tree, block)?;
            Ok(ComparedCounts { missing, changed, first_key: first_key.map(Buffer::from) })
        })
    }

    /// A loader of whole trees, for entries in key order; with compression, `jobs` threads compress.
    #[napi]
    pub fn begin_load(&self, jobs: u32) -> AsyncTask<Job<SledLoader>> {
        let store = self.store.clone();
        start(store.health, Doing::Writing, move || {
            Ok(SledLoader { loader: Loader::start(&store, jobs as usize)?, store })
        })
    }

    /// A scan of a tree from `lower`, inclusive, to `upper`, exclusive; downwards when `reverse`.
    #[napi]
    pub fn scan(
        &self,
        tree: Uint8Array,
        lower: Option<Uint8Array>,
        upper: Option<Uint8Array>,
        reverse: bool,
    ) -> SledScan {
        let bytes = |bound: Option<Uint8Array>| bound.map(|bytes| bytes.to_vec());
        let range = KeyRange { lower: bytes(lower), upper: bytes(upper), reverse };
        SledScan::begin(&self.store, tree.to_vec(), range)
    }

    /// Makes all that was written durable.
    #[napi]
    pub fn flush(&self) -> AsyncTask<Job<()>> {
        self.job(Doing::Writing, |store| store.flush())
    }

    /// Flushes and closes; ends scans that are open. A second call does nothing.
    #[napi]
    pub fn close(&self) -> AsyncTask<Job<()>> {
        self.job(Doing::Writing, |store| store.close())
    }

    pub(crate) fn job<T>(
        &self,
        doing: Doing,
        work: impl FnOnce(&Store) -> Outcome<T> + Send + 'static,
    ) -> AsyncTask<Job<T>>
    where
        T: ToNapiValue + TypeName + Send + 'static,
    {
        let store = self.store.clone();
        start(store.health, doing, move || work(&store))
    }

    pub(crate) fn with_block<T>(
        &self,
        doing: Doing,
        block: Buffer,
        work: impl FnOnce(&Store, &[u8]) -> Outcome<T> + Send + 'static,
    ) -> AsyncTask<Job<T>>
    where
        T: ToNapiValue + TypeName + Send + 'static,
    {
        let store = self.store.clone();
        start_with(store.health, doing, block, Vec::new, move |block| work(&store, &block))
    }
}

impl Drop for SledStore {
    fn drop(&mut self) {
        // The collector runs on the main thread; letting go of a store that was not closed may flush.
        guard::drop_elsewhere(self.store.clone(), Duration::ZERO);
    }
}
