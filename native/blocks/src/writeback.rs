//! Has the system write a part of a file to its disk early, so that syncing the whole of it at the end is short.
//!
//! Contract: only a hint. What fails here is told by the sync at the end, which is made all the same.

use napi::bindgen_prelude::AsyncTask;
use napi_derive::napi;

use crate::job::{Job, start};

/// Begins to write `length` bytes from `offset` of an open file to its disk; not waited for. Does nothing but on Linux.
#[napi(ts_return_type = "Promise<void>")]
pub fn write_back(descriptor: i32, offset: f64, length: f64) -> AsyncTask<Job<(), ()>> {
    start((), move |()| {
        begin(descriptor, offset as i64, length as i64);
        Ok(())
    })
}

#[cfg(target_os = "linux")]
fn begin(descriptor: i32, offset: i64, length: i64) {
    // SAFETY: no memory is involved; a descriptor that is none is an error of the call.
    unsafe { libc::sync_file_range(descriptor, offset, length, libc::SYNC_FILE_RANGE_WRITE) };
}

#[cfg(not(target_os = "linux"))]
fn begin(_descriptor: i32, _offset: i64, _length: i64) {}
