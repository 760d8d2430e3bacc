//! The part of rocksdb/c.h that stores are made with, and the shim.

use std::ffi::{c_char, c_int, c_uchar, c_void};

#[repr(C)]
pub struct Opaque {
    _private: [u8; 0],
}

/// A pointer to something of the library's.
pub type Pointer = *mut Opaque;
/// Where the library puts a message.
pub type Failure = *mut *mut c_char;

pub type Destroy = unsafe extern "C" fn(*mut c_void);
pub type Compare = unsafe extern "C" fn(*mut c_void, *const c_char, usize, *const c_char, usize) -> c_int;
pub type Name = unsafe extern "C" fn(*mut c_void) -> *const c_char;
pub type FullMerge = unsafe extern "C" fn(
    *mut c_void,
    *const c_char,
    usize,
    *const c_char,
    usize,
    *const *const c_char,
    *const usize,
    c_int,
    *mut c_uchar,
    *mut usize,
) -> *mut c_char;
pub type PartialMerge = unsafe extern "C" fn(
    *mut c_void,
    *const c_char,
    usize,
    *const *const c_char,
    *const usize,
    c_int,
    *mut c_uchar,
    *mut usize,
) -> *mut c_char;
pub type FreeValue = unsafe extern "C" fn(*mut c_void, *const c_char, usize);

