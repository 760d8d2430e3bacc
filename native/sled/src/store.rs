//! A sled store that is open: opening, trees, reading one key, flushing, closing.
//!
//! Everything here may block and may panic inside sled: call it through `guard::run` only. A `Store` is shared between
//! threads; every use holds `db` for reading, `close` takes it for writing, so that it waits for calls under way.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError, RwLock, Weak};
use std::time::Duration;

use sled::Db;

use crate::fault::{Code, Doing, Outcome, SledFault, printable};
use crate::files::conf::Settings;
use crate::files::lock;
use crate::files::place::{Place, inspect};
use crate::guard::{self, Health};
use crate::memory::{self, Tide};
use crate::opening::open;
use crate::read::log;
use crate::write::durable::Syncer;

/// The name by which sled knows its default tree.
pub const DEFAULT_TREE: &[u8] = b"__sled__default";

/// How long closing waits for a sled that has failed.
const ABANDON_WAIT: Duration = Duration::from_millis(500);
/// How long closing waits until sled has let its lock go.
const CLOSE_WAIT: Duration = Duration::from_secs(10);

/// How to open a store.
#[derive(Clone, Debug)]
pub struct Options {
    pub path: PathBuf,
    /// Make a new store: nothing, or an empty directory, must be there. Otherwise the store must be there.
    pub create: bool,
    /// Only read: nothing may be applied. Sled still opens its files for writing.
    pub read_only: bool,
    pub cache_capacity: u64,
    /// Default: what the store was made with; for a new one, false.
    pub compression: Option<bool>,
    /// Zstd's level, 1 to 22.
    pub compression_factor: i32,
    /// Default: what the store was made with; for a new one, sled's own.
    pub segment_size: Option<usize>,
    /// Milliseconds between the flushes of sled's own thread; None for no such thread.
    pub flush_every_ms: Option<u64>,
    /// Check an existing store's files before sled opens them.
    pub check: bool,
}

/// What is at work on a store, and ends when the store is closed: a scan, a loader.
pub trait Dependent: Send + Sync {
    /// Ends it.
    ///
    /// # Errors
    /// What it had failed with before.
    fn end(&self) -> Outcome<()>;
}

/// An open store.
#[derive(Debug)]
pub struct Store {
    pub path: PathBuf,
    pub settings: Settings,
    /// Taken before it was opened: later panics of sled's threads are its own.
    pub health: Health,
    read_only: bool,
    db: RwLock<Option<Db>>,
    /// Why writing failed, if it did. Sled 0.34 is not used any more then: when it could not write a value's file it
    /// leaves its log's buffer claimed for ever, and the next flush, the one of closing too, never ends.
    failed: Mutex<Option<SledFault>>,
    dependents: Mutex<Vec<Weak<dyn Dependent>>>,
    syncer: Mutex<Syncer>,
    pub tide: Tide,
}

impl Store {
    /// Opens or makes a store.
    ///
    /// # Errors
    /// STORE_NOT_FOUND, STORE_NOT_RECOGNIZED, STORE_UNSUPPORTED, STORE_DAMAGED, STORE_SETTINGS_MISMATCH, STORE_IN_USE, TARGET_EXISTS,
    /// NO_SPACE, PERMISSION_DENIED, IO_FAILED, STORE_FAILED.
    pub fn open(options: &Options, health: Health) -> Outcome<Store> {
        let path = &options.path;
        guard::about(path);
        let mut config = sled::Config::new()
            .path(path)
            .cache_capacity(options.cache_capacity)
            .compression_factor(options.compression_factor)
            .flush_every_ms(options.flush_every_ms);
        let existing = match (inspect(path)?, options.create) {
            (Place::Store(settings), false) => Some(settings),
            (Place::Missing, false) => return Err(SledFault::new(Code::StoreNotFound, "there is no store").at(path)),
            (Place::EmptyDirectory, false) => {
                return Err(
                    SledFault::new(Code::StoreNotRecognized, "it is an empty directory, not a sled store").at(path)
                );
            }
            (Place::Store(_), true) => {
                return Err(SledFault::new(Code::TargetExists, "there is a sled store already").at(path));
            }
            (Place::Missing | Place::EmptyDirectory, true) => None,
        };
        let doing = if existing.is_some() { Doing::Reading } else { Doing::Writing };
        if let Some(settings) = existing {
            settings.opened_by_crate().map_err(|f| f.at(path))?;
            settings.agree(options.compression, options.segment_size).map_err(|f| f.at(path))?;
            // Held while the files are checked, and dropped for sled to take.
            let lock = lock::acquire(path, lock::LOCK_WAIT)?;
            if options.check {
                log::check(path, settings)?;
            }
            drop(lock);
            config = config.use_compression(settings.compression).segment_size(settings.segment_size);
        } else {
            config = config.use_compression(options.compression.unwrap_or(false));
            if let Some(size) = options.segment_size {
                config = config.segment_size(size);
            }
        }
        guard::forget_log();
        let db = open(&config, doing, path)?;
        memory::give_back();
        let settings = Settings {
            segment_size: config.segment_size,
            compression: config.use_compression,
            version: crate::files::conf::VERSION,
        };
        Ok(Store {
            path: path.clone(),
            settings,
            health,
            read_only: options.read_only,
            db: RwLock::new(Some(db)),
            failed: Mutex::default(),
            dependents: Mutex::default(),
            syncer: Mutex::default(),
            tide: Tide::default(),
        })
    }

