//! Owners of RocksDB's C objects, so that each is destroyed once and in the right order.
//!
//! Contract: a `Database` may be used from any thread (RocksDB's own promise); iterators keep an `Arc` of it, so that it
//! is closed only when the last of them is gone.

use std::collections::HashMap;
use std::ffi::{c_char, c_int, c_uint, c_void, CStr, CString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::ptr;
use std::sync::Arc;

use crate::error::{take_message, Fault, Outcome, Reason as _};
use crate::ffi;

/// Options of a database or a family.
pub struct Options(*mut ffi::rocksdb_options_t);

// SAFETY: a plain C++ object; who changes it is the only one that has it.
unsafe impl Send for Options {}
// SAFETY: once several have it, it is only given to RocksDB, which reads and copies it.
unsafe impl Sync for Options {}

impl Options {
    pub fn new() -> Self {
        // SAFETY: no arguments.
        Self(unsafe { ffi::rocksdb_options_create() })
    }

    /// RocksDB's default options changed by `text`, as `name=value;name={…}`.
    ///
    /// Errors: USAGE when RocksDB does not understand it.
    pub fn from_text(text: &str) -> Outcome<Self> {
        let (base, options) = (Self::new(), Self::new());
        let c_text = c_string(text.as_bytes(), "options")?;
        let mut error = ptr::null_mut();
        // SAFETY: all pointers are valid for the call.
        unsafe { ffi::rocksdb_get_options_from_string(base.0, c_text.as_ptr(), options.0, &raw mut error) };
        // SAFETY: set by the call above.
        match unsafe { take_message(error) } {
            Some(message) => {
                Err(Fault::new("USAGE", format!("RocksDB does not take the options \"{text}\": {message}")))
            }
            None => Ok(options),
        }
    }

    pub fn as_ptr(&self) -> *mut ffi::rocksdb_options_t {
        self.0
    }

    /// Sends RocksDB's own log to nowhere, so that it makes no file.
    pub fn silence(&self) {
        // SAFETY: the options share the logger, so our handle of it may go.
        unsafe {
            let logger = ffi::rocksdb_logger_create_callback_logger(ffi::LOG_NOTHING, ignore, ptr::null_mut());
            ffi::rocksdb_options_set_info_log(self.0, logger);
            ffi::rocksdb_logger_destroy(logger);
        }
    }
}

impl Drop for Options {
    fn drop(&mut self) {
        // SAFETY: ours, destroyed once.
        unsafe { ffi::rocksdb_options_destroy(self.0) };
    }
}

/// Options by the text that they were made of. Families whose texts are equal share them, and with them the block cache: to make both
/// takes as long as all else that is done for a small family.
#[derive(Default)]
pub struct OptionsByText(HashMap<String, Arc<Options>>);

impl OptionsByText {
    /// Options of this text, as `Options::from_text` makes them.
    ///
    /// Errors: USAGE when RocksDB does not understand it.
    pub fn get(&mut self, text: &str) -> Outcome<Arc<Options>> {
        if let Some(options) = self.0.get(text) {
            return Ok(Arc::clone(options));
        }
        let options = Arc::new(Options::from_text(text)?);
        self.0.insert(text.to_owned(), Arc::clone(&options));
        Ok(options)
    }
}

extern "C" fn ignore(_state: *mut c_void, _level: c_uint, _message: *mut c_char, _length: usize) {}

/// A 0-terminated copy of `bytes`.
pub fn c_string(bytes: &[u8], what: &str) -> Outcome<CString> {
    CString::new(bytes).map_err(|_| {
        Fault::new("STORE_UNSUPPORTED", format!("the {what} \"{}\" has a zero byte", bytes.escape_ascii()))
            .hint("RocksDB's C interface would cut it off there: give it another name")
    })
}

/// An open database and its families.
pub struct Database {
    db: *mut ffi::rocksdb_t,
    /// Null for one that was left out.
    families: Vec<*mut ffi::rocksdb_column_family_handle_t>,
    /// Kept as long as the database: comparators and merge operators belong to them.
    _options: Vec<Arc<Options>>,
    path: PathBuf,
}

// SAFETY: RocksDB's databases and family handles may be used from all threads at once.
unsafe impl Send for Database {}
// SAFETY: as above.
unsafe impl Sync for Database {}

impl Database {
    /// Opens the store at `path` with these families; read-only, or writable. Families without options are left out, which only
    /// works read-only, and not for the first one, `default`; they keep their number.
    pub fn open(
        path: &Path,
        database: Options,
        families: Vec<(Vec<u8>, Option<Arc<Options>>)>,
        writable: bool,
    ) -> Outcome<Self> {
        let c_path = c_string(path.as_os_str().as_bytes(), "path")?;
        let mut names = Vec::new();
        let mut options = Vec::new();
        let mut opened = Vec::new();
        for (name, family_options) in families {
            opened.push(family_options.is_some());
            let Some(family_options) = family_options else { continue };
            names.push(c_string(&name, "family name").map_err(|fault| fault.at(path))?);
            options.push(family_options);
        }
        let name_pointers: Vec<_> = names.iter().map(|name| name.as_ptr()).collect();
        let option_pointers: Vec<_> = options.iter().map(|options| options.as_ptr().cast_const()).collect();
        let mut handles = vec![ptr::null_mut(); names.len()];
        let mut error = ptr::null_mut();
        let count = names.len() as c_int;
        // SAFETY: all arrays have `count` members and live through the call.
        let db = unsafe {
            if writable {
                ffi::rocksdb_open_column_families(
                    database.as_ptr(),
                    c_path.as_ptr(),
                    count,
                    name_pointers.as_ptr(),
                    option_pointers.as_ptr(),
                    handles.as_mut_ptr(),
                    &raw mut error,
                )
            } else {
                ffi::rocksdb_open_for_read_only_column_families(
                    database.as_ptr(),
                    c_path.as_ptr(),
                    count,
                    name_pointers.as_ptr(),
                    option_pointers.as_ptr(),
                    handles.as_mut_ptr(),
                    0,
                    &raw mut error,
                )
            }
        };
        // SAFETY: set by the call above.
        if let Some(message) = unsafe { take_message(error) } {
            return Err(Fault::rocksdb(&message, path));
        }
        options.push(Arc::new(database));
        let mut handles = handles.into_iter();
        let mut next = |is_open| if is_open { handles.next() } else { None };
        let families = opened.into_iter().map(|is_open| next(is_open).unwrap_or(ptr::null_mut())).collect();
        Ok(Self { db, families, _options: options, path: path.to_owned() })
    }

    pub fn as_ptr(&self) -> *mut ffi::rocksdb_t {
        self.db
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Handle of the family with this number, in the order in which they were given and created.
    pub fn family(&self, index: usize) -> Outcome<*mut ffi::rocksdb_column_family_handle_t> {
        self.families
            .get(index)
            .copied()
            .filter(|family| !family.is_null())
            .ok_or_else(|| Fault::new("INTERNAL", format!("the family number {index} is not open")))
    }

    pub fn family_count(&self) -> usize {
        self.families.len()
    }

    /// Creates a family and returns its number.
    pub fn create_family(&mut self, name: &[u8], options: Arc<Options>) -> Outcome<usize> {
        let c_name = c_string(name, "family name")?;
        let handle = self.call(|db, error| {
            // SAFETY: the pointers are valid for the call.
            unsafe { ffi::rocksdb_create_column_family(db, options.as_ptr(), c_name.as_ptr(), error) }
        })?;
        self.families.push(handle);
        self._options.push(options);
        Ok(self.families.len() - 1)
    }

    /// Lets the handle of a family go, whose number the next one then has.
    pub fn forget_family(&mut self, index: usize) {
        if index < self.families.len() {
            // SAFETY: ours, destroyed once.
            unsafe { ffi::rocksdb_column_family_handle_destroy(self.families.remove(index)) };
        }
    }

    /// Calls the library with an error slot, and makes a fault of what it leaves there.
    pub fn call<T>(&self, run: impl FnOnce(*mut ffi::rocksdb_t, *mut *mut c_char) -> T) -> Outcome<T> {
        let mut error = ptr::null_mut();
        let result = run(self.db, &raw mut error);
        // SAFETY: set by the library in `run`.
        match unsafe { take_message(error) } {
            Some(message) => Err(Fault::rocksdb(&message, &self.path)),
            None => Ok(result),
        }
    }

    /// The database id, as IDENTITY or MANIFEST has it.
    pub fn identity(&self) -> Option<String> {
        let mut length = 0;
        // SAFETY: the result is a buffer of `length` bytes that is ours.
        unsafe {
            let text = ffi::rocksdb_get_db_identity(self.db, &raw mut length);
            if text.is_null() {
                return None;
            }
            let id = String::from_utf8_lossy(std::slice::from_raw_parts(text.cast::<u8>(), length)).into_owned();
            ffi::rocksdb_free(text.cast());
            (!id.is_empty()).then_some(id)
        }
    }

    pub fn latest_sequence_number(&self) -> u64 {
        // SAFETY: the database is open.
        unsafe { ffi::rocksdb_get_latest_sequence_number(self.db) }
    }

    /// A property of a family that is a number; 0 when RocksDB does not tell.
    pub fn number(&self, family: usize, property: &CStr) -> u64 {
        let mut value = 0;
        let Ok(handle) = self.family(family) else { return 0 };
        // SAFETY: all pointers are valid for the call.
        let failed = unsafe { ffi::rocksdb_property_int_cf(self.db, handle, property.as_ptr(), &raw mut value) };
        if failed == 0 {
            value
        } else {
            0
        }
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // SAFETY: ours, destroyed once: handles first, then the database; the options after it.
        unsafe {
            for &family in self.families.iter().filter(|family| !family.is_null()) {
                ffi::rocksdb_column_family_handle_destroy(family);
            }
            ffi::rocksdb_close(self.db);
        }
    }
}
