//! Messages of sled 0.34's log.
//!
//! The file `db` is a row of segments of equal size. A segment starts with a header of 20 bytes: CRC-32 (inverted) of
//! the other 16, log sequence number (LSN) of its start and highest LSN known to be stable when it was begun, both stored
//! xor 2^63-1. Messages follow, each CRC-32 (inverted, of the body and then the rest of the header), kind, and as sled's
//! varints body length, segment number (its LSN divided by the segment size) and page number; then the body. Fewer than
//! 32 bytes at a segment's end hold nothing, exactly 32 may (see `ends_bare`). All numbers are little-endian.

use super::bytes::Bytes;

/// Bytes of a segment's header.
pub const SEGMENT_HEADER: usize = 20;
/// A message needs at least this much room in a segment.
pub const MIN_ROOM: usize = 32;
/// No log goes so far: what says so was not written by sled.
pub const MOST_LSN: i64 = 1 << 62;
/// The shortest message: checksum, kind, and three numbers.
pub const SHORTEST: u64 = 8;
/// The page of a batch's message.
const BATCH_PAGE: u64 = u64::MAX - 666;
/// Sled looks at so many bytes for a message's header.
const HEADER_WINDOW: usize = 128;

/// What a message says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The page is written anew: what was known of it before is void.
    Replace { blob: bool },
    /// A change that is added to a page.
    Link { blob: bool },
    /// The page is gone.
    Free,
    /// The messages up to the LSN in the body count only together.
    Batch,
    /// Nothing.
    Other,
}

/// A message with a right checksum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message<'a> {
    pub kind: Kind,
    /// Sled's number for the kind.
    pub code: u8,
    pub page: u64,
    pub body: &'a [u8],
    /// The number of the segment that it was written to.
    pub number: u64,
    /// Where in the segment the message after it starts.
    pub next: usize,
}

/// What is at a place of a segment.
#[derive(Debug, PartialEq, Eq)]
pub enum Found<'a> {
    Message(Message<'a>),
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
    let mut rest = Bytes(rest);
    Some((rest.long()? ^ i64::MAX, rest.long()? ^ i64::MAX))
}

/// Reads what is at `at` in a segment of `size` bytes with the number `number` (None: whatever its number is); `segment` is shorter
/// when the file ends in it.
pub fn message(segment: &[u8], at: usize, size: usize, number: Option<u64>) -> Found<'_> {
    let room = match size.checked_sub(at) {
        Some(room) if room >= MIN_ROOM => room,
        _ => return Found::End,
    };
    let rest = segment.get(at..).unwrap_or_default();
    if let Some(window) = rest.get(..HEADER_WINDOW) {
        return parse(window, rest, room, number, at).unwrap_or(Found::Nothing);
    }
    // Behind the end of the file sled sees zeros.
    let mut window = [0; HEADER_WINDOW];
    window[..rest.len()].copy_from_slice(rest);
    parse(&window, rest, room, number, at).unwrap_or(Found::Nothing)
}

fn parse<'a>(window: &[u8], rest: &'a [u8], room: usize, number: Option<u64>, at: usize) -> Option<Found<'a>> {
    let (crc, after) = window.split_first_chunk::<4>()?;
    let (&code, after) = after.split_first()?;
    if !(1..=11).contains(&code) {
        return None;
    }
    let mut after = Bytes(after);
    let length = usize::try_from(after.number()?).ok()?;
    let own_number = after.number()?;
    let page = after.number()?;
    let header = window.len() - after.left();
    if number.is_some_and(|number| number != own_number) || length > room.checked_sub(header)? {
        return None;
    }
    let damaged = || is_plausible(code, length, page).then_some(Found::Damaged);
    let Some(body) = rest.get(header..header + length) else {
        return damaged();
    };
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(body);
    hasher.update(&window[4..header]);
    if hasher.finalize() ^ u32::MAX != u32::from_le_bytes(*crc) {
        return damaged();
    }
    let kind = match code {
        2 if number.is_some() => return Some(Found::End),
        3 => Kind::Batch,
        4 => Kind::Free,
        5 | 6 | 8 => Kind::Replace { blob: false },
        7 | 9 => Kind::Replace { blob: true },
        10 => Kind::Link { blob: false },
        11 => Kind::Link { blob: true },
        _ => Kind::Other,
    };
    Some(Found::Message(Message { kind, code, page, body, number: own_number, next: at + header + length }))
}

