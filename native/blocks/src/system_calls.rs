//! Two calls of the system that Node lacks.
//!
//! Contract: both are only hints, for Linux, and what fails is not told. That bytes are on the disk is for the sync at the
//! end to say, which is made all the same.

use napi::bindgen_prelude::AsyncTask;
use napi_derive::napi;

use crate::job::{Job, start};

/// Begins to write `length` bytes from `offset` of an open file to its disk; not waited for.
#[napi(ts_return_type = "Promise<void>")]
pub fn write_back(descriptor: i32, offset: f64, length: f64) -> AsyncTask<Job<(), ()>> {
    start((), move |()| {
        begin_write_back(descriptor, offset as i64, length as i64);
        Ok(())
    })
}

/// Gives a pipe room for 1 MiB, the most that an unprivileged process may ask for by default.
#[napi]
pub fn widen_pipe(descriptor: i32) {
    set_pipe_size(descriptor, 1 << 20);
}

#[cfg(target_os = "linux")]
fn begin_write_back(descriptor: i32, offset: i64, length: i64) {
    // SAFETY: no memory is involved; a descriptor that is none is an error of the call.
    unsafe { libc::sync_file_range(descriptor, offset, length, libc::SYNC_FILE_RANGE_WRITE) };
}

#[cfg(target_os = "linux")]
fn set_pipe_size(descriptor: i32, size: i32) {
    // SAFETY: as above.
    unsafe { libc::fcntl(descriptor, libc::F_SETPIPE_SZ, size) };
}

#[cfg(not(target_os = "linux"))]
fn begin_write_back(_descriptor: i32, _offset: i64, _length: i64) {}

#[cfg(not(target_os = "linux"))]
fn set_pipe_size(_descriptor: i32, _size: i32) {}
