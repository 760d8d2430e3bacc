//! The classes and functions that JavaScript sees. All of them only hand over to `guard::run`.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use napi::bindgen_prelude::{AsyncTask, Buffer, ToNapiValue, TypeName, Uint8Array};
use napi::{Env, Task};
use napi_derive::napi;

use crate::apply::{self, IfExists};
use crate::failure::{Code, Doing, Failure, Outcome};
use crate::guard::{self, Health};
use crate::place::{self, Place};
use crate::scan::{self, Filled, ScanState};
use crate::store::{Options, Store};

/// Work for another thread, and how its result becomes a value of JavaScript's.
pub struct Job<T, J> {
    health: Health,
    doing: Doing,
    work: Option<Box<dyn FnOnce() -> Outcome<T> + Send>>,
    convert: fn(T) -> J,
}

impl<T, J> Job<T, J> {
    fn task(
        health: Health,
        doing: Doing,
        convert: fn(T) -> J,
        work: impl FnOnce() -> Outcome<T> + Send + 'static,
    ) -> AsyncTask<Job<T, J>>
    where
        T: Send + 'static,
        J: ToNapiValue + TypeName + 'static,
    {
        AsyncTask::new(Job { health, doing, work: Some(Box::new(work)), convert })
    }
}

impl<T: Send + 'static, J: ToNapiValue + TypeName + 'static> Task for Job<T, J> {
    type Output = T;
    type JsValue = J;

    fn compute(&mut self) -> napi::Result<T> {
        match self.work.take() {
            Some(work) => guard::run(self.health, self.doing, work).map_err(to_js),
            None => Err(napi::Error::from_reason("a task was run twice")),
        }
    }

    fn resolve(&mut self, _env: Env, output: T) -> napi::Result<J> {
        Ok((self.convert)(output))
    }
}

fn to_js(failure: Failure) -> napi::Error {
    napi::Error::from_reason(failure.to_json())
}

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

/// Opens a store, or makes one.
#[napi]
pub fn open(path: String, options: OpenOptions) -> AsyncTask<Job<Arc<Store>, SledStore>> {
    let health = Health::now();
    let options = options.into_options(path);
    let doing = if options.create { Doing::Writing } else { Doing::Reading };
    Job::task(health, doing, |store| SledStore { store }, move || Store::open(&options, health).map(Arc::new))
}

/// What is at a path: "missing", "empty" (a directory) or "store"; anything else is a failure that says what it is.
#[napi]
pub fn inspect(path: String) -> AsyncTask<Job<&'static str, String>> {
    Job::task(Health::now(), Doing::Reading, str::to_string, move || {
        place::inspect(&PathBuf::from(path)).map(|place| match place {
            Place::Missing => "missing",
            Place::EmptyDirectory => "empty",
            Place::Store(_) => "store",
        })
    })
}

/// The version of sled that this addon holds.
#[napi]
pub fn version() -> String {
    "0.34.7".to_string()
}

/// An open store.
#[napi]
pub struct SledStore {
    store: Arc<Store>,
}

/// What `apply` did, in entries.
#[napi(object)]
pub struct AppliedCounts {
    pub written: u32,
    pub kept: u32,
}

#[napi]
impl SledStore {
    /// Whether the store was there before it was opened.
    #[napi(getter)]
    pub fn was_recovered(&self) -> bool {
        self.store.was_recovered
    }

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
    pub fn trees(&self) -> AsyncTask<Job<Vec<Vec<u8>>, Vec<Buffer>>> {
        self.job(Doing::Reading, |names| names.into_iter().map(Buffer::from).collect(), |store| store.trees())
    }

    /// Makes a tree when it is not there.
    #[napi]
    pub fn create_tree(&self, name: Uint8Array) -> AsyncTask<Job<(), ()>> {
        let name = name.to_vec();
        self.job(Doing::Writing, |()| (), move |store| store.create_tree(&name))
    }

    /// Writes the entries of an encoded block; `if_exists` is "fail", "keep" or "overwrite".
    #[napi]
    pub fn apply(&self, tree: Uint8Array, block: Uint8Array, if_exists: String) -> napi::Result<AsyncTask<ApplyTask>> {
        let if_exists = match if_exists.as_str() {
            "fail" => IfExists::Fail,
            "keep" => IfExists::Keep,
            "overwrite" => IfExists::Overwrite,
            _ => {
                return Err(to_js(Failure::new(Code::StoreFailed, "apply: ifExists is none of fail, keep, overwrite")));
            }
        };
        Ok(AsyncTask::new(ApplyTask { store: self.store.clone(), tree: tree.to_vec(), block, if_exists }))
    }

    /// The value of a key, or null.
    #[napi]
    pub fn get(&self, tree: Uint8Array, key: Uint8Array) -> AsyncTask<Job<Option<Vec<u8>>, Option<Buffer>>> {
        let (tree, key) = (tree.to_vec(), key.to_vec());
        self.job(Doing::Reading, |value| value.map(Buffer::from), move |store| store.get(&tree, &key))
    }

