//! Goes through a RocksDB store with the C API and nothing else; the declarations are those of rocksdb/c.h.
//!
//! Contract: pointers that the library gives are freed where the scan of a healthy store ends; after an error the program
//! ends anyway.

use std::ffi::{CStr, CString, c_char, c_int, c_uchar, c_void};
use std::ptr::null_mut;
use std::slice::from_raw_parts;

use crate::Outcome;

/// Bytes that are read ahead, as kgdump does.
const READAHEAD: usize = 4 << 20;

#[repr(C)]
struct Opaque {
    _private: [u8; 0],
}

type Pointer = *mut Opaque;

unsafe extern "C" {
    fn rocksdb_free(pointer: *mut c_void);
    fn rocksdb_options_create() -> Pointer;
    fn rocksdb_options_destroy(options: Pointer);
    fn rocksdb_list_column_families(
        options: *const Opaque,
        path: *const c_char,
        count: *mut usize,
        error: *mut *mut c_char,
    ) -> *mut *mut c_char;
    fn rocksdb_list_column_families_destroy(list: *mut *mut c_char, count: usize);
    fn rocksdb_open_for_read_only_column_families(
        options: *const Opaque,
        path: *const c_char,
        count: c_int,
        names: *const *const c_char,
        family_options: *const *const Opaque,
        handles: *mut Pointer,
        error_if_wal_file_exists: c_uchar,
        error: *mut *mut c_char,
    ) -> Pointer;
    fn rocksdb_column_family_handle_destroy(handle: Pointer);
    fn rocksdb_close(db: Pointer);
    fn rocksdb_readoptions_create() -> Pointer;
    fn rocksdb_readoptions_destroy(options: Pointer);
    fn rocksdb_readoptions_set_fill_cache(options: Pointer, on: c_uchar);
    fn rocksdb_readoptions_set_readahead_size(options: Pointer, bytes: usize);
    fn rocksdb_create_iterator_cf(db: Pointer, options: *const Opaque, family: Pointer) -> Pointer;
    fn rocksdb_iter_destroy(iterator: Pointer);
    fn rocksdb_iter_seek_to_first(iterator: Pointer);
    fn rocksdb_iter_valid(iterator: *const Opaque) -> c_uchar;
    fn rocksdb_iter_next(iterator: Pointer);
    fn rocksdb_iter_key(iterator: *const Opaque, length: *mut usize) -> *const c_char;
    fn rocksdb_iter_value(iterator: *const Opaque, length: *mut usize) -> *const c_char;
    fn rocksdb_iter_get_error(iterator: *const Opaque, error: *mut *mut c_char);
}

/// Opens the store at `path` for reading, gives every entry of each family to what `family` makes for the family's name,
/// and counts them.
///
/// # Errors
/// Those of RocksDB and of the callbacks.
pub fn scan<Each: FnMut(&[u8], &[u8]) -> Outcome<()>>(
    path: &str,
    mut family: impl FnMut(&[u8]) -> Outcome<Each>,
) -> Outcome<u64> {
    let path = CString::new(path)?;
    let mut total = 0;
    // SAFETY: the calls are made as rocksdb/c.h describes them: every pointer comes from the library or outlives the call,
    // and error pointers start as null.
    unsafe {
        let options = rocksdb_options_create();
        let (mut count, mut error) = (0, null_mut());
        let names = rocksdb_list_column_families(options, path.as_ptr(), &raw mut count, &raw mut error);
        check(error)?;
        let family_options = vec![options.cast_const(); count];
        let mut handles = vec![null_mut(); count];
        let db = rocksdb_open_for_read_only_column_families(
            options,
            path.as_ptr(),
            c_int::try_from(count)?,
            names.cast_const().cast(),
            family_options.as_ptr(),
            handles.as_mut_ptr(),
            0,
            &raw mut error,
        );
        check(error)?;
        let read_options = rocksdb_readoptions_create();
        rocksdb_readoptions_set_fill_cache(read_options, 0);
        rocksdb_readoptions_set_readahead_size(read_options, READAHEAD);
        for (name, &handle) in from_raw_parts(names, count).iter().zip(&handles) {
            let mut each = family(CStr::from_ptr(*name).to_bytes())?;
            total += scan_family(db, read_options, handle, &mut each)?;
        }
        rocksdb_readoptions_destroy(read_options);
        handles.into_iter().for_each(|handle| rocksdb_column_family_handle_destroy(handle));
        rocksdb_close(db);
        rocksdb_list_column_families_destroy(names, count);
        rocksdb_options_destroy(options);
    }
    Ok(total)
}

/// # Safety
/// `db`, `options` and `family` are open and belong together.
unsafe fn scan_family(
    db: Pointer,
    options: Pointer,
    family: Pointer,
    each: &mut impl FnMut(&[u8], &[u8]) -> Outcome<()>,
) -> Outcome<u64> {
    let mut count = 0;
    // SAFETY: the iterator lives until it is destroyed, and key and value until it moves on.
    unsafe {
        let iterator = rocksdb_create_iterator_cf(db, options, family);
        rocksdb_iter_seek_to_first(iterator);
        while rocksdb_iter_valid(iterator) != 0 {
            let (mut key_length, mut value_length) = (0, 0);
            let key = rocksdb_iter_key(iterator, &raw mut key_length);
            let value = rocksdb_iter_value(iterator, &raw mut value_length);
            each(from_raw_parts(key.cast(), key_length), from_raw_parts(value.cast(), value_length))?;
            count += 1;
            rocksdb_iter_next(iterator);
        }
        let mut error = null_mut();
        rocksdb_iter_get_error(iterator, &raw mut error);
        check(error)?;
        rocksdb_iter_destroy(iterator);
    }
    Ok(count)
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
