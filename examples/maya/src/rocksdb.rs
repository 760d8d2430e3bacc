//! The few calls of the crate `rocksdb` that the example needs, by the same names, over RocksDB's C API. The crate itself compiles RocksDB
//! for half an hour and needs libclang; this is linked to a library that is there already. The declarations are those of rocksdb/c.h.
//!
//! Contract: a handle is freed when it is dropped, and used by one thread; errors that the library gives are freed once.

use std::ffi::{CStr, CString, c_char, c_double, c_int, c_uchar, c_void};
use std::ptr::null_mut;
use std::slice::from_raw_parts;

use crate::Outcome;
use crate::store::Each;

#[repr(C)]
struct Opaque {
    _private: [u8; 0],
}

type Pointer = *mut Opaque;
type Error = *mut *mut c_char;

unsafe extern "C" {
    fn rocksdb_free(pointer: *mut c_void);
    fn rocksdb_options_create() -> Pointer;
    fn rocksdb_options_destroy(options: Pointer);
    fn rocksdb_options_set_create_if_missing(options: Pointer, on: c_uchar);
    fn rocksdb_options_set_create_missing_column_families(options: Pointer, on: c_uchar);
    fn rocksdb_options_set_compression(options: Pointer, kind: c_int);
    fn rocksdb_options_set_manual_wal_flush(options: Pointer, on: c_uchar);
    fn rocksdb_options_set_block_based_table_factory(options: Pointer, table: Pointer);
    fn rocksdb_block_based_options_create() -> Pointer;
    fn rocksdb_block_based_options_destroy(table: Pointer);
    fn rocksdb_block_based_options_set_block_size(table: Pointer, bytes: usize);
    fn rocksdb_block_based_options_set_filter_policy(table: Pointer, filter: Pointer);
    fn rocksdb_filterpolicy_create_bloom(bits_per_key: c_double) -> Pointer;
    fn rocksdb_filterpolicy_create_bloom_full(bits_per_key: c_double) -> Pointer;
    fn rocksdb_open_column_families(
        options: *const Opaque,
        path: *const c_char,
        count: c_int,
        names: *const *const c_char,
        family_options: *const *const Opaque,
        handles: *mut Pointer,
        error: Error,
    ) -> Pointer;
    fn rocksdb_column_family_handle_destroy(handle: Pointer);
    fn rocksdb_close(db: Pointer);
    fn rocksdb_writeoptions_create() -> Pointer;
    fn rocksdb_writeoptions_destroy(options: Pointer);
    fn rocksdb_readoptions_create() -> Pointer;
    fn rocksdb_readoptions_destroy(options: Pointer);
    fn rocksdb_put(
        db: Pointer,
        options: Pointer,
        key: *const c_char,
        key_len: usize,
        value: *const c_char,
        len: usize,
        error: Error,
    );
    fn rocksdb_delete(db: Pointer, options: Pointer, key: *const c_char, key_len: usize, error: Error);
    fn rocksdb_get(
        db: Pointer,
        options: Pointer,
        key: *const c_char,
        key_len: usize,
        len: *mut usize,
        error: Error,
    ) -> *mut c_char;
    fn rocksdb_flush_wal(db: Pointer, sync: c_uchar, error: Error);
    fn rocksdb_create_iterator(db: Pointer, options: Pointer) -> Pointer;
    fn rocksdb_iter_destroy(iterator: Pointer);
    fn rocksdb_iter_seek(iterator: Pointer, key: *const c_char, key_len: usize);
    fn rocksdb_iter_valid(iterator: *const Opaque) -> c_uchar;
    fn rocksdb_iter_next(iterator: Pointer);
    fn rocksdb_iter_key(iterator: *const Opaque, len: *mut usize) -> *const c_char;
    fn rocksdb_iter_value(iterator: *const Opaque, len: *mut usize) -> *const c_char;
    fn rocksdb_iter_get_error(iterator: *const Opaque, error: Error);
}

