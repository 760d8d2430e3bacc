//! Keys and values as a dump has them: a MessagePack `bin` each, in its shortest form; in a delta, nil in the place of a value.
//!
//! Contract: pure; nothing is read or written outside of the bytes that are given, whatever is in them.

use std::ops::Range;

/// A value that is not there.
pub const NIL: u8 = 0xc0;
const BIN_8: u8 = 0xc4;
const BIN_16: u8 = 0xc5;
const BIN_32: u8 = 0xc6;

/// Longest key or value that a bin can hold.
pub const LONGEST: usize = u32::MAX as usize;

/// Length of a bin's header for `length` bytes of content.
#[inline]
pub fn header_len(length: usize) -> usize {
    match length {
        0..=0xff => 2,
        0x100..=0xffff => 3,
        _ => 5,
    }
}

/// Bytes that an entry takes when it is encoded, from the lengths of its key and value.
#[inline]
pub fn entry_len(key: usize, value: usize) -> usize {
    header_len(key) + key + header_len(value) + value
}

/// Writes one bin at the start of `out` and returns its length, header included. `out` must have room for it, and
/// `content` must not be longer than `LONGEST`.
#[inline]
pub fn write(out: &mut [u8], content: &[u8]) -> usize {
    let length = content.len();
    let header = header_len(length);
    let big_endian = (length as u32).to_be_bytes();
    out[0] = match header {
        2 => BIN_8,
        3 => BIN_16,
        _ => BIN_32,
    };
    out[1..header].copy_from_slice(&big_endian[5 - header..]);
    out[header..header + length].copy_from_slice(content);
    header + length
}

/// Appends bytes that lie in parts as one bin; false, and nothing is appended, when they are longer than `LONGEST`.
#[inline]
pub fn push<const N: usize>(out: &mut Vec<u8>, parts: [&[u8]; N]) -> bool {
    let total = parts.iter().map(|part| part.len()).sum();
    let Ok(length) = u32::try_from(total) else { return false };
    let [a, b, c, d] = length.to_be_bytes();
    match header_len(total) {
        2 => out.extend_from_slice(&[BIN_8, d]),
        3 => out.extend_from_slice(&[BIN_16, c, d]),
        _ => out.extend_from_slice(&[BIN_32, a, b, c, d]),
    }
    for part in parts {
        out.extend_from_slice(part);
    }
    true
}

/// Why there is no bin at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// The bytes end within its header.
    CutOff,
    /// Another byte is there than one that starts a bin.
    Other(u8),
    /// Its length is not in its shortest form.
    NotShortest,
    /// It reaches beyond the end.
    Beyond,
}

/// Where the content of the bin at `at` is.
#[inline(always)]
pub fn find(bytes: &[u8], at: usize) -> Result<Range<usize>, Flaw> {
    let rest = bytes.get(at..).unwrap_or_default();
    let (header, length) = match *rest {
        [BIN_8, length, ..] => (2, usize::from(length)),
        [BIN_16, a, b, ..] => (3, usize::from(u16::from_be_bytes([a, b]))),
        [BIN_32, a, b, c, d, ..] => (5, u32::from_be_bytes([a, b, c, d]) as usize),
        [] | [BIN_8 | BIN_16 | BIN_32, ..] => return Err(Flaw::CutOff),
        [other, ..] => return Err(Flaw::Other(other)),
    };
    if (header == 3 && length < 0x100) || (header == 5 && length < 0x1_0000) {
        return Err(Flaw::NotShortest);
    }
    if length > rest.len() - header {
        return Err(Flaw::Beyond);
    }
    Ok(at + header..at + header + length)
}

/// Takes one bin off the start of `bytes`, also of another form than the shortest; `None` when it is no bin or not whole.
#[inline]
pub fn take<'a>(bytes: &mut &'a [u8]) -> Option<&'a [u8]> {
    let header = match *bytes.first()? {
        BIN_8 => 2,
        BIN_16 => 3,
        BIN_32 => 5,
        _ => return None,
    };
    let length = bytes.get(1..header)?.iter().fold(0_usize, |length, &byte| length << 8 | usize::from(byte));
    let content = bytes.get(header..header.checked_add(length)?)?;
    *bytes = &bytes[header + length..];
    Some(content)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_comes_back() {
        for (length, marker) in [(0, 0xc4), (1, 0xc4), (255, 0xc4), (256, 0xc5), (65_535, 0xc5), (65_536, 0xc6)] {
            let content = vec![7; length];
            let mut out = vec![0; header_len(length) + length];
            assert_eq!(write(&mut out, &content), out.len());
            assert_eq!(out[0], marker);
            let mut pushed = Vec::new();
            let (start, end) = content.split_at(length / 2);
            assert!(push(&mut pushed, [start, end]));
            assert_eq!(pushed, out);
            assert_eq!(find(&out, 0), Ok(header_len(length)..out.len()));
            let mut rest = &out[..];
            assert_eq!(take(&mut rest), Some(&content[..]));
            assert!(rest.is_empty());
        }
        assert_eq!(entry_len(255, 256), 2 + 255 + 3 + 256);
    }

    #[test]
    fn what_is_no_bin_is_told_apart() {
        let bad: [(&[u8], Flaw); 8] = [
            (b"", Flaw::CutOff),
            (b"\xc4", Flaw::CutOff),
            (b"\xc6\x00\x01\x00", Flaw::CutOff),
            (b"\xa1a", Flaw::Other(0xa1)),
            (b"\xc5\x00\xff", Flaw::NotShortest),
            (b"\xc6\x00\x00\xff\xff", Flaw::NotShortest),
            (b"\xc4\x02a", Flaw::Beyond),
            (b"\xc6\xff\xff\xff\xffa", Flaw::Beyond),
        ];
        for (bytes, flaw) in bad {
            assert_eq!(find(bytes, 0), Err(flaw), "{bytes:?}");
        }
        assert_eq!(find(b"a", 2), Err(Flaw::CutOff));
    }

    #[test]
    fn what_is_no_whole_bin_is_not_taken() {
        for bytes in [&[][..], &[0xc4], &[0xc4, 1], &[0xc5, 0], &[0xc6, 255, 255, 255, 255, 0], &[0x01]] {
            assert_eq!(take(&mut &*bytes), None);
        }
    }
}
