//! Whether bytes are one whole structure of MessagePack: a map or a list, and nothing behind it.
//!
//! Contract: pure; no recursion; never reads outside of the bytes.

/// Whether bytes are a map or a list from their start to their end. A lone number or text is none: too much else looks like it.
pub fn is_structure(bytes: &[u8]) -> bool {
    if !matches!(bytes.first(), Some(0x80..=0x9f | 0xdc..=0xdf)) {
        return false;
    }
    // Parts that are still to come; there can be no more than there are bytes.
    let mut parts = 1_u64;
    let mut rest = bytes;
    while parts > 0 {
        let Some((more, length)) = part(rest) else { return false };
        parts = parts - 1 + more;
        if parts > rest.len() as u64 {
            return false;
        }
        let Some(after) = rest.get(length..) else { return false };
        rest = after;
    }
    rest.is_empty()
}

/// What a part holds in parts of its own, and how many bytes it takes without these.
fn part(rest: &[u8]) -> Option<(u64, usize)> {
    let number =
        |width: usize| Some(rest.get(1..=width)?.iter().fold(0_u64, |number, &byte| number << 8 | u64::from(byte)));
    let long =
        |width: usize, more: usize| Some((0, usize::try_from(number(width)?).ok()?.checked_add(1 + width + more)?));
    let first = *rest.first()?;
    match first {
        0x80..=0x8f => Some((2 * u64::from(first & 15), 1)),
        0x90..=0x9f => Some((u64::from(first & 15), 1)),
        0xa0..=0xbf => Some((0, 1 + usize::from(first & 31))),
        0xc1 => None,
        0xc4 | 0xd9 => long(1, 0),
        0xc5 | 0xda => long(2, 0),
        0xc6 | 0xdb => long(4, 0),
        0xc7 => long(1, 1),
        0xc8 => long(2, 1),
        0xc9 => long(4, 1),
        0xcc | 0xd0 => Some((0, 2)),
        0xcd | 0xd1 => Some((0, 3)),
        0xca | 0xce | 0xd2 => Some((0, 5)),
        0xcb | 0xcf | 0xd3 => Some((0, 9)),
        0xd4..=0xd8 => Some((0, 2 + (1 << (first - 0xd4)))),
        0xdc => Some((number(2)?, 3)),
        0xdd => Some((number(4)?, 5)),
        0xde => Some((2 * number(2)?, 3)),
        0xdf => Some((2 * number(4)?, 5)),
        _ => Some((0, 1)),
    }
}

#[cfg(test)]
mod tests {
    use super::is_structure;

    #[test]
    fn whole_structures_are_found() {
        let good: [&[u8]; 10] = [
            b"\x80",
            b"\x90",
            b"\x81\xa3abc\x93\x01\xc0\xcd\x01\x00",
            b"\xdc\x00\x02\xd9\x01a\xc4\x01\xff",
            b"\xde\x00\x01\x01\xcb\0\0\0\0\0\0\0\0",
            b"\xdd\0\0\0\x01\xd6\x01abcd",
            b"\xdf\0\0\0\x01\xc7\x02\x01ab\xe0",
            b"\x92\xd4\x01a\xd8\x010123456789abcdef",
            b"\x91\xc8\0\x02\x01ab",
            b"\x91\xc9\0\0\0\x02\x01ab",
        ];
        for bytes in good {
            assert!(is_structure(bytes), "{bytes:?}");
            assert!(!is_structure(&bytes[..bytes.len() - 1]), "{bytes:?}");
            assert!(!is_structure(&[bytes, b"\x01"].concat()), "{bytes:?}");
        }
        let bad: [&[u8]; 6] =
            [b"", b"\x01", b"\xa1a", b"\x91\xc1", b"\xdf\xff\xff\xff\xff\x01", b"\x91\xc6\xff\xff\xff\xffa"];
        for bytes in bad {
            assert!(!is_structure(bytes), "{bytes:?}");
        }
        assert!(!is_structure(&[0x91; 100_000]));
    }
}