/// How blocks are compressed.
pub enum DBCompressionType {
    Lz4 = 4,
}

/// How tables are laid out.
pub struct BlockBasedOptions(Pointer);

impl Default for BlockBasedOptions {
    fn default() -> Self {
        // SAFETY: no conditions; freed by drop.
        Self(unsafe { rocksdb_block_based_options_create() })
    }
}

impl BlockBasedOptions {
    pub fn set_block_size(&mut self, bytes: usize) {
        // SAFETY: the handle is valid.
        unsafe { rocksdb_block_based_options_set_block_size(self.0, bytes) }
    }

    pub fn set_bloom_filter(&mut self, bits_per_key: c_double, block_based: bool) {
        // SAFETY: the handle is valid, and the filter becomes the options' own.
        unsafe {
            let filter = if block_based {
                rocksdb_filterpolicy_create_bloom(bits_per_key)
            } else {
                rocksdb_filterpolicy_create_bloom_full(bits_per_key)
            };
            rocksdb_block_based_options_set_filter_policy(self.0, filter);
        }
    }
}

impl Drop for BlockBasedOptions {
    fn drop(&mut self) {
        // SAFETY: the handle is valid and is not used again.
        unsafe { rocksdb_block_based_options_destroy(self.0) }
    }
}

/// How a store is opened.
pub struct Options(Pointer);

impl Default for Options {
    fn default() -> Self {
        // SAFETY: no conditions; freed by drop.
        Self(unsafe { rocksdb_options_create() })
    }
}

impl Options {
    pub fn create_if_missing(&mut self, on: bool) {
        // SAFETY: the handle is valid.
        unsafe { rocksdb_options_set_create_if_missing(self.0, on.into()) }
    }

    pub fn create_missing_column_families(&mut self, on: bool) {
        // SAFETY: the handle is valid.
        unsafe { rocksdb_options_set_create_missing_column_families(self.0, on.into()) }
    }

    pub fn set_compression_type(&mut self, kind: DBCompressionType) {
        // SAFETY: the handle is valid, and the number is one of rocksdb/c.h.
        unsafe { rocksdb_options_set_compression(self.0, kind as c_int) }
    }

    pub fn set_manual_wal_flush(&mut self, on: bool) {
        // SAFETY: the handle is valid.
        unsafe { rocksdb_options_set_manual_wal_flush(self.0, on.into()) }
    }

    pub fn set_block_based_table_factory(&mut self, table: &BlockBasedOptions) {
        // SAFETY: both handles are valid; what they say is copied.
        unsafe { rocksdb_options_set_block_based_table_factory(self.0, table.0) }
    }
}

impl Drop for Options {
    fn drop(&mut self) {
        // SAFETY: the handle is valid and is not used again.
        unsafe { rocksdb_options_destroy(self.0) }
    }
}

/// An open store. Reads and writes are about its family `default`.
pub struct DB {
    db: Pointer,
    families: Vec<Pointer>,
    read: Pointer,
    write: Pointer,
}

impl DB {
    /// Opens a store with these families.
    pub fn open_cf<const N: usize>(options: &Options, path: &str, families: [&str; N]) -> Outcome<Self> {
        let path = CString::new(path)?;
        let names: Vec<CString> = families.into_iter().map(CString::new).collect::<Result<_, _>>()?;
        let pointers: Vec<*const c_char> = names.iter().map(|name| name.as_ptr()).collect();
        let (mut handles, mut error) = (vec![null_mut(); N], null_mut());
        // SAFETY: all arrays have N elements and outlive the call, which copies what it keeps.
        unsafe {
            let db = rocksdb_open_column_families(
                options.0,
                path.as_ptr(),
                c_int::try_from(N)?,
                pointers.as_ptr(),
                [options.0.cast_const(); N].as_ptr(),
                handles.as_mut_ptr(),
                &raw mut error,
            );
            check(error)?;
            Ok(Self { db, families: handles, read: rocksdb_readoptions_create(), write: rocksdb_writeoptions_create() })
        }
    }

