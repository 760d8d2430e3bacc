//! What is done with each block of a dump, off the main thread and in memory that the caller owns: its entries are
//! checked, it is compressed, summed and hashed, or decompressed, checked and hashed; and calls of the system for where it goes.
//!
//! Contract with JavaScript (`src/codecs`, `src/operations/system-calls.ts`, and nobody else): no buffer may be touched until the promise has settled. An
//! input is only read, an output only written, and nothing is kept after that: memory is the caller's to reuse. No panic
//! crosses. Errors are `Fault`s.

// What only JavaScript calls is not called in unit tests.
#![cfg_attr(test, allow(dead_code))]

mod attributes;
mod crash;
mod digest;
mod entries;
mod graph;
mod job;
mod lz4;
mod pack;
mod search;
mod stats;
mod system_calls;
mod unpack;

use napi::bindgen_prelude::{AsyncTask, Buffer};
use napi_derive::napi;

use crate::job::{Job, start};

/// The most bytes that `compress` can make of `length` bytes; 0 when it can't compress so many.
#[napi]
pub fn most_compressed(length: u32) -> u32 {
    lz4::most_compressed(length as usize) as u32
}

/// Compresses `input` into `output`, which must hold `mostCompressed(input.length)` bytes; resolves to the bytes written.
#[napi(ts_return_type = "Promise<number>")]
pub fn compress(input: Buffer, output: Buffer) -> AsyncTask<Job<(Buffer, Buffer), u32>> {
    start((input, output), |(input, output)| lz4::compress(input, output))
}

/// Decompresses `input` so that it fills `output`; rejects when the data is damaged, or decodes to less or more.
#[napi(ts_return_type = "Promise<void>")]
pub fn decompress(input: Buffer, output: Buffer) -> AsyncTask<Job<(Buffer, Buffer), ()>> {
    start((input, output), |(input, output)| unpack::fill(input, output))
}
