//! The blocks of a keyspace on their way into a dump: each is checked, compressed, summed and hashed in one go, while it is in
//! the processor's cache.

use std::sync::Arc;

use napi::bindgen_prelude::{AsyncTask, Buffer};
use napi_derive::napi;

use crate::digest::Digest;
use crate::entries::{Shape, check};
use crate::job::{Job, start};
use crate::lz4;
use kgdump_shared::fault::Outcome;
use kgdump_shared::fill::BlockFacts;

/// What was found in a block, and what was made of it.
#[napi(object)]
pub struct Packed {
    pub facts: BlockFacts,
    /// Bytes of the compressed block in the output; 0 when it is to be stored as it is.
    pub compressed: f64,
    /// CRC-32 of the block as it is to be stored.
    pub crc: u32,
}

/// Packs the blocks of one keyspace.
#[napi]
pub struct BlockPacker {
    shape: Shape,
    digest: Arc<Digest>,
}

#[napi]
impl BlockPacker {
    /// For keys in reverse byte order, or a delta with deletions.
    #[napi(constructor)]
    pub fn new(reverse: bool, deletions: bool) -> Self {
        Self { shape: Shape { reverse, deletions }, digest: Arc::default() }
    }

    /// Checks the entries in `raw`, compresses them into `output` when it holds `mostCompressed(raw.length)` bytes, and adds
    /// them to the digest in the order of the calls.
    #[napi(ts_return_type = "Promise<Packed>")]
    pub fn pack(&self, raw: Buffer, output: Buffer) -> AsyncTask<Job<(Buffer, Buffer), Packed>> {
        let shape = self.shape;
        let mut turn = Some(self.digest.take_turn());
        start((raw, output), move |(raw, output)| {
            // Taken, so that it is over when the work fails.
            let turn = turn.take();
            let packed = packed(raw, output, shape)?;
            if let Some(turn) = turn {
                turn.add(raw);
            }
            Ok(packed)
        })
    }

    /// SHA-256 of all that was packed: 32 bytes.
    #[napi]
    pub fn digest(&self) -> Buffer {
        self.digest.value().into()
    }
}

fn packed(raw: &[u8], output: &mut [u8], shape: Shape) -> Outcome<Packed> {
    let facts = check(raw, shape)?;
    let compressed = match lz4::most_compressed(raw.len()) {
        needed if needed > 0 && output.len() >= needed => lz4::compress(raw, output)? as usize,
        _ => 0,
    };
    // What does not shrink is stored as it is.
    let compressed = if compressed < raw.len() { compressed } else { 0 };
    let stored = if compressed > 0 { &output[..compressed] } else { raw };
    Ok(Packed { facts: facts.stats.into(), compressed: compressed as f64, crc: crc32fast::hash(stored) })
}

#[cfg(test)]
mod tests {
    use super::packed;
    use crate::entries::Shape;
    use crate::lz4::{compress, decompress, most_compressed};

    const SHAPE: Shape = Shape { reverse: false, deletions: false };

    fn block(value: &[u8]) -> Vec<u8> {
        let mut raw = vec![0xc4, 1, b'k', 0xc4, value.len() as u8];
        raw.extend(value);
        raw
    }

    #[test]
    fn what_shrinks_is_compressed() {
        let raw = block(&[7; 255]);
        let mut output = vec![0; most_compressed(raw.len())];
        let made = packed(&raw, &mut output, SHAPE).unwrap();
        let stored = &output[..made.compressed as usize];
        assert!(!stored.is_empty() && stored.len() < raw.len());
        assert_eq!(made.crc, crc32fast::hash(stored));
        let mut back = vec![0; raw.len()];
        assert_eq!(decompress(stored, &mut back), Ok(raw.len() as u32));
        assert_eq!(back, raw);
        assert_eq!((made.facts.entries, made.facts.key_bytes, made.facts.value_bytes), (1.0, 1.0, 255.0));
    }

    #[test]
    fn what_does_not_shrink_or_has_no_room_is_stored_as_it_is() {
        let raw = block(b"abcdefgh");
        for room in [0, most_compressed(raw.len())] {
            let made = packed(&raw, &mut vec![0; room], SHAPE).unwrap();
            assert_eq!((made.compressed, made.crc), (0.0, crc32fast::hash(&raw)));
        }
    }

    #[test]
    fn what_stays_as_long_as_it_is_is_stored_as_it_is() {
        // Bytes of which none comes twice, and some of them again.
        let raws = (8..100_u8).flat_map(|length| (4..8).map(move |again| (length, again)));
        let raws = raws.map(|(length, again)| block(&(0..length).chain(0..again).chain(200..212).collect::<Vec<u8>>()));
        let equal = raws.filter(|raw| {
            let mut output = vec![0; most_compressed(raw.len())];
            compress(raw, &mut output).unwrap() as usize == raw.len()
        });
        let mut tried = 0;
        for raw in equal {
            let made = packed(&raw, &mut vec![0; most_compressed(raw.len())], SHAPE).unwrap();
            assert_eq!((made.compressed, made.crc), (0.0, crc32fast::hash(&raw)));
            tried += 1;
        }
        assert!(tried > 0);
    }

    #[test]
    fn what_is_wrong_is_not_packed() {
        assert!(packed(&block(b"a")[1..], &mut [0; 100], SHAPE).is_err());
    }
}
