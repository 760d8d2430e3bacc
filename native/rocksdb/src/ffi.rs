//! Hand-written declarations of the part of RocksDB's C API that is used, and of shim.cc.
//!
//! Contract: as unsafe as C. Strings that the library returns are freed with `rocksdb_free`; error out-parameters point to null before a call.

#![allow(non_camel_case_types)]

use std::ffi::{c_char, c_int, c_uchar, c_uint, c_void};

macro_rules! opaque {
    ($($name:ident),* $(,)?) => { $(#[repr(C)] pub struct $name { _private: [u8; 0] })* };
}

opaque!(
    rocksdb_t,
    rocksdb_options_t,
    rocksdb_readoptions_t,
    rocksdb_writeoptions_t,
    rocksdb_flushoptions_t,
    rocksdb_compactoptions_t,
    rocksdb_column_family_handle_t,
    rocksdb_iterator_t,
    rocksdb_writebatch_t,
    rocksdb_comparator_t,
    rocksdb_mergeoperator_t,
    rocksdb_logger_t,
    rocksdb_pinnableslice_t,
    rocksdb_envoptions_t,
    rocksdb_sstfilewriter_t,
    rocksdb_ingestexternalfileoptions_t,
    kgd_table,
);

/// One entry as `kgd_current` shows it.
#[repr(C)]
pub struct kgd_entry {
    pub key: *const c_char,
    pub key_length: usize,
    pub value: *const c_char,
    pub value_length: usize,
}

/// The iterator stands on no entry: its end, or an error that its status tells.
pub const KGD_INVALID: c_int = 0;
/// The entry has wide columns, which a plain value can't hold.
pub const KGD_WIDE: c_int = 2;

/// `WALRecoveryMode::kTolerateCorruptedTailRecords`: only an incomplete record at a log's end is forgiven.
pub const TOLERATE_CORRUPTED_TAIL_RECORDS: c_int = 0;
/// Info log level above every message that is logged.
pub const LOG_NOTHING: c_int = 4;
/// RocksDB's PerfLevel::kDisable.
pub const PERF_NOTHING: c_int = 1;

pub type FullMerge = extern "C" fn(
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
pub type PartialMerge = extern "C" fn(
    *mut c_void,
    *const c_char,
    usize,
    *const *const c_char,
    *const usize,
    c_int,
    *mut c_uchar,
    *mut usize,
) -> *mut c_char;

// A C++ exception may pass through the callers of all of these, up to `kgd_guard`.
unsafe extern "C-unwind" {
    // shim.cc
    pub fn kgd_version(out: *mut c_char, capacity: usize, major: *mut c_int, minor: *mut c_int, patch: *mut c_int);
    pub fn kgd_guard(run: unsafe extern "C-unwind" fn(*mut c_void), state: *mut c_void, error: *mut *mut c_char);
    pub fn kgd_reverse_comparator() -> *mut rocksdb_comparator_t;
    pub fn kgd_current(iterator: *const rocksdb_iterator_t, out: *mut kgd_entry) -> c_int;
    pub fn kgd_next(iterator: *mut rocksdb_iterator_t, out: *mut kgd_entry) -> c_int;
    pub fn kgd_table_open(
        options: *const rocksdb_options_t,
        path: *const c_char,
        error: *mut *mut c_char,
    ) -> *mut kgd_table;
    pub fn kgd_table_properties(table: *const kgd_table) -> *mut c_char;
    pub fn kgd_table_key(
        table: *const kgd_table,
        key: *mut *const c_char,
        length: *mut usize,
        error: *mut *mut c_char,
    ) -> c_int;
    pub fn kgd_table_next(table: *mut kgd_table);
    pub fn kgd_table_close(table: *mut kgd_table);

    pub fn rocksdb_free(pointer: *mut c_void);

    // Options
    pub fn rocksdb_options_create() -> *mut rocksdb_options_t;
    pub fn rocksdb_options_destroy(options: *mut rocksdb_options_t);
    pub fn rocksdb_get_options_from_string(
        base: *const rocksdb_options_t,
        text: *const c_char,
        options: *mut rocksdb_options_t,
        error: *mut *mut c_char,
    );
    pub fn rocksdb_options_get_num_levels(options: *mut rocksdb_options_t) -> c_int;
    pub fn rocksdb_options_get_compaction_style(options: *mut rocksdb_options_t) -> c_int;
    pub fn rocksdb_options_set_create_if_missing(options: *mut rocksdb_options_t, on: c_uchar);
    pub fn rocksdb_options_set_create_missing_column_families(options: *mut rocksdb_options_t, on: c_uchar);
    pub fn rocksdb_options_set_paranoid_checks(options: *mut rocksdb_options_t, on: c_uchar);
    pub fn rocksdb_options_set_max_open_files(options: *mut rocksdb_options_t, count: c_int);
    pub fn rocksdb_options_set_max_file_opening_threads(options: *mut rocksdb_options_t, count: c_int);
    pub fn rocksdb_options_set_wal_recovery_mode(options: *mut rocksdb_options_t, mode: c_int);
    pub fn rocksdb_options_set_wal_dir(options: *mut rocksdb_options_t, path: *const c_char);
    pub fn rocksdb_options_set_track_and_verify_wals_in_manifest(options: *mut rocksdb_options_t, on: c_uchar);
    pub fn rocksdb_options_set_skip_stats_update_on_db_open(options: *mut rocksdb_options_t, on: c_uchar);
    pub fn rocksdb_comparator_create(
        state: *mut c_void,
        destructor: extern "C" fn(*mut c_void),
        compare: extern "C" fn(*mut c_void, *const c_char, usize, *const c_char, usize) -> c_int,
        name: extern "C" fn(*mut c_void) -> *const c_char,
    ) -> *mut rocksdb_comparator_t;
    pub fn rocksdb_options_set_comparator(options: *mut rocksdb_options_t, comparator: *mut rocksdb_comparator_t);
    pub fn rocksdb_options_set_merge_operator(options: *mut rocksdb_options_t, operator: *mut rocksdb_mergeoperator_t);
    pub fn rocksdb_options_set_info_log(options: *mut rocksdb_options_t, logger: *mut rocksdb_logger_t);
    pub fn rocksdb_logger_create_callback_logger(
        level: c_int,
        callback: extern "C" fn(*mut c_void, c_uint, *mut c_char, usize),
        state: *mut c_void,
    ) -> *mut rocksdb_logger_t;
    pub fn rocksdb_logger_destroy(logger: *mut rocksdb_logger_t);
    pub fn rocksdb_mergeoperator_create(
        state: *mut c_void,
        destructor: extern "C" fn(*mut c_void),
        full_merge: FullMerge,
        partial_merge: PartialMerge,
        delete_value: Option<extern "C" fn(*mut c_void, *const c_char, usize)>,
        name: extern "C" fn(*mut c_void) -> *const c_char,
    ) -> *mut rocksdb_mergeoperator_t;

    // Opening and closing
    pub fn rocksdb_open_for_read_only_column_families(
        options: *const rocksdb_options_t,
        path: *const c_char,
        count: c_int,
        names: *const *const c_char,
        family_options: *const *const rocksdb_options_t,
        handles: *mut *mut rocksdb_column_family_handle_t,
        error_if_wal_file_exists: c_uchar,
        error: *mut *mut c_char,
    ) -> *mut rocksdb_t;
    pub fn rocksdb_open_column_families(
        options: *const rocksdb_options_t,
        path: *const c_char,
        count: c_int,
        names: *const *const c_char,
        family_options: *const *const rocksdb_options_t,
        handles: *mut *mut rocksdb_column_family_handle_t,
        error: *mut *mut c_char,
    ) -> *mut rocksdb_t;
    pub fn rocksdb_create_column_family(
        db: *mut rocksdb_t,
        options: *const rocksdb_options_t,
        name: *const c_char,
        error: *mut *mut c_char,
    ) -> *mut rocksdb_column_family_handle_t;
    pub fn rocksdb_column_family_handle_destroy(handle: *mut rocksdb_column_family_handle_t);
    pub fn rocksdb_close(db: *mut rocksdb_t);

    // Facts
    pub fn rocksdb_get_db_identity(db: *mut rocksdb_t, length: *mut usize) -> *mut c_char;
    pub fn rocksdb_get_latest_sequence_number(db: *mut rocksdb_t) -> u64;
    pub fn rocksdb_property_int_cf(
        db: *mut rocksdb_t,
        family: *mut rocksdb_column_family_handle_t,
        name: *const c_char,
        out: *mut u64,
    ) -> c_int;

    // Reading
    pub fn rocksdb_set_perf_level(level: c_int);
    pub fn rocksdb_readoptions_create() -> *mut rocksdb_readoptions_t;
    pub fn rocksdb_readoptions_destroy(options: *mut rocksdb_readoptions_t);
    pub fn rocksdb_readoptions_set_fill_cache(options: *mut rocksdb_readoptions_t, on: c_uchar);
    pub fn rocksdb_readoptions_set_verify_checksums(options: *mut rocksdb_readoptions_t, on: c_uchar);
    pub fn rocksdb_readoptions_set_total_order_seek(options: *mut rocksdb_readoptions_t, on: c_uchar);
    pub fn rocksdb_readoptions_set_readahead_size(options: *mut rocksdb_readoptions_t, bytes: usize);
    pub fn rocksdb_readoptions_set_iterate_upper_bound(
        options: *mut rocksdb_readoptions_t,
        key: *const c_char,
        length: usize,
    );
    pub fn rocksdb_create_iterator_cf(
        db: *mut rocksdb_t,
        options: *const rocksdb_readoptions_t,
        family: *mut rocksdb_column_family_handle_t,
    ) -> *mut rocksdb_iterator_t;
    pub fn rocksdb_iter_destroy(iterator: *mut rocksdb_iterator_t);
    pub fn rocksdb_iter_seek_to_first(iterator: *mut rocksdb_iterator_t);
    pub fn rocksdb_iter_seek(iterator: *mut rocksdb_iterator_t, key: *const c_char, length: usize);
    pub fn rocksdb_iter_get_error(iterator: *const rocksdb_iterator_t, error: *mut *mut c_char);
    pub fn rocksdb_get_pinned_cf(
        db: *mut rocksdb_t,
        options: *const rocksdb_readoptions_t,
        family: *mut rocksdb_column_family_handle_t,
        key: *const c_char,
        length: usize,
        error: *mut *mut c_char,
    ) -> *mut rocksdb_pinnableslice_t;
    pub fn rocksdb_pinnableslice_value(slice: *const rocksdb_pinnableslice_t, length: *mut usize) -> *const c_char;
    pub fn rocksdb_pinnableslice_destroy(slice: *mut rocksdb_pinnableslice_t);

    // Writing
    pub fn rocksdb_writeoptions_create() -> *mut rocksdb_writeoptions_t;
    pub fn rocksdb_writeoptions_destroy(options: *mut rocksdb_writeoptions_t);
    pub fn rocksdb_writeoptions_disable_WAL(options: *mut rocksdb_writeoptions_t, on: c_int);
    pub fn rocksdb_writebatch_create() -> *mut rocksdb_writebatch_t;
    pub fn rocksdb_writebatch_destroy(batch: *mut rocksdb_writebatch_t);
    pub fn rocksdb_writebatch_put_cf(
        batch: *mut rocksdb_writebatch_t,
        family: *mut rocksdb_column_family_handle_t,
        key: *const c_char,
        key_length: usize,
        value: *const c_char,
        value_length: usize,
    );
    pub fn rocksdb_writebatch_merge_cf(
        batch: *mut rocksdb_writebatch_t,
        family: *mut rocksdb_column_family_handle_t,
        key: *const c_char,
        key_length: usize,
        value: *const c_char,
        value_length: usize,
    );
    pub fn rocksdb_writebatch_delete_cf(
        batch: *mut rocksdb_writebatch_t,
        family: *mut rocksdb_column_family_handle_t,
        key: *const c_char,
        key_length: usize,
    );
    pub fn rocksdb_writebatch_delete_range_cf(
        batch: *mut rocksdb_writebatch_t,
        family: *mut rocksdb_column_family_handle_t,
        from: *const c_char,
        from_length: usize,
        to: *const c_char,
        to_length: usize,
    );
    pub fn rocksdb_write(
        db: *mut rocksdb_t,
        options: *const rocksdb_writeoptions_t,
        batch: *mut rocksdb_writebatch_t,
        error: *mut *mut c_char,
    );
    pub fn rocksdb_envoptions_create() -> *mut rocksdb_envoptions_t;
    pub fn rocksdb_envoptions_destroy(options: *mut rocksdb_envoptions_t);
    pub fn rocksdb_sstfilewriter_create(
        env: *const rocksdb_envoptions_t,
        options: *const rocksdb_options_t,
    ) -> *mut rocksdb_sstfilewriter_t;
    pub fn rocksdb_sstfilewriter_open(
        writer: *mut rocksdb_sstfilewriter_t,
        path: *const c_char,
        error: *mut *mut c_char,
    );
    pub fn rocksdb_sstfilewriter_put(
        writer: *mut rocksdb_sstfilewriter_t,
        key: *const c_char,
        key_length: usize,
        value: *const c_char,
        value_length: usize,
        error: *mut *mut c_char,
    );
    pub fn rocksdb_sstfilewriter_finish(writer: *mut rocksdb_sstfilewriter_t, error: *mut *mut c_char);
    pub fn rocksdb_sstfilewriter_file_size(writer: *mut rocksdb_sstfilewriter_t, size: *mut u64);
    pub fn rocksdb_sstfilewriter_destroy(writer: *mut rocksdb_sstfilewriter_t);
    pub fn rocksdb_ingestexternalfileoptions_create() -> *mut rocksdb_ingestexternalfileoptions_t;
    pub fn rocksdb_ingestexternalfileoptions_set_move_files(
        options: *mut rocksdb_ingestexternalfileoptions_t,
        on: c_uchar,
    );
    pub fn rocksdb_ingestexternalfileoptions_destroy(options: *mut rocksdb_ingestexternalfileoptions_t);
    pub fn rocksdb_ingest_external_file_cf(
        db: *mut rocksdb_t,
        family: *mut rocksdb_column_family_handle_t,
        files: *const *const c_char,
        count: usize,
        options: *const rocksdb_ingestexternalfileoptions_t,
        error: *mut *mut c_char,
    );
    pub fn rocksdb_flushoptions_create() -> *mut rocksdb_flushoptions_t;
    pub fn rocksdb_flushoptions_destroy(options: *mut rocksdb_flushoptions_t);
    pub fn rocksdb_flush_cf(
        db: *mut rocksdb_t,
        options: *const rocksdb_flushoptions_t,
        family: *mut rocksdb_column_family_handle_t,
        error: *mut *mut c_char,
    );
    pub fn rocksdb_flush_wal(db: *mut rocksdb_t, sync: c_uchar, error: *mut *mut c_char);
    pub fn rocksdb_compactoptions_create() -> *mut rocksdb_compactoptions_t;
    pub fn rocksdb_compactoptions_destroy(options: *mut rocksdb_compactoptions_t);
    pub fn rocksdb_compactoptions_set_bottommost_level_compaction(
        options: *mut rocksdb_compactoptions_t,
        when: c_uchar,
    );
    pub fn rocksdb_compact_range_cf_opt(
        db: *mut rocksdb_t,
        family: *mut rocksdb_column_family_handle_t,
        options: *mut rocksdb_compactoptions_t,
        from: *const c_char,
        from_length: usize,
        to: *const c_char,
        to_length: usize,
    );
}