    /// A scan of a tree from `from`, inclusive, to `to`, exclusive.
    #[napi]
    pub fn scan(&self, tree: Uint8Array, from: Option<Uint8Array>, to: Option<Uint8Array>) -> SledScan {
        let bytes = |bound: Option<Uint8Array>| bound.map(|bytes| bytes.to_vec());
        let state = ScanState::begin(&self.store, tree.to_vec(), bytes(from), bytes(to));
        SledScan { store: self.store.clone(), state }
    }

    /// Makes all that was written durable.
    #[napi]
    pub fn flush(&self) -> AsyncTask<Job<(), ()>> {
        self.job(Doing::Writing, |()| (), |store| store.flush())
    }

    /// Bytes of the store's files.
    #[napi]
    pub fn size_on_disk(&self) -> AsyncTask<Job<u64, f64>> {
        self.job(Doing::Reading, |bytes| bytes as f64, |store| store.size_on_disk())
    }

    /// Flushes and closes; ends scans that are open. A second call does nothing.
    #[napi]
    pub fn close(&self) -> AsyncTask<Job<(), ()>> {
        self.job(Doing::Writing, |()| (), |store| store.close())
    }

    fn job<T, J>(
        &self,
        doing: Doing,
        convert: fn(T) -> J,
        work: impl FnOnce(&Store) -> Outcome<T> + Send + 'static,
    ) -> AsyncTask<Job<T, J>>
    where
        T: Send + 'static,
        J: ToNapiValue + TypeName + 'static,
    {
        let store = self.store.clone();
        Job::task(store.health, doing, convert, move || work(&store))
    }
}

impl Drop for SledStore {
    fn drop(&mut self) {
        // The collector runs on the main thread; letting go of a store that was not closed may flush.
        guard::drop_elsewhere(self.store.clone());
    }
}

/// An `apply`: the block is copied on the worker, so that no thread of sled's ever reads a buffer of JavaScript's.
pub struct ApplyTask {
    store: Arc<Store>,
    tree: Vec<u8>,
    block: Uint8Array,
    if_exists: IfExists,
}

impl Task for ApplyTask {
    type Output = apply::Applied;
    type JsValue = AppliedCounts;

    fn compute(&mut self) -> napi::Result<apply::Applied> {
        let (store, if_exists) = (self.store.clone(), self.if_exists);
        let (tree, block) = (std::mem::take(&mut self.tree), self.block.to_vec());
        guard::run(store.health, Doing::Writing, move || apply::apply(&store, &tree, &block, if_exists)).map_err(to_js)
    }

    fn resolve(&mut self, _env: Env, applied: apply::Applied) -> napi::Result<AppliedCounts> {
        Ok(AppliedCounts { written: applied.written, kept: applied.kept })
    }
}

/// A scan that is open.
#[napi]
pub struct SledScan {
    store: Arc<Store>,
    state: Arc<Mutex<ScanState>>,
}

/// What one `fill` did; see `FillResult` in block-scan.ts.
#[napi(object)]
pub struct FillCounts {
    pub bytes: f64,
    pub entries: f64,
    pub key_bytes: f64,
    pub value_bytes: f64,
    pub first_key_start: f64,
    pub first_key_end: f64,
    pub last_key_start: f64,
    pub last_key_end: f64,
    pub done: bool,
    pub needed: f64,
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

    /// Lets go of the iterator. A second call does nothing.
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
        guard::drop_elsewhere((self.state.clone(), self.store.clone()));
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
    type Output = (usize, Filled);
    type JsValue = FillCounts;

    fn compute(&mut self) -> napi::Result<(usize, Filled)> {
        let (store, state) = (self.store.clone(), self.state.clone());
        let (capacity, target, max_entries) = (self.buffer.len(), self.target, self.max_entries);
        let work = move || scan::fill(&store, &state, capacity, target, max_entries);
        let (block, filled) = guard::run(self.store.health, Doing::Reading, work).map_err(to_js)?;
        // SAFETY: the buffer is not touched by JavaScript until this task has settled: `scanBlocks`, the only caller,
        // keeps it to itself until then. The reference that this task holds keeps its memory in place.
        let target = unsafe { self.buffer.as_mut() };
        target[..block.len()].copy_from_slice(&block);
        let bytes = block.len();
        scan::give_back(&self.state, block);
        Ok((bytes, filled))
    }

    fn resolve(&mut self, _env: Env, (bytes, filled): (usize, Filled)) -> napi::Result<FillCounts> {
        Ok(FillCounts {
            bytes: bytes as f64,
            entries: filled.entries as f64,
            key_bytes: filled.key_bytes as f64,
            value_bytes: filled.value_bytes as f64,
            first_key_start: filled.first_key.0 as f64,
            first_key_end: filled.first_key.1 as f64,
            last_key_start: filled.last_key.0 as f64,
            last_key_end: filled.last_key.1 as f64,
            done: filled.done,
            needed: filled.needed as f64,
        })
    }
}
