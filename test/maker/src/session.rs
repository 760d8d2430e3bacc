//! An open store: does to RocksDB what the lines of a plan say.
//!
//! Contract: one session lives in a process of its own, which ends with it (see main.rs). So what the library gives is freed only
//! where closing a store properly needs it.

use std::collections::BTreeMap;
use std::ffi::{CStr, CString, c_char, c_int};
use std::path::Path;
use std::ptr::{null, null_mut};

use crate::Outcome;
use crate::changes::{add, prepared, within, write_table};
use crate::ffi::*;
use crate::model::Model;
use crate::options::Texts;
use crate::plan::{Change, Line, Mode, hex};

/// Calls a function that reports failures into its last argument.
macro_rules! call {
    ($function:ident($($argument:expr),* $(,)?)) => {{
        let mut error: *mut std::ffi::c_char = std::ptr::null_mut();
        // SAFETY: the call is made as rocksdb/c.h describes it: pointers come from the library and are not closed yet, or
        // outlive the call, and the error pointer starts as null.
        let result = unsafe { $function($($argument,)* &raw mut error) };
        failure(error).map(|()| result)
    }};
}
pub(crate) use call;

pub struct Session {
    mode: Mode,
    texts: Texts,
    /// The database by what its kind of functions take, and as the plain one below it.
    db: Pointer,
    base: Pointer,
    families: BTreeMap<Vec<u8>, (Pointer, Pointer)>,
    transactions: BTreeMap<Vec<u8>, Pointer>,
    write_options: Pointer,
    batch: Option<Pointer>,
}

/// The message that a call left, as an error.
pub fn failure(error: *mut c_char) -> Outcome<()> {
    if error.is_null() {
        return Ok(());
    }
    // SAFETY: the library made it, zero-terminated, and nobody else frees it.
    let message = unsafe {
        let text = CStr::from_ptr(error).to_string_lossy().into_owned();
        rocksdb_free(error.cast());
        text
    };
    Err(message.into())
}

pub fn c_path(path: &Path) -> Outcome<CString> {
    Ok(CString::new(path.as_os_str().as_encoded_bytes())?)
}

/// Lets RocksDB repair the store.
///
/// # Errors
/// RocksDB's.
pub fn repair(texts: &Texts, model: &Model) -> Outcome<()> {
    let (options, path) = (texts.store(model)?, c_path(&texts.store)?);
    call!(rocksdb_repair_db(options, path.as_ptr()))
}

impl Session {
    /// Opens the store at `path`, and makes it and its families when they aren't there.
    ///
    /// # Errors
    /// RocksDB's.
    pub fn open(path: &Path, mode: Mode, texts: Texts, model: &Model, logged: bool, sync: bool) -> Outcome<Self> {
        let path = c_path(path)?;
        let options = texts.store(model)?;
        let names: Vec<CString> =
            model.families.iter().map(|f| CString::new(f.name.clone())).collect::<Result<_, _>>()?;
        let name_pointers: Vec<_> = names.iter().map(|name| name.as_ptr()).collect();
        let family_options: Vec<Pointer> =
            model.families.iter().map(|family| texts.family(model, family)).collect::<Outcome<_>>()?;
        let mut handles = vec![null_mut(); names.len()];
        let count = c_int::try_from(names.len())?;
        let (n, o, h) = (name_pointers.as_ptr(), family_options.as_ptr(), handles.as_mut_ptr());
        let p = path.as_ptr();
        let db = match mode {
            Mode::Plain => call!(rocksdb_open_column_families(options, p, count, n, o, h))?,
            Mode::Ttl(seconds) => {
                let seconds = vec![seconds; names.len()];
                call!(rocksdb_open_column_families_with_ttl(options, p, count, n, o, h, seconds.as_ptr()))?
            }
            Mode::Transactions(policy) => {
                // SAFETY: what was just made is given on.
                let transactions = unsafe {
                    let made = rocksdb_transactiondb_options_create();
                    maker_set_write_policy(made, policy);
                    made
                };
                call!(rocksdb_transactiondb_open_column_families(options, transactions, p, count, n, o, h))?
            }
        };
        let transactional = matches!(mode, Mode::Transactions(_));
        // SAFETY: the database is open; the options are new.
        let (base, write_options) = unsafe {
            let write_options = rocksdb_writeoptions_create();
            rocksdb_writeoptions_disable_WAL(write_options, c_int::from(!logged));
            rocksdb_writeoptions_set_sync(write_options, u8::from(sync));
            (if transactional { rocksdb_transactiondb_get_base_db(db) } else { db }, write_options)
        };
        let pairs = handles.into_iter().zip(family_options);
        let families = model.families.iter().map(|family| family.name.clone()).zip(pairs).collect();
        let transactions = if transactional { prepared(db)? } else { BTreeMap::new() };
        Ok(Self { mode, texts, db, base, families, transactions, write_options, batch: None })
    }

