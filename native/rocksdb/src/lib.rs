//! The RocksDB addon of kgdump: reads stores whole and never writes to them; writes stores of its own.
//!
//! Contract: every call that may touch the disk is a promise and runs on libuv's pool. No panic and no C++ exception crosses. Errors are those
//! of error.rs. The JavaScript side is src/engines/rocksdb*.ts and nobody else.

// What only JavaScript calls is not called in unit tests.
#![cfg_attr(test, allow(dead_code))]

mod api;
mod batch;
mod block;
mod changed;
mod changed_api;
mod cursor;
mod encode;
mod error;
mod ffi;
mod files;
mod guard;
mod handle;
mod job;
mod judge;
mod layout;
mod lock_holder;
mod log_file;
mod log_keys;
mod manifest;
mod mark;
mod marked_logs;
mod options_file;
mod place;
mod place_api;
mod read;
mod scan;
mod sink;
mod sink_api;
mod source_api;
mod store;
mod table_keys;
mod tables;
mod tripwire;
mod version;
mod wal;
mod write;
mod write_batch;

#[cfg(feature = "source")]
use librocksdb_sys as _; // named so that its static library is linked
use napi_derive::napi;

/// Version of the RocksDB library.
#[napi]
pub fn library_version() -> napi::Result<String> {
    Ok(version::library_version()?)
}
