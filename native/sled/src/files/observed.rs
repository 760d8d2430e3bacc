//! A store's settings as its log shows them, for one whose file `conf` is empty or gone.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;

use super::bytes::Bytes;
use super::conf::{DEFAULTS, Settings, is_segment_size};
use super::message::{Found, Kind, Message, SEGMENT_HEADER, message, segment_header};

/// Segments begin at multiples of the smallest size that sled knows.
const STEP: u64 = 256;
/// The biggest segment.
const MOST: usize = 1 << 24;
/// How far the file is looked through, and how much of it is read for that: a segment more than once when it looks like several.
const LOOKED_AT: u64 = 64 << 20;
const READ: u64 = 1 << 30;

/// The settings with which the log `db` was written, as far as it shows them; sled's defaults for the rest. None when it shows that
/// these cannot be.
///
/// # Errors
/// Those of reading.
pub fn observed(db: &File) -> io::Result<Option<Settings>> {
    let length = db.metadata()?.len();
    let mut found = Settings { segment_size: 0, ..DEFAULTS };
    let mut compression = None;
    let (mut offset, mut bytes) = (0, 0);
    while bytes < READ
        && offset + SEGMENT_HEADER as u64 <= length.min(LOOKED_AT)
        && (found.segment_size == 0 || compression.is_none())
    {
        let mut header = [0; SEGMENT_HEADER];
        db.read_exact_at(&mut header, offset)?;
        if let Some((lsn, _)) = segment_header(&header) {
            let segment = read(db, offset, length)?;
            bytes += segment.len() as u64;
            if let Found::Message(first) = message(&segment, SEGMENT_HEADER, MOST, None) {
                let size = usize::try_from(lsn.unsigned_abs().checked_div(first.number).unwrap_or(0)).unwrap_or(0);
                if first.number > 0 && is_segment_size(size) {
                    found.segment_size = size;
                }
                compression = compression.or_else(|| is_compressed(&segment));
            }
        }
        offset += STEP;
    }
    if found.segment_size == 0 {
        // One segment, from the log's beginning.
        let fits = usize::try_from(length).unwrap_or(usize::MAX) <= DEFAULTS.segment_size;
        found.segment_size = if fits { DEFAULTS.segment_size } else { return Ok(None) };
    }
    found.compression = compression.unwrap_or(DEFAULTS.compression);
    Ok(Some(found))
}

fn read(db: &File, offset: u64, length: u64) -> io::Result<Vec<u8>> {
    let size = usize::try_from(length - offset).unwrap_or(MOST).min(MOST);
    let mut segment = vec![0; size];
    db.read_exact_at(&mut segment, offset)?;
    Ok(segment)
}

/// Whether the messages' bodies are zstd frames; None when there is none that tells.
fn is_compressed(segment: &[u8]) -> Option<bool> {
    let mut at = SEGMENT_HEADER;
    while let Found::Message(Message { kind, body, next, .. }) = message(segment, at, MOST, None) {
        if matches!(kind, Kind::Replace { blob: false } | Kind::Link { blob: false }) {
            let mut rest = Bytes(body);
            let frame = rest.string().filter(|frame| rest.left() == 0 && frame.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]));
            return Some(frame.is_some());
        }
        at = next;
    }
    None
}
