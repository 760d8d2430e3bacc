//! Table files of one family, written from entries in its order, which a store then takes in at once.
//!
//! Contract: used by one thread at a time. The files lie in a directory of the caller's until they are ingested, which moves
//! them; those of a load that is given up stay there, and go with the directory.

use std::ffi::{c_char, CString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::ptr;

use crate::error::{take_message, Fault, Outcome};
use crate::ffi;
use crate::handle::{c_string, Database, Options};

/// A table that has so many bytes is finished.
const TABLE_BYTES: u64 = 64 << 20;

/// The tables of one family, so far.
pub struct Tables {
    options: Options,
    directory: PathBuf,
    number: usize,
    writer: Option<Writer>,
    files: Vec<CString>,
    entries: u64,
}

impl Tables {
    /// No table yet. `options` are those of the family: its comparator, compression and table format. `number` tells its files from
    /// those of other families.
    pub fn new(options: Options, directory: &Path, number: usize) -> Self {
        Self { options, directory: directory.to_owned(), number, writer: None, files: Vec::new(), entries: 0 }
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
        let writer = match &self.writer {
            Some(writer) => writer,
            None => {
                let path = self.directory.join(format!("{:06}-{:06}.sst", self.number, self.files.len()));
                self.files.push(c_string(path.as_os_str().as_bytes(), "path")?);
                self.writer.insert(Writer::open(&self.options, &path)?)
            }
        };
        writer.put(key, value)?;
        self.entries += 1;
        Ok(())
    }

    /// Finishes the table that is being written; what comes next begins another one.
    pub fn finish_table(&mut self) -> Outcome<()> {
        self.writer.take().map_or(Ok(()), |writer| writer.finish())
    }

    /// Finishes the last table and moves all of them into the store.
    ///
    /// Errors: DUMP_ORDER_BROKEN when tables overlap, NO_SPACE, IO_FAILED.
    pub fn ingest(mut self, database: &Database, family: *mut ffi::rocksdb_column_family_handle_t) -> Outcome<()> {
        self.finish_table()?;
        if self.files.is_empty() {
            return Ok(());
        }
        let files: Vec<_> = self.files.iter().map(|file| file.as_ptr()).collect();
        // SAFETY: the array has as many members as said; the options are ours, destroyed once, after the call.
        let taken = database.call(|db, error| unsafe {
            let options = ffi::rocksdb_ingestexternalfileoptions_create();
            ffi::rocksdb_ingestexternalfileoptions_set_move_files(options, 1);
            ffi::rocksdb_ingest_external_file_cf(db, family, files.as_ptr(), files.len(), options, error);
            ffi::rocksdb_ingestexternalfileoptions_destroy(options);
        });
        match taken {
            Err(fault) if fault.message.contains("overlapping ranges") => {
                Err(Fault::new("DUMP_ORDER_BROKEN", "keys that were far apart are not in the order of the family"))
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
}

// SAFETY: a plain C++ object; it is only used by the thread that has it.
unsafe impl Send for Writer {}

impl Writer {
    fn open(options: &Options, path: &Path) -> Outcome<Self> {
        let c_path = c_string(path.as_os_str().as_bytes(), "path")?;
        // SAFETY: the writer copies the options, and holds on to those of the environment, which live as long as it.
        let writer = unsafe {
            let env = ffi::rocksdb_envoptions_create();
            Self { env, writer: ffi::rocksdb_sstfilewriter_create(env, options.as_ptr()), path: path.to_owned() }
        };
        // SAFETY: all pointers are valid for the call.
        writer.call(|this, error| unsafe { ffi::rocksdb_sstfilewriter_open(this, c_path.as_ptr(), error) })?;
        Ok(writer)
    }

    fn put(&self, key: &[u8], value: &[u8]) -> Outcome<()> {
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

    fn finish(self) -> Outcome<()> {
        // SAFETY: the pointers are valid for the call.
        self.call(|this, error| unsafe { ffi::rocksdb_sstfilewriter_finish(this, error) })
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
