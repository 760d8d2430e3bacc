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

use std::io::{self, Read};

const BLOCK: usize = 32 * 1024;
const HEADER: usize = 7;
const RECYCLABLE_HEADER: usize = 11;

/// How a log ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// With its last record.
    Clean,
    /// With a record that was not written completely; `dropped` bytes from `offset` on hold nothing that was finished.
    Torn { offset: u64, dropped: u64 },
}

/// Why a log can't be read whole.
#[derive(Debug)]
pub enum LogError {
    Io(io::Error),
    /// Damage that starts at a byte offset.
    Damaged {
        offset: u64,
        reason: String,
    },
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Full,
    First,
    Middle,
    Last,
    /// A note of the writer: compression, timestamp sizes, the log before.
    Note {
        compression: bool,
    },
}

fn part_of(kind: u8) -> Option<Part> {
    Some(match kind {
        1 | 5 => Part::Full,
        2 | 6 => Part::First,
        3 | 7 => Part::Middle,
        4 | 8 => Part::Last,
        9 => Part::Note { compression: true },
        10 | 11 | 130 | 131 => Part::Note { compression: false },
        _ => return None,
    })
}

fn is_recyclable(kind: u8) -> bool {
    matches!(kind, 5..=8 | 11 | 131)
}

fn u16_at(bytes: &[u8], at: usize) -> usize {
    usize::from(u16::from_le_bytes([bytes[at], bytes[at + 1]]))
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

/// The CRC-32C that a stored, masked one stands for.
fn unmask(stored: u32) -> u32 {
    stored.wrapping_sub(0xa282_ead8).rotate_left(15)
}

/// What the bytes at the start of `bytes` are, when `bytes` reaches to the end of the block or the file.
enum Physical<'a> {
    Record { part: Part, payload: &'a [u8], length: usize },
    UnknownType(u8),
    WrongChecksum,
    Doubtful(Doubt),
}

/// Bytes that may be the end of a log or damage.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Doubt {
    /// A record of the file's former life, whole.
    Stale,
    /// Nothing was written from here on: type and length are zero.
    Zero,
    /// The header or the payload ends after the bytes.
    Short,
    /// The checksum is wrong, of a kind of record that a reused file has.
    ReusedWrongChecksum,
}

fn physical(bytes: &[u8], log_number: Option<u32>) -> Physical<'_> {
    if bytes.len() < HEADER {
        return Physical::Doubtful(Doubt::Short);
    }
    let length = u16_at(bytes, 4);
    let kind = bytes[6];
    if kind == 0 && length == 0 {
        return Physical::Doubtful(Doubt::Zero);
    }
    let recyclable = is_recyclable(kind);
    let header = if recyclable { RECYCLABLE_HEADER } else { HEADER };
    if header + length > bytes.len() {
        return Physical::Doubtful(Doubt::Short);
    }
    if crc32c::crc32c(&bytes[6..header + length]) != unmask(u32_at(bytes, 0)) {
        return if recyclable { Physical::Doubtful(Doubt::ReusedWrongChecksum) } else { Physical::WrongChecksum };
    }
    if recyclable && log_number.is_some_and(|number| number != u32_at(bytes, HEADER)) {
        return Physical::Doubtful(Doubt::Stale);
    }
    match part_of(kind) {
        Some(part) => Physical::Record { part, payload: &bytes[header..header + length], length: header + length },
        None => Physical::UnknownType(kind),
    }
}

/// Whether a whole record of this log starts anywhere in `bytes`. In a reused file only records with the log's number
/// count; that is looked at first, because such files are long.
fn holds_record(bytes: &[u8], log_number: Option<u32>, reused: bool) -> bool {
    (0..bytes.len().saturating_sub(HEADER - 1)).any(|at| {
        let kind = bytes[at + 6];
        let possible = if reused {
            is_recyclable(kind)
                && at + RECYCLABLE_HEADER <= bytes.len()
                && Some(u32_at(bytes, at + HEADER)) == log_number
        } else {
            kind != 0
        };
        possible && matches!(physical(&bytes[at..], log_number), Physical::Record { .. })
    })
}

/// Whether the record at the start of `bytes` is whole but for its length: another length makes its checksum right.
fn has_wrong_length(bytes: &[u8]) -> bool {
    if bytes.len() < HEADER {
        return false;
    }
    let wanted = unmask(u32_at(bytes, 0));
    let mut crc = crc32c::crc32c(&bytes[6..HEADER]);
    for &byte in &bytes[HEADER..] {
        if crc == wanted {
            return true;
        }
        crc = crc32c::crc32c_append(crc, &[byte]);
    }
    crc == wanted
}

struct Blocks<R> {
    input: R,
    block: Vec<u8>,
    /// Offset of the block within the file.
    start: u64,
}

