//! Expands the records of a compressed write-ahead log.
//!
//! Each record is one frame of Zstandard with a checksum, in as many fragments as the log's blocks need; an empty record stays empty
//! (RocksDB's `log_writer.cc` and `compression.cc`).
//!
//! Contract: pure; memory grows with what is really expanded, never with what a frame claims, up to `MOST_BYTES`.

use std::io::Read;

use ruzstd::decoding::{FrameDecoder, StreamingDecoder};

/// RocksDB's number of Zstandard; it knows no other way to compress logs.
const ZSTD: u32 = 7;
/// Bytes of one record, expanded. RocksDB holds all of a record in memory, too.
const MOST_BYTES: u64 = 8 << 30;

/// A decoder, used for one record after the other.
pub struct Expander {
    decoder: FrameDecoder,
    expanded: Vec<u8>,
}

impl Expander {
    /// A decoder of records that are compressed in the way `algorithm`, if that is known.
    pub fn new(algorithm: u32) -> Option<Self> {
        (algorithm == ZSTD).then(|| Self { decoder: FrameDecoder::new(), expanded: Vec::new() })
    }

    /// Expands a whole record. Errors: why its bytes are not what a writer made of one.
    pub fn expand(&mut self, record: &[u8]) -> Result<&[u8], String> {
        self.expanded.clear();
        if record.is_empty() {
            return Ok(&self.expanded);
        }
        let mut rest = record;
        let wrong = |error: &dyn std::fmt::Display| format!("a compressed record can't be expanded: {error}");
        let stream = StreamingDecoder::new_with_decoder(&mut rest, &mut self.decoder).map_err(|error| wrong(&error))?;
        stream.take(MOST_BYTES + 1).read_to_end(&mut self.expanded).map_err(|error| wrong(&error))?;
        if self.expanded.len() as u64 > MOST_BYTES {
            return Err(wrong(&"it is too long"));
        }
        if !rest.is_empty() {
            return Err(wrong(&"something follows its end"));
        }
        if self.decoder.get_checksum_from_data() != self.decoder.get_calculated_checksum() {
            return Err(wrong(&"its checksum is wrong"));
        }
        Ok(&self.expanded)
    }
}
