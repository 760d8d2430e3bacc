//! LZ4 blocks (github.com/lz4/lz4, doc/lz4_Block_format.md), off the main thread, into memory that the caller owns.
//!
//! Contract with JavaScript: neither buffer may be touched until the promise has settled. The input is only read, the
//! output only written, and nothing is kept after that: memory is the caller's to reuse.

use std::panic::{AssertUnwindSafe, catch_unwind};

use napi::bindgen_prelude::{AsyncTask, Buffer};
use napi::{Env, Error, Result, Task};
use napi_derive::napi;

/// The direction of a job.
#[derive(Clone, Copy, Debug)]
enum Direction {
    Compress,
    Decompress,
}

/// One buffer to be turned into another on one of libuv's threads.
pub struct Job {
    direction: Direction,
    input: Buffer,
    output: Buffer,
}

impl Task for Job {
    type Output = u32;
    type JsValue = u32;

    fn compute(&mut self) -> Result<u32> {
        let Job { direction, input, output } = self;
        let done = catch_unwind(AssertUnwindSafe(|| run(*direction, input, output)));
        done.unwrap_or_else(|_| Err("the codec failed inside".to_owned())).map_err(Error::from_reason)
    }

    fn resolve(&mut self, _env: Env, length: u32) -> Result<u32> {
        Ok(length)
    }
}

/// Does the work; returns the bytes written to `output`.
fn run(direction: Direction, input: &[u8], output: &mut [u8]) -> std::result::Result<u32, String> {
    let written = match direction {
        Direction::Compress => lz4_flex::block::compress_into(input, output).map_err(|error| error.to_string())?,
        Direction::Decompress => lz4_flex::block::decompress_into(input, output).map_err(|error| error.to_string())?,
    };
    u32::try_from(written).map_err(|_| "more than 4 GiB".to_owned())
}

/// The most bytes that `compress` can make of `length` bytes.
#[napi]
pub fn most_compressed(length: u32) -> f64 {
    lz4_flex::block::get_maximum_output_size(length as usize) as f64
}

/// Compresses `input` into `output`, which must hold `mostCompressed(input.length)` bytes; resolves to the bytes written.
#[napi(ts_return_type = "Promise<number>")]
pub fn compress(input: Buffer, output: Buffer) -> AsyncTask<Job> {
    AsyncTask::new(Job { direction: Direction::Compress, input, output })
}

/// Decompresses `input` into `output`; resolves to the bytes written, rejects when the data is damaged or needs more.
#[napi(ts_return_type = "Promise<number>")]
pub fn decompress(input: Buffer, output: Buffer) -> AsyncTask<Job> {
    AsyncTask::new(Job { direction: Direction::Decompress, input, output })
}

#[cfg(test)]
mod tests {
    use super::{Direction, run};

    fn compressed(input: &[u8]) -> Vec<u8> {
        let mut output = vec![0; lz4_flex::block::get_maximum_output_size(input.len())];
        let length = run(Direction::Compress, input, &mut output).unwrap();
        output.truncate(length as usize);
        output
    }

    #[test]
    fn what_was_compressed_comes_back() {
        for length in [0, 1, 12, 13, 255, 65_535, 65_536, 1 << 20] {
            let input: Vec<u8> = (0..length).map(|at| (at / 7 % 251) as u8).collect();
            let mut output = vec![0; length];
            assert_eq!(run(Direction::Decompress, &compressed(&input), &mut output), Ok(length as u32));
            assert_eq!(output, input);
        }
    }

    #[test]
    fn too_little_room_is_an_error() {
        let input = vec![7; 1000];
        assert!(run(Direction::Compress, &[1, 2, 3, 4, 5], &mut [0; 2]).is_err());
        assert!(run(Direction::Decompress, &compressed(&input), &mut [0; 999]).is_err());
        assert_eq!(run(Direction::Decompress, &compressed(&input), &mut [0; 1001]), Ok(1000));
    }

    #[test]
    fn damage_never_panics() {
        let good = compressed(&(0..2000_u32).flat_map(u32::to_le_bytes).collect::<Vec<u8>>());
        let mut output = vec![0; 8000];
        for at in 0..good.len() {
            for bit in 0..8 {
                let mut damaged = good.clone();
                damaged[at] ^= 1 << bit;
                let _ = run(Direction::Decompress, &damaged, &mut output);
            }
            let _ = run(Direction::Decompress, &good[..at], &mut output);
        }
    }
}