    /// Runs `work` with the open database.
    ///
    /// # Errors
    /// STORE_FAILED when the store is closed; what writing failed with before; what `work` returns.
    pub fn with<T>(&self, work: impl FnOnce(&Db) -> Outcome<T>) -> Outcome<T> {
        guard::about(&self.path);
        if let Some(fault) = self.fault() {
            return Err(fault);
        }
        let db = self.db.read().unwrap_or_else(PoisonError::into_inner);
        match db.as_ref() {
            Some(db) => work(db).map_err(|f| f.at(&self.path)),
            None => Err(SledFault::new(Code::StoreFailed, "the store is closed").at(&self.path)),
        }
    }

    /// Runs `work` with the open database, which it may change.
    ///
    /// # Errors
    /// STORE_FAILED when the store is closed or was opened only to be read; what `work` returns.
    pub fn with_writable<T>(&self, work: impl FnOnce(&Db) -> Outcome<T>) -> Outcome<T> {
        if self.read_only {
            return Err(SledFault::new(Code::StoreFailed, "the store was opened only to be read").at(&self.path));
        }
        let mut panicking = FailOnPanic { store: self, armed: true };
        let outcome = self.with(work);
        panicking.armed = false;
        if let Err(fault) = &outcome
            && fault.code.ends_store()
        {
            self.fail(fault.clone());
        }
        outcome
    }

    fn fault(&self) -> Option<SledFault> {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn fail(&self, fault: SledFault) {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(fault);
    }

    /// Names of all trees, the default tree's too, in byte order.
    pub fn trees(&self) -> Outcome<Vec<Vec<u8>>> {
        self.with(|db| {
            let mut names: Vec<Vec<u8>> = db.tree_names().iter().map(|name| name.to_vec()).collect();
            names.sort_unstable();
            Ok(names)
        })
    }

    /// Makes those trees that are not there.
    pub fn create_trees(&self, names: &[Vec<u8>]) -> Outcome<()> {
        self.with_writable(|db| {
            let what = || match names {
                [name] => format!("making tree {}", printable(name)),
                names => format!("making {} trees", names.len()),
            };
            sled::trees::make(db, names).map_err(|e| SledFault::sled(&e, Doing::Writing, &what()))
        })
    }

    /// Sees that `generate_id` gives no id below `next`.
    pub fn raise_ids(&self, next: u64) -> Outcome<()> {
        self.with_writable(|db| {
            sled::ids::raise(db, next).map_err(|e| SledFault::sled(&e, Doing::Writing, "writing the counter of ids"))
        })
    }

    /// Makes all that was written durable: sled's flush, then the files that it does not sync.
    pub fn flush(&self) -> Outcome<()> {
        if self.read_only {
            return self.with(|_| Ok(()));
        }
        self.with_writable(|db| {
            db.flush().map_err(|e| SledFault::sled(&e, Doing::Writing, "flushing"))?;
            self.syncer.lock().unwrap_or_else(PoisonError::into_inner).sync(&self.path)
        })
    }

    /// Remembers what is at work on the store, to end it when the store is closed.
    pub fn register(&self, dependent: Weak<dyn Dependent>) {
        let mut dependents = self.dependents.lock().unwrap_or_else(PoisonError::into_inner);
        dependents.retain(|dependent| dependent.strong_count() > 0);
        dependents.push(dependent);
    }

    /// Ends all that is at work on it, flushes, lets go of the store, and waits until its directory can be opened or renamed
    /// by anyone. A second call does nothing. When writing failed before, that was told then: sled is given a moment to let go, and
    /// is left behind with its lock if it does not.
    ///
    /// # Errors
    /// What flushing fails with; the store is closed then, too.
    pub fn close(&self) -> Outcome<()> {
        guard::about(&self.path);
        let mut slot = self.db.write().unwrap_or_else(PoisonError::into_inner);
        let Some(db) = slot.take() else { return Ok(()) };
        drop(slot);
        let dependents = std::mem::take(&mut *self.dependents.lock().unwrap_or_else(PoisonError::into_inner));
        for fault in dependents.iter().filter_map(Weak::upgrade).filter_map(|dependent| dependent.end().err()) {
            if fault.code.ends_store() {
                self.fail(fault);
            }
        }
        if self.fault().is_some() || self.health.check().is_err() {
            guard::drop_elsewhere(db, ABANDON_WAIT);
            return Ok(());
        }
        if self.read_only {
            drop(db);
        } else {
            let flushed = db.flush().map_err(|e| SledFault::sled(&e, Doing::Writing, "flushing").at(&self.path));
            if let Err(fault) = flushed {
                guard::drop_elsewhere(db, ABANDON_WAIT);
                return Err(fault);
            }
            drop(db);
            self.syncer.lock().unwrap_or_else(PoisonError::into_inner).sync(&self.path)?;
        }
        // Whoever else takes the lock in the meantime proves that sled has let it go.
        let _ = lock::acquire(&self.path, CLOSE_WAIT);
        memory::give_back();
        Ok(())
    }
}

/// Remembers that sled panicked while writing.
struct FailOnPanic<'a> {
    store: &'a Store,
    armed: bool,
}

impl Drop for FailOnPanic<'_> {
    fn drop(&mut self) {
        if self.armed {
            let fault = SledFault::new(Code::StoreFailed, "sled gave up while writing before").at(&self.store.path);
            self.store.fail(fault);
        }
    }
}

/// The tree of that name, never a new one.
pub fn existing_tree(db: &Db, name: &[u8]) -> Outcome<sled::Tree> {
    sled::trees::existing(db, name)
        .ok_or_else(|| SledFault::new(Code::KeyspaceUnknown, format!("there is no tree {}", printable(name))))
}
