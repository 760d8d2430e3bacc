//! The blocks of a keyspace on their way out of a dump: each is decompressed, checked and hashed in one go. To hand work over to another
//! thread costs more than to check a block.

use std::sync::Arc;

use napi::bindgen_prelude::{AsyncTask, Buffer};
use napi_derive::napi;

use crate::digest::Digest;
use crate::entries::{Facts, Shape, check};
use crate::job::{Job, start};
use crate::lz4;
use kgdump_shared::fault::{Fault, Outcome};
use kgdump_shared::fill::BlockFacts;

/// What was found in a block.
#[napi(object)]
pub struct Unpacked {
    pub facts: BlockFacts,
    /// Lengths.
    pub longest_key: f64,
    pub longest_value: f64,
}

/// Unpacks the blocks of one keyspace.
#[napi]
pub struct BlockUnpacker {
    shape: Shape,
    digest: Arc<Digest>,
}

#[napi]
impl BlockUnpacker {
    /// For keys in reverse byte order, or a delta with deletions.
    #[napi(constructor)]
    pub fn new(reverse: bool, deletions: bool) -> Self {
        Self { shape: Shape { reverse, deletions }, digest: Arc::default() }
    }

    /// Decompresses `data` (LZ4) so that it fills `raw`; without any data, `raw` is what it is. Then checks the entries in `raw`, and adds them to the digest in
    /// the order of the calls. Rejects with DUMP_BLOCK_DAMAGED when it can't be decompressed, with others for its entries.
    #[napi(ts_return_type = "Promise<Unpacked>")]
    pub fn unpack(&self, data: Buffer, raw: Buffer) -> AsyncTask<Job<(Buffer, Buffer), Unpacked>> {
        let shape = self.shape;
        let mut turn = Some(self.digest.take_turn());
        start((data, raw), move |(data, raw)| {
            // Taken, so that it is over when the work fails.
            let turn = turn.take();
            if !data.is_empty() {
                fill(data, raw)?;
            }
            let Facts { stats, longest_key, longest_value } = check(raw, shape)?;
            if let Some(turn) = turn {
                turn.add(raw);
            }
            Ok(Unpacked { facts: stats.into(), longest_key: longest_key as f64, longest_value: longest_value as f64 })
        })
    }

    /// SHA-256 of all that was unpacked: 32 bytes.
    #[napi]
    pub fn digest(&self) -> Buffer {
        self.digest.value().into()
    }
}

/// Decompresses a block that must be as long as `raw`.
///
/// Errors: DUMP_BLOCK_DAMAGED.
pub fn fill(data: &[u8], raw: &mut [u8]) -> Outcome<()> {
    let damaged = |problem| Fault::new("DUMP_BLOCK_DAMAGED", problem);
    let length = lz4::decompress(data, raw).map_err(damaged)?;
    if length as usize == raw.len() {
        return Ok(());
    }
    Err(damaged(format!("it decodes to {length} bytes, not {}", raw.len())))
}

#[cfg(test)]
mod tests {
    use super::fill;

    #[test]
    fn a_block_is_as_long_as_it_says() {
        let data = [0x50, b'a', b'b', b'c', b'd', b'e'];
        let mut raw = [0; 6];
        assert!(fill(&data, &mut raw[..5]).is_ok());
        assert_eq!(&raw[..5], b"abcde");
        for length in [4, 6] {
            assert_eq!(fill(&data, &mut raw[..length]).unwrap_err().code, "DUMP_BLOCK_DAMAGED", "{length}");
        }
    }
}
