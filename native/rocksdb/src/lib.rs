//! The RocksDB addon of kgdump: reads stores whole and never writes to them; writes stores of its own.
//!
//! Contract: every call that may touch the disk is a promise and runs on libuv's pool. No panic and no C++ exception crosses. Errors are those
//! of error.rs. The JavaScript side is src/engines/rocksdb*.ts and nobody else.

// What only JavaScript calls is not called in unit tests.
#![cfg_attr(test, allow(dead_code))]

mod api;
mod changes;
mod error;
mod ffi;
mod files;
mod guard;
mod handle;
mod read;
mod version;
mod write;

#[cfg(feature = "source")]
use librocksdb_sys as _; // named so that its static library is linked
use napi_derive::napi;

/// Version of the RocksDB library.
#[napi]
pub fn library_version() -> napi::Result<String> {
    Ok(version::library_version()?)
}
