//! One physical record of a log: what the bytes at a place are.
//!
//! Contract: pure; looks only at the bytes that it is given, and trusts a length only after the checksum.

/// Bytes of a block; no record goes over the end of one.
pub const BLOCK: usize = 32 * 1024;
pub const HEADER: usize = 7;
pub const RECYCLABLE_HEADER: usize = 11;

/// Which part of a logical record a physical one is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Full,
    First,
    Middle,
    Last,
    /// A note of the writer.
    Note(u8),
}

/// Types of notes: how the log is compressed, sizes of timestamps, the log before. The second ones carry their log's number.
pub const COMPRESSION: u8 = 9;
pub const TIMESTAMP_SIZES: [u8; 2] = [10, 11];
pub const LOG_BEFORE: [u8; 2] = [130, 131];
/// Types from here on may be skipped by who does not know them.
const FIRST_OPTIONAL: u8 = 128;

fn part_of(kind: u8) -> Option<Part> {
    Some(match kind {
        1 | 5 => Part::Full,
        2 | 6 => Part::First,
        3 | 7 => Part::Middle,
        4 | 8 => Part::Last,
        9..=11 | FIRST_OPTIONAL.. => Part::Note(kind),
        _ => return None,
    })
}

/// Whether this is the type of a note.
pub fn is_note(kind: u8) -> bool {
    matches!(part_of(kind), Some(Part::Note(_)))
}

/// Whether records of this type carry the number of their log, as in logs whose files are used again.
pub fn is_recyclable(kind: u8) -> bool {
    matches!(kind, 5..=8 | 11 | 131)
}

pub fn u16_at(bytes: &[u8], at: usize) -> usize {
    usize::from(u16::from_le_bytes([bytes[at], bytes[at + 1]]))
}

pub fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

/// The CRC-32C that a stored, masked one stands for.
pub fn unmask(stored: u32) -> u32 {
    stored.wrapping_sub(0xa282_ead8).rotate_left(15)
}

/// What the bytes at the start of `bytes` are, when `bytes` reaches to the end of the block or the file.
pub enum Physical<'a> {
    Record {
        part: Part,
        recyclable: bool,
        payload: &'a [u8],
        length: usize,
    },
    /// A whole record of a type that nobody knows.
    UnknownType(u8),
    Doubtful(Doubt),
}

/// Bytes that may be the end of a log or damage.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Doubt {
    /// A record of the file's former life, whole.
    Stale,
    /// Nothing was written from here on: type and length are zero.
    Zero,
    /// The header or the payload ends after the bytes.
    Short,
    WrongChecksum,
}

/// Looks at the record that starts `bytes`. `log_number` is that of a write-ahead log.
pub fn physical(bytes: &[u8], log_number: Option<u32>) -> Physical<'_> {
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
        return Physical::Doubtful(Doubt::WrongChecksum);
    }
    if recyclable && log_number.is_some_and(|number| number != u32_at(bytes, HEADER)) {
        return Physical::Doubtful(Doubt::Stale);
    }
    match part_of(kind) {
        Some(part) => {
            Physical::Record { part, recyclable, payload: &bytes[header..header + length], length: header + length }
        }
        None => Physical::UnknownType(kind),
    }
}
