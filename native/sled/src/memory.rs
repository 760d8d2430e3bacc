//! Memory that was freed and that the allocator still keeps.
//!
//! Pages of a store are read into thousands of small pieces, which are freed in another order: what they leave in between is no
//! use for the next ones, and grows with what was read.
//!
//! Sled's table of pages takes more than a hundred bytes a page and lives as long as the store is open, its snapshot as much
//! for a moment. Glibc keeps what is freed of them in the arena of the thread that asked for it, where the next store, opened
//! by another thread, does not find it: an import, which opens its store twice, would need both at the same time.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Bytes that may be loaded or read until freed memory is given back.
const BETWEEN: u64 = 128 << 20;

/// Counts bytes, and gives freed memory back now and then.
#[derive(Debug, Default)]
pub struct Tide(AtomicU64);

impl Tide {
    /// Takes note of `bytes` that were loaded or read. Any thread may call.
    pub fn moved(&self, bytes: usize) {
        let bytes = bytes as u64;
        let before = self.0.fetch_add(bytes, Relaxed);
        if before / BETWEEN != before.wrapping_add(bytes) / BETWEEN {
            give_back();
        }
    }
}

/// Lets all threads share two of glibc's arenas, as each keeps what was freed in it: with as many arenas as there are threads, an import
/// took a fifth more memory and no less time. Has an effect before the threads are started.
pub fn share_arenas() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        unsafe extern "C" {
            fn mallopt(parameter: i32, value: i32) -> i32;
        }
        const M_ARENA_MAX: i32 = -8;
        // SAFETY: glibc's own function and parameter, as in its <malloc.h>; it may be called at any time by any thread.
        let _was_taken = unsafe { mallopt(M_ARENA_MAX, 2) };
    }
}

/// Gives freed memory back to the system, where the allocator can be told to (glibc). Takes milliseconds.
pub fn give_back() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        unsafe extern "C" {
            fn malloc_trim(pad: usize) -> i32;
        }
        // SAFETY: glibc's own function, declared as in its <malloc.h>; it may be called at any time by any thread, and
        // touches only memory that is free.
        let _was_there_any = unsafe { malloc_trim(0) };
    }
}