    pub fn put(&self, key: &[u8], value: &[u8]) -> Outcome<()> {
        let mut error = null_mut();
        // SAFETY: the handles are valid, and the slices outlive the call.
        unsafe {
            rocksdb_put(
                self.db,
                self.write,
                key.as_ptr().cast(),
                key.len(),
                value.as_ptr().cast(),
                value.len(),
                &raw mut error,
            );
            check(error)
        }
    }

    pub fn delete(&self, key: &[u8]) -> Outcome<()> {
        let mut error = null_mut();
        // SAFETY: the handles are valid, and the slice outlives the call.
        unsafe {
            rocksdb_delete(self.db, self.write, key.as_ptr().cast(), key.len(), &raw mut error);
            check(error)
        }
    }

    pub fn get(&self, key: &[u8]) -> Outcome<Option<Vec<u8>>> {
        let (mut length, mut error) = (0, null_mut());
        // SAFETY: the handles are valid; what is returned has `length` bytes, and is freed once.
        unsafe {
            let value =
                rocksdb_get(self.db, self.read, key.as_ptr().cast(), key.len(), &raw mut length, &raw mut error);
            check(error)?;
            if value.is_null() {
                return Ok(None);
            }
            let copy = from_raw_parts(value.cast(), length).to_vec();
            rocksdb_free(value.cast());
            Ok(Some(copy))
        }
    }

    /// Gives each entry whose key begins with `prefix`, in order.
    pub fn prefix_iterator(&self, prefix: &[u8], each: &mut Each) -> Outcome<()> {
        // SAFETY: the handles are valid; key and value are until the iterator moves on, and it is freed by the guard.
        unsafe {
            let iterator = Cursor(rocksdb_create_iterator(self.db, self.read));
            rocksdb_iter_seek(iterator.0, prefix.as_ptr().cast(), prefix.len());
            while rocksdb_iter_valid(iterator.0) != 0 {
                let (mut key_length, mut value_length) = (0, 0);
                let key = rocksdb_iter_key(iterator.0, &raw mut key_length);
                let key: &[u8] = from_raw_parts(key.cast(), key_length);
                if !key.starts_with(prefix) {
                    break;
                }
                let value = rocksdb_iter_value(iterator.0, &raw mut value_length);
                each(key, from_raw_parts(value.cast(), value_length))?;
                rocksdb_iter_next(iterator.0);
            }
            let mut error = null_mut();
            rocksdb_iter_get_error(iterator.0, &raw mut error);
            check(error)
        }
    }

    pub fn flush_wal(&self, sync: bool) -> Outcome<()> {
        let mut error = null_mut();
        // SAFETY: the handle is valid.
        unsafe {
            rocksdb_flush_wal(self.db, sync.into(), &raw mut error);
            check(error)
        }
    }
}

impl Drop for DB {
    fn drop(&mut self) {
        // SAFETY: the handles are valid and are not used again.
        unsafe {
            for &family in &self.families {
                rocksdb_column_family_handle_destroy(family);
            }
            rocksdb_readoptions_destroy(self.read);
            rocksdb_writeoptions_destroy(self.write);
            rocksdb_close(self.db);
        }
    }
}

struct Cursor(Pointer);

impl Drop for Cursor {
    fn drop(&mut self) {
        // SAFETY: the handle is valid and is not used again.
        unsafe { rocksdb_iter_destroy(self.0) }
    }
}

/// # Safety
/// `error` is null or a string that the library gave.
unsafe fn check(error: *mut c_char) -> Outcome<()> {
    if error.is_null() {
        return Ok(());
    }
    // SAFETY: it is a C string, and freed once.
    unsafe {
        let text = CStr::from_ptr(error).to_string_lossy().into_owned();
        rocksdb_free(error.cast());
        Err(text.into())
    }
}