    /// Closes the store as a program does that ends well.
    pub fn close(self) {
        // SAFETY: all of it is open, and nothing uses it later.
        unsafe {
            for transaction in self.transactions.into_values() {
                rocksdb_transaction_destroy(transaction);
            }
            for (handle, _) in self.families.into_values() {
                rocksdb_column_family_handle_destroy(handle);
            }
            if matches!(self.mode, Mode::Transactions(_)) {
                rocksdb_transactiondb_close_base_db(self.base);
                rocksdb_transactiondb_close(self.db);
            } else {
                rocksdb_close(self.db);
            }
        }
    }

    /// Does a line. `model` is what the store holds before it.
    ///
    /// # Errors
    /// RocksDB's, and when the line makes no sense where it stands.
    pub fn apply(&mut self, line: &Line, model: &Model) -> Outcome<()> {
        match line {
            Line::Change(family, change) => self.change(family, change),
            Line::Batch => {
                // SAFETY: makes something new.
                self.batch = Some(unsafe { rocksdb_writebatch_create() });
                Ok(())
            }
            Line::Write => {
                let batch = self.batch.take().ok_or("there is no batch")?;
                self.write(batch)
            }
            Line::Wal(on) => {
                // SAFETY: the options live as long as the session.
                unsafe { rocksdb_writeoptions_disable_WAL(self.write_options, c_int::from(!on)) };
                Ok(())
            }
            Line::Sync(on) => {
                // SAFETY: as above.
                unsafe { rocksdb_writeoptions_set_sync(self.write_options, u8::from(*on)) };
                Ok(())
            }
            Line::Flush(family) => self.flush(family),
            Line::FlushLog => call!(rocksdb_flush_wal(self.base, 0)),
            Line::Compact(family) => self.compact(family),
            Line::Drop(family) => {
                let (handle, _) = self.families.remove(family).ok_or("there is no such family")?;
                call!(rocksdb_drop_column_family(self.base, handle))
            }
            Line::Ingest(family, behind) => {
                self.flush(family)?;
                self.ingest(family, model.rows(), *behind)
            }
            Line::Begin(_) | Line::Within(..) | Line::Prepare(_) | Line::Commit(_) | Line::Rollback(_) => {
                self.transact(line)
            }
            Line::Checkpoint(directory) => self.checkpoint(directory),
            Line::Backup(backups, restored) => self.backup(backups, restored),
            Line::Check => self.check(model),
            _ => Ok(()),
        }
    }

    fn handle(&self, family: &[u8]) -> Outcome<Pointer> {
        Ok(self.families.get(family).ok_or_else(|| format!("family {} is not open", hex(family)))?.0)
    }

    fn change(&mut self, family: &[u8], change: &Change) -> Outcome<()> {
        let handle = self.handle(family)?;
        if let Some(batch) = self.batch {
            return add(batch, handle, change);
        }
        // SAFETY: makes something new.
        let batch = unsafe { rocksdb_writebatch_create() };
        add(batch, handle, change)?;
        self.write(batch)
    }

    fn write(&mut self, batch: Pointer) -> Outcome<()> {
        if matches!(self.mode, Mode::Transactions(_)) {
            call!(rocksdb_transactiondb_write(self.db, self.write_options, batch))?;
        } else {
            call!(rocksdb_write(self.db, self.write_options, batch))?;
        }
        // SAFETY: it was written, and nobody has it but this function.
        unsafe { rocksdb_writebatch_destroy(batch) };
        Ok(())
    }

    fn flush(&mut self, family: &[u8]) -> Outcome<()> {
        // A flush begins a new log; which changes the old one's buffer loses at a crash must not depend on that.
        call!(rocksdb_flush_wal(self.base, 0))?;
        // SAFETY: makes something new.
        let options = unsafe { rocksdb_flushoptions_create() };
        call!(rocksdb_flush_cf(self.base, options, self.handle(family)?))
    }

