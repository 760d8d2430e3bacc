//! Notes that the writer of a log leaves among its records, and the expansion of records that they tell to be compressed.
//!
//! Notes (RocksDB's `log_format.h`, `log_writer.cc`): the kind of compression, u32; what was known of the log before, three u64; sizes of
//! timestamps, pairs of a family's id u32 and a size u16. All are little-endian.
//!
//! Contract: memory is bounded by the longest record, expanded.

use super::blocks::LogError;
use super::physical::{COMPRESSION, LOG_BEFORE, TIMESTAMP_SIZES};
use crate::files::log_expander::Expander;

/// What a log says of the log before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogBefore {
    pub number: u64,
    /// Length of the file in bytes.
    pub size: u64,
    /// Sequence number of its last record; 0 when it has none.
    pub last_sequence: u64,
}

/// A piece of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece<'a> {
    /// A whole record, expanded.
    Record(&'a [u8]),
    LogBefore(LogBefore),
    /// Keys of some families end in timestamps.
    TimestampSizes,
    /// A note of a type that is not known here, which RocksDB skips.
    Unknown(u8),
}

/// Hands pieces on.
pub struct Output<F> {
    pub each: F,
    pub expander: Option<Expander>,
    /// Whether a record was handed on.
    pub began: bool,
    /// A MANIFEST has no notes.
    pub manifest: bool,
}

impl<F> Output<F> {
    /// Hands on a record whose bytes are `bytes`.
    pub fn record<E: From<LogError>>(&mut self, offset: u64, bytes: &[u8]) -> Result<(), E>
    where
        F: FnMut(u64, Piece<'_>) -> Result<(), E>,
    {
        self.began = true;
        let Some(expander) = &mut self.expander else { return (self.each)(offset, Piece::Record(bytes)) };
        let expanded = expander.expand(bytes).map_err(|reason| LogError::Damaged { offset, reason })?;
        (self.each)(offset, Piece::Record(expanded))
    }

    /// Understands a note of the type `kind`.
    pub fn note<E: From<LogError>>(&mut self, offset: u64, kind: u8, payload: &[u8]) -> Result<(), E>
    where
        F: FnMut(u64, Piece<'_>) -> Result<(), E>,
    {
        let damaged = |reason: &str| E::from(LogError::Damaged { offset, reason: reason.to_owned() });
        if self.manifest {
            return Err(damaged("a record has a type that only write-ahead logs have"));
        }
        if kind == COMPRESSION {
            if self.began || self.expander.is_some() {
                return Err(damaged("the kind of compression is not told at its beginning"));
            }
            let Some((algorithm, _)) = payload.split_first_chunk() else {
                return Err(damaged("the kind of compression is cut off"));
            };
            let algorithm = u32::from_le_bytes(*algorithm);
            let expander = Expander::new(algorithm)
                .ok_or_else(|| damaged(&format!("its records are compressed in the unknown way {algorithm}")))?;
            self.expander = Some(expander);
            return Ok(());
        }
        if LOG_BEFORE.contains(&kind) {
            let number = |at: usize| {
                let bytes = payload.get(at..at + 8).and_then(|bytes| bytes.try_into().ok());
                bytes.map(u64::from_le_bytes).ok_or_else(|| damaged("what it tells of the log before is cut off"))
            };
            let before = LogBefore { number: number(0)?, size: number(8)?, last_sequence: number(16)? };
            return (self.each)(offset, Piece::LogBefore(before));
        }
        if TIMESTAMP_SIZES.contains(&kind) {
            return (self.each)(offset, Piece::TimestampSizes);
        }
        (self.each)(offset, Piece::Unknown(kind))
    }
}
