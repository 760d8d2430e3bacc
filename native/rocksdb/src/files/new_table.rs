//! How an edit of a MANIFEST tells of a new table file. Tags and fields as RocksDB's `VersionEdit` encodes them.
//!
//! Contract: pure; what is not whole is `None`, never a panic.

use std::sync::Arc;

use super::bytes::varint64;
use super::live_file::{LiveFile, TableTimes};

/// The bytes of an edit that are still to be read.
pub struct Fields<'a>(pub &'a [u8]);

impl<'a> Fields<'a> {
    /// Takes a number.
    pub fn varint(&mut self) -> Option<u64> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let (&byte, rest) = self.0.split_first()?;
            self.0 = rest;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    /// Takes a length and as many bytes.
    pub fn bytes(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.varint()?).ok()?;
        if length > self.0.len() {
            return None;
        }
        let (bytes, rest) = self.0.split_at(length);
        self.0 = rest;
        Some(bytes)
    }
}

/// Where a table's times stand in an edit: for each, how many bytes follow it, and its own length. None where it is not told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TimePlaces {
    pub oldest: Option<(usize, usize)>,
    pub created: Option<(usize, usize)>,
}

/// A new table file.
pub struct NewTable {
    pub number: u64,
    pub file: LiveFile,
    /// Number of the oldest log to keep, which may stand among its fields, else 0.
    pub min_log: u64,
    pub times: TimePlaces,
}

/// A new table file: level, number, size, smallest and largest key, and by kind the sequence numbers and more fields.
pub fn new_table(fields: &mut Fields<'_>, kind: u64) -> Option<NewTable> {
    let level = u32::try_from(fields.varint()?).ok()?;
    let number = fields.varint()?;
    let mut path_id = if kind == 102 { u32::try_from(fields.varint()?).ok()? } else { 0 };
    let size = fields.varint()?;
    let (smallest, largest) = (Arc::from(fields.bytes()?), Arc::from(fields.bytes()?));
    let sequences = if kind == 7 { None } else { Some((fields.varint()?, fields.varint()?)) };
    let (mut min_log, mut times, mut places) = (0, TableTimes::default(), TimePlaces::default());
    if kind == 103 {
        loop {
            match fields.varint()? {
                1 => break,
                3 => min_log = u64::from_le_bytes(fields.bytes()?.try_into().ok()?),
                tag @ (5 | 6) => {
                    let mut value = fields.bytes()?;
                    let place = Some((fields.0.len(), value.len()));
                    let time = varint64(&mut value).unwrap_or(0);
                    if tag == 5 {
                        (times.oldest, places.oldest) = (time, place);
                    } else {
                        (times.created, places.created) = (time, place);
                    }
                }
                65 => path_id = u32::from(*fields.bytes()?.first()?),
                _ => {
                    fields.bytes()?;
                }
            }
        }
    }
    let file = LiveFile { size, path_id, level, smallest, largest, sequences, times };
    Some(NewTable { number, file, min_log, times: places })
}
