//! Reads the keys of one table file, all versions of them, removals too.
//!
//! Contract: used by one thread at a time; the file is only read. Checksums are checked as the file is read.

use std::ffi::{c_char, CString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::ptr;

use crate::error::{take_message, Fault, Outcome, Reason as _};
use crate::ffi;
use crate::handle::{c_string, Options};

/// Sequence number and kind of an entry follow its key, in eight bytes, the kind in the lowest.
const TRAILER: usize = 8;

/// An open table file.
struct Table {
    raw: *mut ffi::kgd_table,
    path: PathBuf,
}

impl Table {
    fn open(path: &Path, options: &Options) -> Outcome<Self> {
        let c_path: CString = c_string(path.as_os_str().as_bytes(), "path")?;
        let mut error = ptr::null_mut();
        // SAFETY: all pointers are valid for the call; the library copies the options.
        let raw = unsafe { ffi::kgd_table_open(options.as_ptr(), c_path.as_ptr(), &raw mut error) };
        // SAFETY: set by the call above, allocated as the library's own messages are.
        if let Some(message) = unsafe { take_message(error) } {
            return Err(Fault::rocksdb(&message, path));
        }
        Ok(Self { raw, path: path.to_owned() })
    }

    /// How many ranges of keys the table removes; `None` when RocksDB does not tell.
    fn range_deletions(&self) -> Option<u64> {
        // SAFETY: the table is open; the text is ours.
        let text = unsafe { take_message(ffi::kgd_table_properties(self.raw)) }?;
        text.split(';').find_map(|property| property.trim().strip_prefix("# range deletions=")?.trim().parse().ok())
    }

    /// The internal key that the table stands on.
    fn key(&self) -> Outcome<Option<&[u8]>> {
        let (mut key, mut length, mut error): (*const c_char, usize, _) = (ptr::null(), 0, ptr::null_mut());
        // SAFETY: all pointers are valid for the call.
        let found = unsafe { ffi::kgd_table_key(self.raw, &raw mut key, &raw mut length, &raw mut error) };
        // SAFETY: set by the call above.
        if let Some(message) = unsafe { take_message(error) } {
            return Err(Fault::rocksdb(&message, &self.path));
        }
        if found == 0 {
            return Ok(None);
        }
        // SAFETY: the view lives until the table moves, which takes it mutably.
        Ok(Some(unsafe { std::slice::from_raw_parts(key.cast::<u8>(), length) }))
    }

    fn advance(&mut self) {
        // SAFETY: the table is open, and stands on an entry.
        unsafe { ffi::kgd_table_next(self.raw) };
    }
}

impl Drop for Table {
    fn drop(&mut self) {
        // SAFETY: ours, closed once.
        unsafe { ffi::kgd_table_close(self.raw) };
    }
}

/// Calls `each` with every key of the table file at `path` and its sequence number, in order; a key may come more than once.
///
/// `options` are those of the family. The result is false, and `each` not called, when the table removes ranges of keys.
///
/// Errors: STORE_DAMAGED, IO_FAILED and what else reading fails with; what `each` returns.
pub fn read_keys(path: &Path, options: &Options, mut each: impl FnMut(&[u8], u64) -> Outcome<()>) -> Outcome<bool> {
    let mut table = Table::open(path, options)?;
    if table.range_deletions() != Some(0) {
        return Ok(false);
    }
    while let Some(internal) = table.key()? {
        let Some((key, trailer)) = internal.split_last_chunk::<TRAILER>() else {
            return Err(Fault::new("STORE_DAMAGED", format!("a key of {} is too short", path.display())).at(path));
        };
        each(key, u64::from_le_bytes(*trailer) >> 8)?;
        table.advance();
    }
    Ok(true)
}
