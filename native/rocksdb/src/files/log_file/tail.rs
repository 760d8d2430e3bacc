//! The end of a log: whether doubtful bytes are a write that was never completed, or damage.
//!
//! Contract: reads to the end of the file; memory is one block.

use std::io::Read;

use super::blocks::{Blocks, LogError};
use super::physical::{
    is_recyclable, physical, u16_at, u32_at, unmask, Doubt, Physical, BLOCK, HEADER, RECYCLABLE_HEADER,
};

/// What kind of file a log is: a new one, or one that may have held another log before. Unknown before its first record.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Life {
    Unknown,
    New,
    Reusable,
}

/// Whether a whole record of this log starts anywhere in `bytes`. In a file that was used before, only records with the
/// log's number count; that is looked at first, because such files are long.
fn holds_record(bytes: &[u8], log_number: Option<u32>, life: Life) -> bool {
    (0..bytes.len().saturating_sub(HEADER - 1)).any(|at| {
        let kind = bytes[at + 6];
        let possible =
            if life == Life::Reusable { is_recyclable(kind) && is_of_log(&bytes[at..], log_number) } else { kind != 0 };
        possible && matches!(physical(&bytes[at..], log_number), Physical::Record { .. })
    })
}

/// Whether the recyclable header at the start of `bytes` has this log's number.
fn is_of_log(bytes: &[u8], log_number: Option<u32>) -> bool {
    bytes.len() >= RECYCLABLE_HEADER && Some(u32_at(bytes, HEADER)) == log_number
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

/// Reads on from a doubtful record at `at` to the end of the file. Returns how many bytes were dropped with it (0 when
/// they are only zeros that were never written to, or what another log left in the file).
///
/// Errors: damage, when it can't have been the end of what was written.
pub fn tail<R: Read>(
    blocks: &mut Blocks<R>,
    at: usize,
    doubt: Doubt,
    life: Life,
    log_number: Option<u32>,
) -> Result<u64, LogError> {
    let offset = blocks.start + at as u64;
    let damaged = |reason: &str| LogError::Damaged { offset, reason: reason.to_owned() };
    let rest = &blocks.block[at..];
    let recyclable = rest.len() >= HEADER && is_recyclable(rest[6]);
    let reusable = life == Life::Reusable || (life == Life::Unknown && recyclable && log_number.is_some());
    if let Some(reason) = if reusable {
        damage_in_reusable(rest, doubt, blocks.block.len() < BLOCK, recyclable || is_of_log(rest, log_number))
    } else {
        damage_in_new(rest, doubt, at, recyclable)
    } {
        return Err(damaged(reason));
    }
    if holds_record(&rest[1.min(rest.len())..], log_number, life) {
        return Err(damaged("records follow bytes that are not a record"));
    }
    // What another log left behind was never part of this one. Before the end of a block the writer leaves zeros where no header fits.
    let is_last = blocks.block.len() < BLOCK;
    let is_own = match rest.len() {
        RECYCLABLE_HEADER.. => is_of_log(rest, log_number),
        HEADER.. => is_last && recyclable,
        _ => is_last,
    };
    let foreign = reusable && !is_own;
    let mut only_zeros = rest.iter().all(|&byte| byte == 0);
    let mut dropped = rest.len() as u64;
    while blocks.block.len() == BLOCK {
        blocks.advance().map_err(LogError::Io)?;
        only_zeros &= blocks.block.iter().all(|&byte| byte == 0);
        dropped += blocks.block.len() as u64;
        if holds_record(&blocks.block, log_number, life) {
            return Err(damaged("records follow bytes that are not a record"));
        }
    }
    if doubt == Doubt::Zero && !only_zeros && !reusable {
        return Err(damaged("bytes that are not a record follow zeros"));
    }
    Ok(if only_zeros || foreign { 0 } else { dropped })
}

/// Why doubtful bytes are damage in a file that held nothing before: only its end may be missing.
fn damage_in_new(rest: &[u8], doubt: Doubt, at: usize, recyclable: bool) -> Option<&'static str> {
    match doubt {
        // RocksDB never comes back from such a record in such a log, so it must not see it.
        _ if recyclable => Some("a record's type is wrong"),
        Doubt::WrongChecksum | Doubt::Stale => Some("a record's checksum is wrong"),
        Doubt::Short if rest.len() >= HEADER && at + HEADER + u16_at(rest, 4) > BLOCK => {
            Some("a record's length is wrong")
        }
        Doubt::Short if has_wrong_length(rest) => Some("a record's length is wrong"),
        Doubt::Short | Doubt::Zero => None,
    }
}

/// Why doubtful bytes are damage in a file that may have held another log: what is not of this log may be anything.
/// `likely` tells that the type or the log number are those of such a record.
fn damage_in_reusable(rest: &[u8], doubt: Doubt, last_block: bool, likely: bool) -> Option<&'static str> {
    match doubt {
        Doubt::Short | Doubt::WrongChecksum if likely && has_wrong_length(rest) => Some("a record's length is wrong"),
        // What was there before lies behind the end, unless the new log is longer; then nothing was cut off.
        Doubt::WrongChecksum if likely && last_block && rest.len() == RECYCLABLE_HEADER + u16_at(rest, 4) => {
            Some("a record's checksum is wrong")
        }
        _ => None,
    }
}
