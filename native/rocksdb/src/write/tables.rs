//! Table files of one family, written from entries in its order, which a store then takes in at once.
//!
//! Contract: used by one thread at a time. The files lie in a directory of the caller's until they are ingested, which moves
//! them; those of a load that is given up stay there, and go with the directory.

use std::ffi::{c_char, c_uchar, CString, OsStr};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::ptr;
use std::sync::Arc;

use crate::error::{take_message, Fault, Outcome, Reason as _};
use crate::ffi;
use crate::handle::{c_string, Database, Options};

extern "C" {
    fn rocksdb_ingestexternalfileoptions_set_allow_global_seqno(
        options: *mut ffi::rocksdb_ingestexternalfileoptions_t,
        on: c_uchar,
    );
}

/// A table that has so many bytes is finished.
const TABLE_BYTES: u64 = 64 << 20;

/// Whether an entry is so large that it should not be kept in memory longer than needed.
pub fn is_huge(key: &[u8], value: &[u8]) -> bool {
    key.len() as u64 + value.len() as u64 >= TABLE_BYTES
}

/// The tables of one family, so far.
pub struct Tables {
    options: Arc<Options>,
    directory: PathBuf,
    /// Gives each file a name of its own.
    name: Box<dyn FnMut() -> String + Send>,
    writer: Option<Writer>,
    files: Vec<CString>,
    /// First and last key of each file that is finished.
    bounds: Vec<(Vec<u8>, Vec<u8>)>,
    entries: u64,
}

/// A table that is finished.
pub struct MadeTable {
    pub path: PathBuf,
    pub first: Vec<u8>,
    pub last: Vec<u8>,
}

impl Tables {
    /// No table yet. `options` are those of the family: its comparator, compression and table format. `name` gives each file in `directory`
    /// a name of its own.
    pub fn new(options: Arc<Options>, directory: &Path, name: impl FnMut() -> String + Send + 'static) -> Self {
        let (files, bounds) = (Vec::new(), Vec::new());
        let (directory, name) = (directory.to_owned(), Box::new(name));
        Self { options, directory, name, writer: None, files, bounds, entries: 0 }
    }

    /// How many entries there are so far.
    pub fn entries(&self) -> u64 {
        self.entries
    }

    /// Adds the next entry.
    ///
    /// Errors: DUMP_ORDER_BROKEN for a key that does not come after the one before it, NO_SPACE, IO_FAILED.
    pub fn put(&mut self, key: &[u8], value: &[u8]) -> Outcome<()> {
        if self.writer.as_ref().is_some_and(|writer| writer.size() >= TABLE_BYTES) {
            self.finish_table()?;
        }
        let writer = match &mut self.writer {
            Some(writer) => writer,
            None => {
                let path = self.directory.join((self.name)());
                self.files.push(c_string(path.as_os_str().as_bytes(), "path")?);
                self.writer.insert(Writer::open(&self.options, &path)?)
            }
        };
        writer.put(key, value)?;
        self.entries += 1;
        // The writer has a copy of such a one until the next comes or the table is finished, and it is large enough for a table.
        if is_huge(key, value) {
            self.finish_table()?;
        }
        Ok(())
    }

    /// Finishes the table that is being written; what comes next begins another one.
    pub fn finish_table(&mut self) -> Outcome<()> {
        let Some(writer) = self.writer.take() else { return Ok(()) };
        self.bounds.push(writer.finish()?);
        Ok(())
    }

    /// Finishes the last table; all of them, in the order in which they were written.
    ///
    /// Errors: NO_SPACE, IO_FAILED.
    pub fn finish(mut self) -> Outcome<Vec<MadeTable>> {
        self.finish_table()?;
        let path = |file: CString| PathBuf::from(OsStr::from_bytes(file.as_bytes()));
        let made = |(file, (first, last))| MadeTable { path: path(file), first, last };
        Ok(self.files.into_iter().zip(self.bounds).map(made).collect())
    }

