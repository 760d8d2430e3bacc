//! A store that is open for reading only, without sled.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::log::replay;
use super::pages::{Files, PageReader};
use super::walk::FileWalk;
use kgdump_shared::fill::Filled;

use crate::fault::{Code, Outcome, SledFault, printable};
use crate::files::conf::Settings;
use crate::files::lock::{self, LOCK_WAIT, Lock};
use crate::files::place::{Place, inspect};
use crate::read::pass::KeyRange;
use crate::read::scan::fill_block;

/// How far sled's counter of ids may be ahead of what is written of it, and how much further it begins when a store is opened.
pub const ID_INTERVAL: u64 = 1_000_000;

/// A store's files, opened for reading.
#[derive(Debug)]
pub struct FileStore {
    pub path: PathBuf,
    pub settings: Settings,
    /// What is not as it should be and loses nothing.
    pub warnings: Vec<String>,
    /// The id from which sled's `generate_id` would go on when it opens the store; None when the store has no counter.
    pub next_id: Option<u64>,
    /// Names and roots, in byte order of the names.
    trees: Vec<(Vec<u8>, u64)>,
    /// None when it was closed.
    open: Mutex<Option<Open>>,
}

#[derive(Debug)]
struct Open {
    files: Arc<Files>,
    /// Held, so that no program opens the store meanwhile.
    _lock: Lock,
}

impl FileStore {
    /// Opens a store: reads its whole log.
    ///
    /// # Errors
    /// STORE_NOT_FOUND, STORE_NOT_RECOGNIZED, STORE_UNSUPPORTED, STORE_IN_USE, STORE_DAMAGED, PERMISSION_DENIED, IO_FAILED.
    pub fn open(path: &Path) -> Outcome<FileStore> {
        let settings = match inspect(path)? {
            Place::Store(settings) => settings,
            Place::Missing => return Err(SledFault::new(Code::StoreNotFound, "there is no store").at(path)),
            Place::EmptyDirectory => {
                return Err(
                    SledFault::new(Code::StoreNotRecognized, "it is an empty directory, not a sled store").at(path)
                );
            }
        };
        let lock = lock::acquire(path, LOCK_WAIT)?;
        let replay = replay(path, settings)?;
        let db = path.join("db");
        let files = Arc::new(Files { store: path.to_path_buf(), settings, table: replay.table });
        let mut pages = PageReader::new(&files)?;
        let trees = pages.trees().map_err(|f| f.at(&db))?;
        let next_id = pages.counter().map_err(|f| f.at(&db))?.map(|counter| counter.saturating_add(2 * ID_INTERVAL));
        let open = Mutex::new(Some(Open { files, _lock: lock }));
        Ok(FileStore { path: path.to_path_buf(), settings, warnings: replay.warnings, next_id, trees, open })
    }

    /// Names of all trees, the default tree's too, in byte order.
    pub fn trees(&self) -> impl Iterator<Item = &[u8]> {
        self.trees.iter().map(|(name, _)| &name[..])
    }

    /// The files, when the store was not closed.
    fn files(&self) -> Outcome<Arc<Files>> {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        match open.as_ref() {
            Some(open) => Ok(open.files.clone()),
            None => Err(SledFault::new(Code::StoreFailed, "the store is closed").at(&self.path)),
        }
    }

    /// Begins to read a part of a tree.
    ///
    /// # Errors
    /// KEYSPACE_UNKNOWN, STORE_DAMAGED, IO_FAILED; STORE_FAILED when the store is closed.
    pub fn walk(&self, tree: &[u8], range: &KeyRange) -> Outcome<FileWalk> {
        let found = self.trees.binary_search_by(|(name, _)| name[..].cmp(tree));
        let root = found.ok().and_then(|at| self.trees.get(at)).map(|(_, root)| *root);
        let Some(root) = root else {
            let what = format!("there is no tree {}", printable(tree));
            return Err(SledFault::new(Code::KeyspaceUnknown, what).at(&self.path));
        };
        FileWalk::begin(&self.files()?, root, range).map_err(|f| f.at(&self.path.join("db")))
    }

    /// Lets go of the files and of the lock, when nobody reads any more. A second call does nothing.
    pub fn close(&self) {
        *self.open.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// A pass over a part of a tree, block by block.
#[derive(Debug)]
pub struct FileScan {
    store: Arc<FileStore>,
    tree: Vec<u8>,
    range: KeyRange,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    NotBegun,
    Reading(Box<FileWalk>),
    AtEnd,
    /// It was closed, or reading has failed: what is behind that is not to be asked for.
    Closed,
}

impl FileScan {
    /// A scan that has read nothing.
    pub fn new(store: &Arc<FileStore>, tree: Vec<u8>, range: KeyRange) -> FileScan {
        FileScan { store: store.clone(), tree, range, stage: Stage::NotBegun }
    }

    /// Lets go of the leaf that is read; the scan cannot be read any more.
    pub fn end(&mut self) {
        self.stage = Stage::Closed;
    }

    /// Reads the next block into `block`, as `fill_block`.
    ///
    /// # Errors
    /// As `FileStore::walk`; STORE_FAILED when the scan or the store is closed, or after any of these.
    pub fn fill(&mut self, block: &mut Vec<u8>, capacity: usize, target: usize, most: usize) -> Outcome<Filled> {
        let mut walk = match std::mem::replace(&mut self.stage, Stage::Closed) {
            Stage::NotBegun => Box::new(self.store.walk(&self.tree, &self.range)?),
            Stage::Reading(walk) => {
                self.store.files()?;
                walk
            }
            Stage::AtEnd => {
                self.stage = Stage::AtEnd;
                return Ok(Filled { done: true, ..Filled::default() });
            }
            Stage::Closed => return Err(SledFault::new(Code::StoreFailed, "the scan is closed").at(&self.store.path)),
        };
        let filled = fill_block(block, &mut *walk, &self.range, capacity, target, most)
            .map_err(|f| f.at(&self.store.path.join("db")))?;
        self.stage = if filled.done { Stage::AtEnd } else { Stage::Reading(walk) };
        Ok(filled)
    }
}