unsafe extern "C" {
    pub fn rocksdb_free(pointer: *mut c_void);
    pub fn rocksdb_options_create() -> Pointer;
    pub fn rocksdb_get_options_from_string(base: Pointer, text: *const c_char, options: Pointer, error: Failure);
    pub fn rocksdb_options_set_comparator(options: Pointer, comparator: Pointer);
    pub fn rocksdb_options_set_merge_operator(options: Pointer, operator: Pointer);
    pub fn rocksdb_options_set_db_paths(options: Pointer, paths: *const Pointer, count: usize);
    pub fn rocksdb_dbpath_create(path: *const c_char, bytes: u64) -> Pointer;
    pub fn rocksdb_comparator_create(state: *mut c_void, destroy: Destroy, compare: Compare, name: Name) -> Pointer;
    pub fn rocksdb_mergeoperator_create(
        state: *mut c_void,
        destroy: Destroy,
        full: FullMerge,
        partial: PartialMerge,
        free: FreeValue,
        name: Name,
    ) -> Pointer;

    pub fn rocksdb_open_column_families(
        options: Pointer,
        path: *const c_char,
        count: c_int,
        names: *const *const c_char,
        family_options: *const Pointer,
        handles: *mut Pointer,
        error: Failure,
    ) -> Pointer;
    pub fn rocksdb_open_column_families_with_ttl(
        options: Pointer,
        path: *const c_char,
        count: c_int,
        names: *const *const c_char,
        family_options: *const Pointer,
        handles: *mut Pointer,
        seconds: *const c_int,
        error: Failure,
    ) -> Pointer;
    pub fn rocksdb_transactiondb_open_column_families(
        options: Pointer,
        transaction_options: Pointer,
        path: *const c_char,
        count: c_int,
        names: *const *const c_char,
        family_options: *const Pointer,
        handles: *mut Pointer,
        error: Failure,
    ) -> Pointer;
    pub fn rocksdb_column_family_handle_destroy(handle: Pointer);
    pub fn rocksdb_drop_column_family(db: Pointer, handle: Pointer, error: Failure);
    pub fn rocksdb_repair_db(options: Pointer, path: *const c_char, error: *mut *mut c_char);
    pub fn rocksdb_close(db: Pointer);
    pub fn rocksdb_transactiondb_close(db: Pointer);
    pub fn rocksdb_transactiondb_get_base_db(db: Pointer) -> Pointer;
    pub fn rocksdb_transactiondb_close_base_db(db: Pointer);

    pub fn rocksdb_writeoptions_create() -> Pointer;
    pub fn rocksdb_writeoptions_disable_WAL(options: Pointer, on: c_int);
    pub fn rocksdb_writeoptions_set_sync(options: Pointer, on: c_uchar);
    pub fn rocksdb_write(db: Pointer, options: Pointer, batch: Pointer, error: Failure);
    pub fn rocksdb_transactiondb_write(db: Pointer, options: Pointer, batch: Pointer, error: Failure);
    pub fn rocksdb_writebatch_create() -> Pointer;
    pub fn rocksdb_writebatch_destroy(batch: Pointer);
    pub fn rocksdb_writebatch_put_cf(batch: Pointer, f: Pointer, k: *const u8, kl: usize, v: *const u8, vl: usize);
    pub fn rocksdb_writebatch_merge_cf(batch: Pointer, f: Pointer, k: *const u8, kl: usize, v: *const u8, vl: usize);
    pub fn rocksdb_writebatch_delete_cf(batch: Pointer, f: Pointer, k: *const u8, kl: usize);
    pub fn rocksdb_writebatch_singledelete_cf(batch: Pointer, f: Pointer, k: *const u8, kl: usize);
    pub fn rocksdb_writebatch_delete_range_cf(
        batch: Pointer,
        f: Pointer,
        k: *const u8,
        kl: usize,
        e: *const u8,
        el: usize,
    );
    pub fn maker_put_entity(
        batch: Pointer,
        family: Pointer,
        key: *const u8,
        key_length: usize,
        parts: *const *const u8,
        lengths: *const usize,
        count: usize,
    ) -> c_int;
    pub fn maker_timed_put(
        batch: Pointer,
        family: Pointer,
        key: *const u8,
        key_length: usize,
        value: *const u8,
        value_length: usize,
        written: u64,
    ) -> c_int;

    pub fn rocksdb_flushoptions_create() -> Pointer;
    pub fn rocksdb_flush_cf(db: Pointer, options: Pointer, family: Pointer, error: Failure);
    pub fn rocksdb_flush_wal(db: Pointer, sync: c_uchar, error: Failure);
    pub fn rocksdb_compactoptions_create() -> Pointer;
    pub fn rocksdb_compactoptions_set_bottommost_level_compaction(options: Pointer, how: c_uchar);
    pub fn rocksdb_compact_range_cf_opt(
        db: Pointer,
        family: Pointer,
        options: Pointer,
        from: *const c_char,
        from_length: usize,
        to: *const c_char,
        to_length: usize,
    );

    pub fn rocksdb_transactiondb_options_create() -> Pointer;
    pub fn maker_set_write_policy(options: Pointer, policy: c_int);
    pub fn rocksdb_transaction_options_create() -> Pointer;
    pub fn rocksdb_transaction_begin(db: Pointer, write: Pointer, options: Pointer, old: Pointer) -> Pointer;
    pub fn rocksdb_transaction_set_name(t: Pointer, name: *const u8, length: usize, error: Failure);
    pub fn rocksdb_transaction_get_name(t: Pointer, length: *mut usize) -> *mut c_char;
    pub fn rocksdb_transaction_prepare(t: Pointer, error: Failure);
    pub fn rocksdb_transaction_commit(t: Pointer, error: Failure);
    pub fn rocksdb_transaction_rollback(t: Pointer, error: Failure);
    pub fn rocksdb_transaction_destroy(t: Pointer);
    pub fn rocksdb_transaction_put_cf(
        t: Pointer,
        f: Pointer,
        k: *const u8,
        kl: usize,
        v: *const u8,
        vl: usize,
        error: Failure,
    );
    pub fn rocksdb_transaction_merge_cf(
        t: Pointer,
        f: Pointer,
        k: *const u8,
        kl: usize,
        v: *const u8,
        vl: usize,
        error: Failure,
    );
    pub fn rocksdb_transaction_delete_cf(t: Pointer, f: Pointer, k: *const u8, kl: usize, error: Failure);
    pub fn rocksdb_transactiondb_get_prepared_transactions(db: Pointer, count: *mut usize) -> *mut Pointer;

    pub fn rocksdb_envoptions_create() -> Pointer;
    pub fn rocksdb_sstfilewriter_create(env: Pointer, options: Pointer) -> Pointer;
    pub fn rocksdb_sstfilewriter_open(writer: Pointer, path: *const c_char, error: Failure);
    pub fn rocksdb_sstfilewriter_put(w: Pointer, k: *const u8, kl: usize, v: *const u8, vl: usize, error: Failure);
    pub fn rocksdb_sstfilewriter_merge(w: Pointer, k: *const u8, kl: usize, v: *const u8, vl: usize, error: Failure);
    pub fn rocksdb_sstfilewriter_delete(w: Pointer, k: *const u8, kl: usize, error: Failure);
    pub fn rocksdb_sstfilewriter_delete_range(
        w: Pointer,
        k: *const u8,
        kl: usize,
        e: *const u8,
        el: usize,
        error: Failure,
    );
    pub fn rocksdb_sstfilewriter_finish(writer: Pointer, error: Failure);
    pub fn rocksdb_sstfilewriter_destroy(writer: Pointer);
    pub fn rocksdb_ingestexternalfileoptions_create() -> Pointer;
    pub fn rocksdb_ingestexternalfileoptions_set_ingest_behind(options: Pointer, on: c_uchar);
    pub fn rocksdb_ingest_external_file_cf(
        db: Pointer,
        family: Pointer,
        files: *const *const c_char,
        count: usize,
        options: Pointer,
        error: Failure,
    );

    pub fn rocksdb_checkpoint_object_create(db: Pointer, error: Failure) -> Pointer;
    pub fn rocksdb_transactiondb_checkpoint_object_create(db: Pointer, error: Failure) -> Pointer;
    pub fn rocksdb_checkpoint_create(c: Pointer, directory: *const c_char, log_size_for_flush: u64, error: Failure);
    pub fn rocksdb_backup_engine_open(options: Pointer, path: *const c_char, error: Failure) -> Pointer;
    pub fn rocksdb_backup_engine_create_new_backup(engine: Pointer, db: Pointer, error: Failure);
    pub fn rocksdb_restore_options_create() -> Pointer;
    pub fn rocksdb_backup_engine_restore_db_from_latest_backup(
        engine: Pointer,
        store: *const c_char,
        logs: *const c_char,
        options: Pointer,
        error: Failure,
    );
    pub fn rocksdb_backup_engine_close(engine: Pointer);

    pub fn rocksdb_readoptions_create() -> Pointer;
    pub fn rocksdb_create_iterator_cf(db: Pointer, options: Pointer, family: Pointer) -> Pointer;
    pub fn rocksdb_transactiondb_create_iterator_cf(db: Pointer, options: Pointer, family: Pointer) -> Pointer;
    pub fn rocksdb_iter_destroy(iterator: Pointer);
    pub fn rocksdb_iter_seek_to_first(iterator: Pointer);
    pub fn rocksdb_iter_valid(iterator: Pointer) -> c_uchar;
    pub fn rocksdb_iter_next(iterator: Pointer);
    pub fn rocksdb_iter_key(iterator: Pointer, length: *mut usize) -> *const u8;
    pub fn rocksdb_iter_value(iterator: Pointer, length: *mut usize) -> *const u8;
    pub fn rocksdb_iter_get_error(iterator: Pointer, error: Failure);
}
