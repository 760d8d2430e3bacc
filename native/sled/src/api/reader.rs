//! Stores read from their files, as JavaScript sees them. Sled is not called, so that this runs on Node's own worker threads.

use std::path::PathBuf;
use std::sync::Arc;

use kgdump_shared::fill::FillCounts;
use napi::bindgen_prelude::{AsyncTask, Buffer, Uint8Array};
use napi_derive::napi;

use crate::api::job::{Job, Passing, reading};
use crate::guard::Health;
use crate::memory::{self, Tide};
use crate::read::look::look;
use crate::read::pass::KeyRange;
use crate::read::store::{FileScan, FileStore};

/// Opens the files of a store for reading; nothing is ever written.
#[napi]
pub fn open_files(path: String) -> AsyncTask<Job<SledFiles>> {
    memory::share_arenas();
    // Panics are kept from Node's standard error.
    let _hook = Health::now();
    reading(move || {
        let store = FileStore::open(&PathBuf::from(path))?;
        Ok(SledFiles { store: Arc::new(store), tide: Arc::default() })
    })
}

/// Looks at a store without opening it or taking its lock: rejects with what keeps sled from opening it.
#[napi]
pub fn look_at_store(path: String) -> AsyncTask<Job<()>> {
    // Panics are kept from Node's standard error.
    let _hook = Health::now();
    reading(move || look(&PathBuf::from(path)))
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
        SledFileScan { scan: Passing::new(scan), tide: self.tide.clone() }
    }

    /// Lets go of the files and the lock. A second call does nothing.
    #[napi]
    pub fn close(&self) {
        self.store.close();
    }
}

/// A scan that is open.
#[napi]
pub struct SledFileScan {
    scan: Passing<FileScan>,
    tide: Arc<Tide>,
}

#[napi]
impl SledFileScan {
    /// Fills `buffer` with the next entries: at least one, if it fits the buffer, then more while they stay within `target`
    /// bytes, `max_entries` at most.
    #[napi]
    pub fn fill(&self, buffer: Buffer, target: f64, max_entries: f64) -> AsyncTask<Job<FillCounts>> {
        let tide = self.tide.clone();
        self.scan.fill(buffer, move |scan, block, capacity| {
            // Saturating: what is beyond the range means "no limit".
            let filled = scan.fill(block, capacity, target as usize, max_entries as usize)?;
            tide.moved(filled.bytes);
            Ok(filled.into())
        })
    }

    /// Lets go of the leaf that is read. A second call does nothing.
    #[napi]
    pub fn close(&self) -> AsyncTask<Job<()>> {
        self.scan.end(FileScan::end)
    }
}
