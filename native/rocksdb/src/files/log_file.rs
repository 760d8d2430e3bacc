//! Strict reader of RocksDB's log format, which both write-ahead logs and MANIFEST files have.
//!
//! RocksDB's own readers forgive more than a dump may: a wrong length near the end of a file, a hole of zeros or a wrong
//! checksum in a reused log all count as the end, with status OK. This reader tells a record that was never written
//! completely (the writer stopped, or is just writing) from one that was damaged: after a doubtful record nothing of
//! this log may be readable any more, and no other length may make its checksum right.
//!
//! Format (RocksDB wiki, "Write Ahead Log File Format"): blocks of 32 KiB; each record has CRC-32C u32 (masked, of type
//! and what follows), length u16, type u8 and, when the type is a recyclable one, log number u32; then the payload.
//!
//! Contract: memory is bounded by the longest logical record. No I/O but reads.

mod blocks;
mod notes;
pub mod physical;
mod tail;
#[cfg(test)]
mod tests;

use std::io::Read;

pub use blocks::LogError;
pub use notes::{LogBefore, Piece};

use blocks::Blocks;
use notes::Output;
use physical::{physical, u32_at, Doubt, Part, Physical, BLOCK, HEADER, RECYCLABLE_HEADER};
use tail::{tail, Life};

/// Why a log is damaged whose records are those of a later one.
pub const LATER_LOG: &str = "it holds records of a later log: logs changed places";

/// How a log ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// With its last record.
    Clean,
    /// With a record that was not written completely; `dropped` bytes from `offset` on hold nothing that was finished.
    Torn { offset: u64, dropped: u64 },
    /// With fewer bytes than a header has, in a file that may have held another log: that log left them, or a record was begun.
    Rest { offset: u64, length: u64 },
}

/// Reads all records of a log in order.
///
/// `log_number` is the number in a write-ahead log's name (its low 32 bits are in recyclable records), none for a
/// MANIFEST. `each` gets each logical record, expanded when the log is compressed, and each note of the writer, with its offset.
pub fn read_log<E: From<LogError>>(
    input: impl Read,
    log_number: Option<u32>,
    each: impl FnMut(u64, Piece<'_>) -> Result<(), E>,
) -> Result<End, E> {
    let damaged = |offset: u64, reason: &str| E::from(LogError::Damaged { offset, reason: reason.to_owned() });
    let mut blocks = Blocks { input, block: Vec::new(), start: 0 };
    let mut output = Output { each, expander: None, began: false, manifest: log_number.is_none() };
    let mut whole: Vec<u8> = Vec::new();
    let mut life = Life::Unknown;
    let mut open: Option<u64> = None; // offset of the fragmented record that is being put together
    loop {
        blocks.advance().map_err(LogError::Io)?;
        let mut at = 0;
        while at < blocks.block.len() {
            let offset = blocks.start + at as u64;
            let rest = &blocks.block[at..];
            let last_block = blocks.block.len() < BLOCK;
            match physical(rest, log_number) {
                Physical::Record { part, recyclable, payload, length } => {
                    if recyclable && (life == Life::New || log_number.is_none()) {
                        return Err(damaged(offset, "a record's type is wrong"));
                    }
                    if life == Life::Unknown {
                        life = match part {
                            _ if recyclable => Life::Reusable,
                            Part::Note(_) => Life::Unknown,
                            _ => Life::New,
                        };
                    }
                    match (part, open) {
                        (Part::Full | Part::First, Some(start)) if !whole.is_empty() => {
                            return Err(damaged(start, "a record lacks its end"));
                        }
                        (Part::Full, _) => {
                            open = None;
                            output.record(offset, payload)?;
                        }
                        (Part::First, _) => {
                            open = Some(offset);
                            whole.clear();
                            whole.extend_from_slice(payload);
                        }
                        (Part::Middle | Part::Last, None) => return Err(damaged(offset, "a record lacks its start")),
                        (Part::Middle, Some(_)) => whole.extend_from_slice(payload),
                        (Part::Last, Some(start)) => {
                            whole.extend_from_slice(payload);
                            open = None;
                            output.record(start, &whole)?;
                            whole.clear();
                        }
                        (Part::Note(kind), _) => output.note(offset, kind, payload)?,
                    }
                    at += length;
                }
                // The writer fills the end of a block with zeros when no header fits there any more.
                Physical::Doubtful(Doubt::Short | Doubt::Zero)
                    if !last_block && rest.len() < RECYCLABLE_HEADER && rest.iter().all(|&byte| byte == 0) =>
                {
                    at = blocks.block.len();
                }
                Physical::UnknownType(kind) => {
                    return Err(damaged(offset, &format!("a record has the unknown type {kind}")));
                }
                Physical::Doubtful(Doubt::Stale) if log_number.is_some_and(|number| u32_at(rest, HEADER) > number) => {
                    return Err(damaged(offset, LATER_LOG));
                }
                Physical::Doubtful(doubt) => {
                    let dropped = tail(&mut blocks, at, doubt, life, log_number)?;
                    let end = match open {
                        Some(start) => End::Torn { offset: start, dropped: offset - start + dropped },
                        None if doubt == Doubt::Stale || dropped == 0 => End::Clean,
                        None if life == Life::Reusable && dropped < HEADER as u64 => {
                            End::Rest { offset, length: dropped }
                        }
                        None => End::Torn { offset, dropped },
                    };
                    return Ok(end);
                }
            }
        }
        if blocks.block.len() < BLOCK {
            let length = blocks.start + blocks.block.len() as u64;
            let end = open.map_or(End::Clean, |offset| End::Torn { offset, dropped: length - offset });
            return Ok(end);
        }
    }
}