    /// Compacts a family whole, so that every table is written anew.
    fn compact(&mut self, family: &[u8]) -> Outcome<()> {
        let handle = self.handle(family)?;
        // RocksDB flushes what lies in memory; what that takes with it must not depend on whether there is anything.
        self.flush(family)?;
        // SAFETY: the database and the family are open; null is the end of all keys.
        unsafe {
            let options = rocksdb_compactoptions_create();
            rocksdb_compactoptions_set_bottommost_level_compaction(options, 2);
            rocksdb_compact_range_cf_opt(self.base, handle, options, null(), 0, null(), 0);
        }
        Ok(())
    }

    /// Writes the rows into a table outside of the store, and lets the store take it.
    fn ingest(&mut self, family: &[u8], rows: &[Change], behind: bool) -> Outcome<()> {
        let (handle, options) = *self.families.get(family).ok_or("there is no such family")?;
        let path = self.texts.outside("ingested.sst");
        let c = c_path(&path)?;
        write_table(&c, options, rows)?;
        // SAFETY: makes something new.
        let how = unsafe {
            let how = rocksdb_ingestexternalfileoptions_create();
            rocksdb_ingestexternalfileoptions_set_ingest_behind(how, u8::from(behind));
            how
        };
        call!(rocksdb_ingest_external_file_cf(self.base, handle, [c.as_ptr()].as_ptr(), 1, how))?;
        Ok(std::fs::remove_file(path)?)
    }

    fn transact(&mut self, line: &Line) -> Outcome<()> {
        let (Line::Begin(name)
        | Line::Within(name, ..)
        | Line::Prepare(name)
        | Line::Commit(name)
        | Line::Rollback(name)) = line
        else {
            return Ok(());
        };
        if matches!(line, Line::Begin(_)) {
            // SAFETY: the database is open as one for transactions, or RocksDB's own call below fails.
            let transaction = unsafe {
                let options = rocksdb_transaction_options_create();
                rocksdb_transaction_begin(self.db, self.write_options, options, null_mut())
            };
            call!(rocksdb_transaction_set_name(transaction, name.as_ptr(), name.len()))?;
            self.transactions.insert(name.clone(), transaction);
            return Ok(());
        }
        let transaction = *self.transactions.get(name).ok_or_else(|| format!("no transaction {}", hex(name)))?;
        match line {
            Line::Within(_, family, change) => return within(transaction, self.handle(family)?, change),
            Line::Prepare(_) => return call!(rocksdb_transaction_prepare(transaction)),
            Line::Commit(_) => call!(rocksdb_transaction_commit(transaction))?,
            _ => call!(rocksdb_transaction_rollback(transaction))?,
        }
        self.transactions.remove(name);
        // SAFETY: it has ended, and nothing uses it later.
        unsafe { rocksdb_transaction_destroy(transaction) };
        Ok(())
    }

    fn checkpoint(&mut self, directory: &Path) -> Outcome<()> {
        let made = if matches!(self.mode, Mode::Transactions(_)) {
            call!(rocksdb_transactiondb_checkpoint_object_create(self.db))?
        } else {
            call!(rocksdb_checkpoint_object_create(self.db))?
        };
        call!(rocksdb_flush_wal(self.base, 0))?;
        let directory = c_path(directory)?;
        call!(rocksdb_checkpoint_create(made, directory.as_ptr(), u64::MAX))
    }

    fn backup(&mut self, backups: &Path, restored: &Path) -> Outcome<()> {
        let (backups, restored) = (c_path(backups)?, c_path(restored)?);
        call!(rocksdb_flush_wal(self.base, 0))?;
        let engine = call!(rocksdb_backup_engine_open(self.texts.plain()?, backups.as_ptr()))?;
        call!(rocksdb_backup_engine_create_new_backup(engine, self.base))?;
        // SAFETY: makes something new.
        let options = unsafe { rocksdb_restore_options_create() };
        let to = restored.as_ptr();
        call!(rocksdb_backup_engine_restore_db_from_latest_backup(engine, to, to, options))?;
        // SAFETY: nothing uses it later.
        unsafe { rocksdb_backup_engine_close(engine) };
        Ok(())
    }

    /// Compares what RocksDB shows with the model.
    fn check(&self, model: &Model) -> Outcome<()> {
        for (name, (handle, _)) in &self.families {
            let transactional = matches!(self.mode, Mode::Transactions(_));
            let shown = crate::check::shown(self.db, *handle, transactional)?;
            crate::check::compare(name, shown, model.entries(name)?)?;
        }
        Ok(())
    }
}
