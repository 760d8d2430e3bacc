//! Operations that a store does all at once or not at all.
//!
//! Contract: used by one thread at a time. The library copies what is put in.

use std::ffi::c_char;

use crate::ffi;

/// Bytes as C has them; valid as long as they are.
pub fn chars(bytes: &[u8]) -> *const c_char {
    bytes.as_ptr().cast()
}

/// Operations that are written at once.
pub struct Batch(*mut ffi::rocksdb_writebatch_t);

impl Batch {
    pub fn new() -> Self {
        // SAFETY: no arguments.
        Self(unsafe { ffi::rocksdb_writebatch_create() })
    }

    pub fn as_ptr(&self) -> *mut ffi::rocksdb_writebatch_t {
        self.0
    }

    pub fn put(&self, family: *mut ffi::rocksdb_column_family_handle_t, key: &[u8], value: &[u8]) {
        // SAFETY: the library copies both.
        unsafe { ffi::rocksdb_writebatch_put_cf(self.0, family, chars(key), key.len(), chars(value), value.len()) };
    }

    pub fn merge(&self, family: *mut ffi::rocksdb_column_family_handle_t, key: &[u8], operand: &[u8]) {
        // SAFETY: the library copies both.
        unsafe {
            ffi::rocksdb_writebatch_merge_cf(self.0, family, chars(key), key.len(), chars(operand), operand.len())
        };
    }

    pub fn delete(&self, family: *mut ffi::rocksdb_column_family_handle_t, key: &[u8]) {
        // SAFETY: the library copies the key.
        unsafe { ffi::rocksdb_writebatch_delete_cf(self.0, family, chars(key), key.len()) };
    }

    pub fn delete_range(&self, family: *mut ffi::rocksdb_column_family_handle_t, from: &[u8], to: &[u8]) {
        // SAFETY: the library copies both.
        unsafe {
            ffi::rocksdb_writebatch_delete_range_cf(self.0, family, chars(from), from.len(), chars(to), to.len())
        };
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        // SAFETY: ours, destroyed once.
        unsafe { ffi::rocksdb_writebatch_destroy(self.0) };
    }
}