/// Whether sled writes messages of a kind with so many bytes about this page: what was left behind the end of a log looks like a message by chance, where
/// numbers are small.
fn is_plausible(code: u8, length: usize, page: u64) -> bool {
    match code {
        2 => page == u64::MAX,
        3 => page == BATCH_PAGE && length == 8,
        4 => page > 1 && length == 0,
        5 => page == 1 && length <= 9,
        6 => page == 0,
        7 => page == 0 && length == 8,
        8 | 10 => page > 1,
        9 | 11 => page > 1 && length == 8,
        _ => true,
    }
}

/// Whether a segment of `size` bytes may end at `at` without a message that says so. Sled that is opened with exactly `MIN_ROOM` bytes left in
/// its last segment begins the next one and leaves these as they are: zeros when the segment is `fresh` (used for the first time), or
/// what it held before. (Its `advance_snapshot` takes them for too few, its `valid_entry_offset` for enough.)
pub fn ends_bare(segment: &[u8], at: usize, size: usize, fresh: bool) -> bool {
    size.checked_sub(at) == Some(MIN_ROOM)
        && (!fresh || segment.get(at..).unwrap_or_default().iter().all(|&byte| byte == 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_segment_may_end_without_a_word_where_just_one_header_would_fit() {
        let mut segment = vec![0; 256];
        assert!(ends_bare(&segment, 224, 256, true));
        assert!(!ends_bare(&segment, 223, 256, true) && !ends_bare(&segment, 192, 256, false));
        segment[255] = 1;
        assert!(!ends_bare(&segment, 224, 256, true) && ends_bare(&segment, 224, 256, false));
    }

    #[test]
    fn what_an_earlier_use_of_the_segment_left_is_nothing() {
        let mut segment = crate::files::made::message_of(8, 3, 2, &[1]);
        segment.resize(256, 0);
        assert!(matches!(message(&segment, 0, 256, Some(3)), Found::Message(found) if found.number == 3));
        assert!(matches!(message(&segment, 0, 256, None), Found::Message(_)));
        for other in [0, 2, 4] {
            assert_eq!(message(&segment, 0, 256, Some(other)), Found::Nothing, "{other}");
        }
    }

    #[test]
    fn what_sled_never_writes_is_no_damaged_message() {
        use crate::files::made::message_of;
        let found = |code: u8, page: u8, body: &[u8], wrong: bool| {
            let mut segment = message_of(code, 1, page, body);
            segment[0] ^= u8::from(wrong);
            segment.resize(256, 0);
            match message(&segment, 0, 256, Some(1)) {
                Found::Message(_) => "message",
                Found::Damaged => "damaged",
                Found::Nothing | Found::End => "nothing",
            }
        };
        let eight = [7; 8];
        for (code, page, body) in [
            (4, 2, &[][..]),
            (5, 1, &[9]),
            (6, 0, &[1, 2]),
            (7, 0, &eight),
            (8, 2, &[1]),
            (9, 2, &eight),
            (10, 2, &[1]),
            (10, 2, &[]),
            (11, 2, &eight),
        ] {
            assert_eq!(
                (found(code, page, body, false), found(code, page, body, true)),
                ("message", "damaged"),
                "{code}"
            );
        }
        for (code, page, body) in [
            (4, 2, &[1][..]),
            (4, 1, &[]),
            (5, 2, &[9]),
            (6, 1, &[1]),
            (7, 0, &[1]),
            (8, 1, &[1]),
            (9, 2, &[1]),
            (9, 1, &eight),
            (10, 1, &[1]),
            (11, 2, &[]),
            (11, 1, &eight),
            (3, 2, &eight),
        ] {
            // The checksum is what counts, where it is right.
            assert_eq!(
                (found(code, page, body, false), found(code, page, body, true)),
                ("message", "nothing"),
                "{code}"
            );
        }
    }

    #[test]
    fn any_bytes_at_any_place_are_no_panic() {
        let bytes: Vec<u8> = (0..4096_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 13).to_le_bytes()[0]).collect();
        for at in 0..bytes.len() + 9 {
            for len in [0, at / 2, at.min(4096), (at + 7).min(bytes.len()), bytes.len()] {
                for number in [Some(0), None] {
                    assert!(!matches!(message(&bytes[..len], at, bytes.len(), number), Found::Message { .. }));
                }
            }
        }
    }
}
