//! Buffers of sled's log, kept to be used again while pages are loaded: compiled into a copy of sled 0.34.7 as a module of
//! its page cache. kgdump's own code.
//!
//! Contract: an address that is kept came from the allocator with the length that stands beside it and sled's own
//! alignment, and belongs to nobody else until it is taken. Any thread may call.
#![deny(unsafe_code)]
#![warn(warnings, clippy::all)]

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Mutex, PoisonError};

use super::bulk::WINDOW;

/// How many loaders there are: only for them are the log's buffers kept.
static LOADERS: AtomicUsize = AtomicUsize::new(0);
/// Address and length of buffers that wait to be used again. The allocator cannot use such aligned blocks again by itself
/// (glibc before 2.38), so that memory would grow by as much as is written.
static BUFFERS: Mutex<Vec<(usize, usize)>> = Mutex::new(Vec::new());

/// A loader begins: from now on buffers are kept.
pub(super) fn begin_keeping() {
    let _loaders = LOADERS.fetch_add(1, SeqCst);
}

/// A loader has ended. What is kept stays for the next one.
pub(super) fn end_keeping() {
    let _loaders = LOADERS.fetch_sub(1, SeqCst);
}

/// A buffer of the log's that was kept, of exactly that length.
pub(super) fn take_buffer(length: usize) -> Option<*mut u8> {
    let mut buffers = BUFFERS.lock().unwrap_or_else(PoisonError::into_inner);
    let at = buffers.iter().position(|&(_, kept)| kept == length)?;
    Some(buffers.swap_remove(at).0 as *mut u8)
}

/// Keeps a buffer that the log lets go; false when it is to be freed.
pub(super) fn keep_buffer(buffer: *mut u8, length: usize) -> bool {
    let mut buffers = BUFFERS.lock().unwrap_or_else(PoisonError::into_inner);
    let kept: usize = buffers.iter().map(|&(_, length)| length).sum();
    let keep = LOADERS.load(SeqCst) > 0 && kept + length <= 2 * WINDOW;
    if keep {
        buffers.push((buffer as usize, length));
    }
    keep
}
