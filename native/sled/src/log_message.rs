//! Messages of sled 0.34's log, read without sled.
//!
//! The file `db` is a row of segments of equal size. A segment starts with a header of 20 bytes: CRC-32 (inverted) of
//! the other 16, log sequence number (LSN) of its start and highest LSN known to be stable when it was begun, both stored
//! xor 2^63-1. Messages follow, each CRC-32 (inverted, of the body and then the rest of the header), kind, and as sled's
//! varints body length, segment number (its LSN divided by the segment size) and page number; then the body. Fewer than
//! 32 bytes at a segment's end hold nothing. All numbers are little-endian.

/// Bytes of a segment's header.
pub const SEGMENT_HEADER: usize = 20;
/// A message needs at least this much room in a segment.
const MIN_ROOM: usize = 32;
/// Sled looks at so many bytes for a message's header.
const HEADER_WINDOW: usize = 128;

/// Kinds of messages that matter to a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The page is written anew: what was known of it before is void.
    Replace { blob: bool },
    /// A change that is added to a page.
    Link { blob: bool },
    /// The page is gone.
    Free,
    /// Nothing that says where a page is.
    Other,
}

/// What is at a place of a segment.
#[derive(Debug, PartialEq, Eq)]
pub enum Found<'a> {
    /// A message with a right checksum; `next` is where the one after it starts.
    Message { kind: Kind, code: u8, page: u64, body: &'a [u8], next: usize },
    /// The segment ends here as sled ended it.
    End,
    /// The header of a message of this segment whose checksum is wrong.
    Damaged,
    /// No message of this segment.
    Nothing,
}

/// The header of a segment: LSN of its start, and the stable LSN at that time; None when its checksum is wrong.
pub fn segment_header(bytes: &[u8; SEGMENT_HEADER]) -> Option<(i64, i64)> {
    let (crc, rest) = bytes.split_first_chunk::<4>()?;
    if crc32fast::hash(rest) ^ u32::MAX != u32::from_le_bytes(*crc) {
        return None;
    }
    let (lsn, stable) = rest.split_first_chunk::<8>()?;
    let (stable, _) = stable.split_first_chunk::<8>()?;
    Some((i64::from_le_bytes(*lsn) ^ i64::MAX, i64::from_le_bytes(*stable) ^ i64::MAX))
}

/// Reads what is at `at` in a segment of `size` bytes with the number `number`; `segment` is shorter when the file ends in it.
pub fn message(segment: &[u8], at: usize, size: usize, number: u64) -> Found<'_> {
    if size - at < MIN_ROOM {
        return Found::End;
    }
    let mut window = [0; HEADER_WINDOW];
    let rest = segment.get(at..).unwrap_or_default();
    let seen = rest.len().min(HEADER_WINDOW);
    window[..seen].copy_from_slice(&rest[..seen]);
    parse(&window, rest, size - at, number, at).unwrap_or(Found::Nothing)
}

fn parse<'a>(window: &[u8], rest: &'a [u8], room: usize, number: u64, at: usize) -> Option<Found<'a>> {
    let (crc, after) = window.split_first_chunk::<4>()?;
    let (&code, after) = after.split_first()?;
    if !(1..=11).contains(&code) {
        return None;
    }
    let (length, after) = varint(after)?;
    let (segment_number, after) = varint(after)?;
    let (page, after) = varint(after)?;
    let header = window.len() - after.len();
    let length = usize::try_from(length).ok()?;
    if segment_number != number || length > room.checked_sub(header)? {
        return None;
    }
    let Some(body) = rest.get(header..header + length) else {
        return Some(Found::Damaged);
    };
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(body);
    hasher.update(&window[4..header]);
    if hasher.finalize() ^ u32::MAX != u32::from_le_bytes(*crc) {
        return Some(Found::Damaged);
    }
    let kind = match code {
        2 => return Some(Found::End),
        4 => Kind::Free,
        5 | 6 | 8 => Kind::Replace { blob: false },
        7 | 9 => Kind::Replace { blob: true },
        10 => Kind::Link { blob: false },
        11 => Kind::Link { blob: true },
        _ => Kind::Other,
    };
    Some(Found::Message { kind, code, page, body, next: at + header + length })
}

/// Sled's varint: SQLite 4's, with little-endian bytes for the longer forms.
fn varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let (&first, rest) = bytes.split_first()?;
    match first {
        0..=240 => Some((u64::from(first), rest)),
        241..=248 => {
            let (&low, rest) = rest.split_first()?;
            Some((240 + 256 * (u64::from(first) - 241) + u64::from(low), rest))
        }
        249 => {
            let (&[high, low], rest) = rest.split_first_chunk()?;
            Some((2288 + 256 * u64::from(high) + u64::from(low), rest))
        }
        _ => {
            let (digits, rest) = rest.split_at_checked(usize::from(first) - 247)?;
            let mut wide = [0; 8];
            wide[..digits.len()].copy_from_slice(digits);
            Some((u64::from_le_bytes(wide), rest))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn varints() {
        let cases: [(&[u8], u64); 7] = [
            (&[0], 0),
            (&[240], 240),
            (&[241, 0], 240),
            (&[248, 255], 2287),
            (&[249, 0, 0], 2288),
            (&[249, 255, 255], 67_823),
            (&[255, 255, 255, 255, 255, 255, 255, 255, 255], u64::MAX),
        ];
        for (bytes, value) in cases {
            assert_eq!(varint(bytes), Some((value, &[][..])));
            assert_eq!(varint(&bytes[..bytes.len() - 1]), None);
        }
    }

    #[test]
    fn any_bytes_at_any_place_are_no_panic() {
        let bytes: Vec<u8> = (0..4096_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 13).to_le_bytes()[0]).collect();
        for at in 0..bytes.len() {
            for len in [0, at / 2, at, (at + 7).min(bytes.len()), bytes.len()] {
                assert!(!matches!(message(&bytes[..len], at, bytes.len(), 0), Found::Message { .. }));
            }
        }
    }
}