    /// Finishes the last table and moves all of them into the store. Nothing is in a `fresh` family before.
    ///
    /// Errors: DUMP_ORDER_BROKEN when tables overlap, NO_SPACE, IO_FAILED.
    pub fn ingest(
        mut self,
        database: &Database,
        family: *mut ffi::rocksdb_column_family_handle_t,
        fresh: bool,
    ) -> Outcome<()> {
        self.finish_table()?;
        if self.files.is_empty() {
            return Ok(());
        }
        let files: Vec<_> = self.files.iter().map(|file| file.as_ptr()).collect();
        // SAFETY: the array has as many members as said; the options are ours, destroyed once, after the call.
        let taken = database.call(|db, error| unsafe {
            let options = ffi::rocksdb_ingestexternalfileoptions_create();
            ffi::rocksdb_ingestexternalfileoptions_set_move_files(options, 1);
            // RocksDB takes tables that overlap since 9.1, the later one before the earlier; where nothing was before, it means that the keys were not in order.
            rocksdb_ingestexternalfileoptions_set_allow_global_seqno(options, c_uchar::from(!fresh));
            ffi::rocksdb_ingest_external_file_cf(db, family, files.as_ptr(), files.len(), options, error);
            ffi::rocksdb_ingestexternalfileoptions_destroy(options);
        });
        match taken {
            Err(fault)
                if ["overlapping ranges", "Global seqno is required"]
                    .iter()
                    .any(|part| fault.message.contains(part)) =>
            {
                let problem = "keys that were far apart are not in the order of the family";
                Err(Fault::new("DUMP_ORDER_BROKEN", problem).at(database.path()))
            }
            taken => taken,
        }
    }
}

/// A table that is being written.
struct Writer {
    env: *mut ffi::rocksdb_envoptions_t,
    writer: *mut ffi::rocksdb_sstfilewriter_t,
    path: PathBuf,
    first: Option<Vec<u8>>,
    last: Vec<u8>,
}

// SAFETY: a plain C++ object; it is only used by the thread that has it.
unsafe impl Send for Writer {}

impl Writer {
    fn open(options: &Options, path: &Path) -> Outcome<Self> {
        let c_path = c_string(path.as_os_str().as_bytes(), "path")?;
        // SAFETY: the writer copies the options, and holds on to those of the environment, which live as long as it.
        let writer = unsafe {
            let env = ffi::rocksdb_envoptions_create();
            let writer = ffi::rocksdb_sstfilewriter_create(env, options.as_ptr());
            Self { env, writer, path: path.to_owned(), first: None, last: Vec::new() }
        };
        // SAFETY: all pointers are valid for the call.
        writer.call(|this, error| unsafe { ffi::rocksdb_sstfilewriter_open(this, c_path.as_ptr(), error) })?;
        Ok(writer)
    }

    fn put(&mut self, key: &[u8], value: &[u8]) -> Outcome<()> {
        self.last.clear();
        self.last.extend_from_slice(key);
        if self.first.is_none() {
            self.first = Some(key.to_vec());
        }
        self.call(|this, error| {
            // SAFETY: the library copies both.
            unsafe {
                ffi::rocksdb_sstfilewriter_put(
                    this,
                    key.as_ptr().cast(),
                    key.len(),
                    value.as_ptr().cast(),
                    value.len(),
                    error,
                );
            }
        })
    }

    /// Bytes that are in the file so far.
    fn size(&self) -> u64 {
        let mut size = 0;
        // SAFETY: all pointers are valid for the call.
        unsafe { ffi::rocksdb_sstfilewriter_file_size(self.writer, &raw mut size) };
        size
    }

    /// Finishes the table: its first and last key.
    fn finish(mut self) -> Outcome<(Vec<u8>, Vec<u8>)> {
        // SAFETY: the pointers are valid for the call.
        self.call(|this, error| unsafe { ffi::rocksdb_sstfilewriter_finish(this, error) })?;
        Ok((self.first.take().unwrap_or_default(), std::mem::take(&mut self.last)))
    }

    fn call(&self, run: impl FnOnce(*mut ffi::rocksdb_sstfilewriter_t, *mut *mut c_char)) -> Outcome<()> {
        let mut error = ptr::null_mut();
        run(self.writer, &raw mut error);
        // SAFETY: set by the library in `run`.
        match unsafe { take_message(error) } {
            None => Ok(()),
            Some(message) if message.contains("ascending order") => {
                let problem = "a key does not come after the one before it, in the order of the family";
                Err(Fault::new("DUMP_ORDER_BROKEN", problem))
            }
            Some(message) => Err(Fault::rocksdb(&message, &self.path)),
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        // SAFETY: ours, destroyed once: the writer before what it uses.
        unsafe {
            ffi::rocksdb_sstfilewriter_destroy(self.writer);
            ffi::rocksdb_envoptions_destroy(self.env);
        }
    }
}