impl<R: Read> Blocks<R> {
    /// Reads the next block; its length is less than 32 KiB only at the file's end.
    fn advance(&mut self) -> io::Result<()> {
        self.start += self.block.len() as u64;
        self.block.resize(BLOCK, 0);
        let mut filled = 0;
        while filled < BLOCK {
            match self.input.read(&mut self.block[filled..]) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.block.truncate(filled);
        Ok(())
    }
}

/// Reads all records of a log in order.
///
/// `log_number` is the number in a write-ahead log's name (its low 32 bits are in recyclable records), none for a
/// MANIFEST. `record` gets each logical record with its offset, and whether its bytes are compressed (they are not expanded).
pub fn read_log<E: From<LogError>>(
    input: impl Read,
    log_number: Option<u32>,
    mut record: impl FnMut(u64, &[u8], bool) -> Result<(), E>,
) -> Result<End, E> {
    let damaged = |offset: u64, reason: &str| E::from(LogError::Damaged { offset, reason: reason.to_owned() });
    let mut blocks = Blocks { input, block: Vec::new(), start: 0 };
    let mut compressed = false;
    let mut whole: Vec<u8> = Vec::new();
    let mut open: Option<u64> = None; // offset of the fragmented record that is being put together
    loop {
        blocks.advance().map_err(LogError::Io)?;
        let mut at = 0;
        while at < blocks.block.len() {
            let offset = blocks.start + at as u64;
            let rest = &blocks.block[at..];
            let last_block = blocks.block.len() < BLOCK;
            match physical(rest, log_number) {
                Physical::Record { part, payload, length } => {
                    match (part, open) {
                        (Part::Full | Part::First, Some(start)) if !whole.is_empty() => {
                            return Err(damaged(start, "a record lacks its end"));
                        }
                        (Part::Full, _) => {
                            open = None;
                            record(offset, payload, compressed)?;
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
                            record(start, &whole, compressed)?;
                            whole.clear();
                        }
                        (Part::Note { compression }, _) => compressed |= compression,
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
                Physical::WrongChecksum => {
                    return Err(damaged(offset, "a record's checksum is wrong"));
                }
                Physical::Doubtful(doubt) => {
                    let dropped = tail(&mut blocks, at, doubt, log_number)?;
                    let end = match open {
                        Some(start) => End::Torn { offset: start, dropped: offset - start + dropped },
                        None if doubt == Doubt::Stale || dropped == 0 => End::Clean,
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

/// Reads on from a doubtful record at `at` to the end of the file. Returns how many bytes were dropped with it (0 when
/// they are only zeros that were never written to), or damage when something finished was written after it.
fn tail<R: Read>(blocks: &mut Blocks<R>, at: usize, doubt: Doubt, log_number: Option<u32>) -> Result<u64, LogError> {
    let offset = blocks.start + at as u64;
    let damaged = |reason: &str| LogError::Damaged { offset, reason: reason.to_owned() };
    let (zero, short) = (doubt == Doubt::Zero, doubt == Doubt::Short);
    let reused = matches!(doubt, Doubt::Stale | Doubt::ReusedWrongChecksum)
        || (short && blocks.block.len() - at >= HEADER && is_recyclable(blocks.block[at + 6]));
    let rest = &blocks.block[at..];
    if short && blocks.block.len() == BLOCK && !reused {
        return Err(damaged("a record's length is wrong"));
    }
    if doubt != Doubt::Zero && doubt != Doubt::Stale && has_wrong_length(rest) {
        return Err(damaged("a record's length is wrong"));
    }
    // A reused file ends with what it held before, unless its new content is longer: then nothing was cut off.
    if doubt == Doubt::ReusedWrongChecksum
        && blocks.block.len() < BLOCK
        && rest.len() == RECYCLABLE_HEADER + u16_at(rest, 4)
    {
        return Err(damaged("a record's checksum is wrong"));
    }
    if short && rest.len() >= HEADER {
        let header = if is_recyclable(rest[6]) { RECYCLABLE_HEADER } else { HEADER };
        if !reused && at + header + u16_at(rest, 4) > BLOCK {
            return Err(damaged("a record's length is wrong"));
        }
    }
    if holds_record(&rest[1.min(rest.len())..], log_number, reused) {
        return Err(damaged("records follow bytes that are no record"));
    }
    let mut only_zeros = rest.iter().all(|&byte| byte == 0);
    let mut dropped = rest.len() as u64;
    while blocks.block.len() == BLOCK {
        blocks.advance().map_err(LogError::Io)?;
        only_zeros &= blocks.block.iter().all(|&byte| byte == 0);
        dropped += blocks.block.len() as u64;
        if holds_record(&blocks.block, log_number, reused) {
            return Err(damaged("records follow bytes that are no record"));
        }
    }
    if zero && !only_zeros && log_number.is_none() {
        return Err(damaged("bytes that are no record follow zeros"));
    }
    Ok(if only_zeros { 0 } else { dropped })
}

#[cfg(test)]
mod tests;
