//! Stores read from their files, as JavaScript sees them. Sled is not called, so that this runs on Node's own worker threads.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use kgdump_shared::fill::{FillCounts, Filled};
use napi::bindgen_prelude::{AsyncTask, Buffer, ToNapiValue, TypeName, Uint8Array};
use napi::{Env, Task};
use napi_derive::napi;

use crate::api::job::to_js;
use crate::failure::{Doing, Outcome};
use crate::guard::{self, Health};
use crate::memory::{self, Tide};
use crate::read::look::look;
use crate::read::pass::KeyRange;
use crate::read::store::{FileScan, FileStore};

/// Work of reading, and how its result becomes a value of JavaScript's.
pub struct Reading<T, J> {
    work: Option<Box<dyn FnOnce() -> Outcome<T> + Send>>,
    convert: fn(T) -> J,
}

impl<T: Send + 'static, J: ToNapiValue + TypeName + 'static> Task for Reading<T, J> {
    type Output = T;
    type JsValue = J;

    fn compute(&mut self) -> napi::Result<T> {
        match self.work.take() {
            Some(work) => guard::contain(Doing::Reading, work).map_err(to_js),
            None => Err(napi::Error::from_reason("a task was run twice")),
        }
    }

    fn resolve(&mut self, _env: Env, output: T) -> napi::Result<J> {
        Ok((self.convert)(output))
    }
}

/// A promise of JavaScript's for the result of `work`.
pub fn reading<T, J>(
    convert: fn(T) -> J,
    work: impl FnOnce() -> Outcome<T> + Send + 'static,
) -> AsyncTask<Reading<T, J>>
where
    T: Send + 'static,
    J: ToNapiValue + TypeName + 'static,
{
    AsyncTask::new(Reading { work: Some(Box::new(work)), convert })
}

/// Opens the files of a store for reading; nothing is ever written.
#[napi]
pub fn open_files(path: String) -> AsyncTask<Reading<FileStore, SledFiles>> {
    memory::share_arenas();
    // Panics are kept from Node's standard error.
    let _hook = Health::now();
    reading(
        |store| SledFiles { store: Arc::new(store), tide: Arc::default() },
        move || FileStore::open(&PathBuf::from(path)),
    )
}

/// Looks at a store without opening it or taking its lock: rejects with what keeps sled from opening it.
#[napi]
pub fn look_at_store(path: String) -> AsyncTask<Reading<(), ()>> {
    // Panics are kept from Node's standard error.
    let _hook = Health::now();
    reading(|()| (), move || look(&PathBuf::from(path)))
}

/// A store whose files are open for reading.
#[napi]
pub struct SledFiles {
    store: Arc<FileStore>,
    tide: Arc<Tide>,
}

#[napi]
impl SledFiles {
    /// The version of sled that wrote the store: major and minor.
    #[napi(getter)]
    pub fn version(&self) -> String {
        self.store.settings.version_text()
    }

    #[napi(getter)]
    pub fn compression(&self) -> bool {
        self.store.settings.compression
    }

    #[napi(getter)]
    pub fn segment_size(&self) -> u32 {
        u32::try_from(self.store.settings.segment_size).unwrap_or(u32::MAX)
    }

    /// The id from which sled's `generate_id` would go on, in decimal digits; null when the store has no such counter.
    #[napi(getter)]
    pub fn next_id(&self) -> Option<String> {
        self.store.next_id.map(|id| id.to_string())
    }

    /// What is not as it should be and loses nothing.
    #[napi(getter)]
    pub fn warnings(&self) -> Vec<String> {
        self.store.warnings.clone()
    }

    /// Names of all trees, sled's default tree among them, in byte order.
    #[napi]
    pub fn trees(&self) -> Vec<Buffer> {
        self.store.trees().map(|name| Buffer::from(name.to_vec())).collect()
    }

    /// A scan of a tree from `lower`, inclusive, to `upper`, exclusive; downwards when `reverse`.
    #[napi]
    pub fn scan(
        &self,
        tree: Uint8Array,
        lower: Option<Uint8Array>,
        upper: Option<Uint8Array>,
        reverse: bool,
    ) -> SledFileScan {
        let bytes = |bound: Option<Uint8Array>| bound.map(|bytes| bytes.to_vec());
        let range = KeyRange { lower: bytes(lower), upper: bytes(upper), reverse };
        let scan = FileScan::new(&self.store, tree.to_vec(), range);
        SledFileScan { scan: Arc::new(Mutex::new((scan, Vec::new()))), tide: self.tide.clone() }
    }

    /// Lets go of the files and the lock. A second call does nothing.
    #[napi]
    pub fn close(&self) {
        self.store.close();
    }
}

/// A scan of a store's files, and the memory of its blocks.
type Scanning = Arc<Mutex<(FileScan, Vec<u8>)>>;

/// A scan that is open.
#[napi]
pub struct SledFileScan {
    scan: Scanning,
    tide: Arc<Tide>,
}

#[napi]
impl SledFileScan {
    /// Fills `buffer` with the next entries: at least one, if it fits the buffer, then more while they stay within `target`
    /// bytes, `max_entries` at most.
    #[napi]
    pub fn fill(&self, buffer: Uint8Array, target: f64, max_entries: f64) -> AsyncTask<FileFill> {
        AsyncTask::new(FileFill {
            scan: self.scan.clone(),
            tide: self.tide.clone(),
            buffer,
            // Saturating: what is beyond the range means "no limit".
            target: target as usize,
            max_entries: max_entries as usize,
        })
    }

    /// Lets go of the leaf that is read. A second call does nothing.
    #[napi]
    pub fn close(&self) -> AsyncTask<Reading<(), ()>> {
        let scan = self.scan.clone();
        reading(
            |()| (),
            move || {
                let mut scan = scan.lock().unwrap_or_else(PoisonError::into_inner);
                scan.0.end();
                scan.1 = Vec::new();
                Ok(())
            },
        )
    }
}

/// A `fill`.
pub struct FileFill {
    scan: Scanning,
    tide: Arc<Tide>,
    buffer: Uint8Array,
    target: usize,
    max_entries: usize,
}

impl Task for FileFill {
    type Output = Filled;
    type JsValue = FillCounts;

    fn compute(&mut self) -> napi::Result<Filled> {
        // A big entry's memory is not kept.
        const KEPT: usize = 16 << 20;
        let mut scan = self.scan.lock().unwrap_or_else(PoisonError::into_inner);
        let (scan, block) = &mut *scan;
        block.clear();
        let (capacity, target, most) = (self.buffer.len(), self.target, self.max_entries);
        let filled = guard::contain(Doing::Reading, || scan.fill(block, capacity, target, most)).map_err(to_js)?;
        // SAFETY: the buffer is not touched by JavaScript until this task has settled: `scanBlocks`, the only caller,
        // keeps it to itself until then. The reference that this task holds keeps its memory in place.
        let target = unsafe { self.buffer.as_mut() };
        target[..block.len()].copy_from_slice(block);
        self.tide.moved(filled.bytes);
        if block.capacity() > KEPT {
            *block = Vec::new();
        }
        Ok(filled)
    }

    fn resolve(&mut self, _env: Env, filled: Filled) -> napi::Result<FillCounts> {
        Ok(filled.into())
    }
}
