//! Families that go.

use std::ffi::c_char;

use crate::error::Outcome;
use crate::ffi;
use crate::handle::Database;

extern "C" {
    fn rocksdb_drop_column_family(
        db: *mut ffi::rocksdb_t,
        family: *mut ffi::rocksdb_column_family_handle_t,
        error: *mut *mut c_char,
    );
}

/// Drops a family of an open database. Its handle must not be used any more.
///
/// Errors: IO_FAILED, NO_SPACE, and STORE_FAILED for the family `default`, which can't be dropped.
pub fn drop_family(database: &Database, family: *mut ffi::rocksdb_column_family_handle_t) -> Outcome<()> {
    // SAFETY: the database is open, and the handle is one of its own.
    database.call(|db, error| unsafe { rocksdb_drop_column_family(db, family, error) })
}
