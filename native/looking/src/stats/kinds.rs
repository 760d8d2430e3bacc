//! What a value is, by its bytes alone. Text, JSON and integers are what they say; msgpack, protobuf and bincode are guesses, which a value of another
//! kind may look like by chance.
//!
//! Contract: pure; never reads outside of the value; no recursion.

use super::msgpack;
use crate::json::{self, Blind, Whole};

/// Kinds of values, in the order in which they are told.
pub const NAMES: [&str; COUNT] = [
    "deleted",
    "empty",
    "json-object",
    "json-array",
    "json-other",
    "text",
    "integer-8",
    "integer-16",
    "integer-32",
    "integer-64",
    "uuid",
    "msgpack",
    "protobuf",
    "bincode",
    "binary",
];
pub const COUNT: usize = 15;

pub const DELETED: usize = 0;
pub const JSON_OBJECT: usize = 2;
pub const JSON_ARRAY: usize = 3;
const EMPTY: usize = 1;
const JSON_OTHER: usize = 4;
const TEXT: usize = 5;
const INTEGER_8: usize = 6;
const INTEGER_16: usize = 7;
const INTEGER_32: usize = 8;
const INTEGER_64: usize = 9;
const UUID: usize = 10;
const MSGPACK: usize = 11;
const PROTOBUF: usize = 12;
const BINCODE: usize = 13;
const BINARY: usize = 14;

/// The kind of a value, as a place in `NAMES`.
pub fn kind_of(value: &[u8]) -> usize {
    if value.is_empty() {
        return EMPTY;
    }
    // What is in JSON's texts is looked at once, as it is mostly JSON.
    let whole = match value.iter().find(|byte| !byte.is_ascii_whitespace()) {
        Some(b'{' | b'[' | b'"' | b'-' | b'0'..=b'9' | b't' | b'f' | b'n') => json::walk(value, &mut Blind),
        _ => None,
    };
    match whole {
        Some(Whole::Object) => return JSON_OBJECT,
        Some(Whole::List) => return JSON_ARRAY,
        Some(Whole::Other) => return JSON_OTHER,
        None if is_text(value) => return TEXT,
        None => {}
    }
    match value.len() {
        1 => INTEGER_8,
        2 => INTEGER_16,
        4 => INTEGER_32,
        8 => INTEGER_64,
        16 if is_uuid(value) => UUID,
        _ if msgpack::is_structure(value) => MSGPACK,
        _ if is_protobuf(value) => PROTOBUF,
        _ if is_bincode(value) => BINCODE,
        _ => BINARY,
    }
}

/// Whether bytes are UTF-8 without control characters, but tabs and ends of lines.
pub fn is_text(bytes: &[u8]) -> bool {
    let plain = |byte: &u8| *byte >= 0x20 && *byte != 0x7f || matches!(byte, b'\t' | b'\n' | b'\r');
    bytes.iter().all(plain) && std::str::from_utf8(bytes).is_ok()
}

/// Whether 16 bytes are a UUID by version and variant (RFC 9562).
pub fn is_uuid(bytes: &[u8]) -> bool {
    bytes.len() == 16 && (1..=8).contains(&(bytes[6] >> 4)) && bytes[8] >> 6 == 0b10
}

/// Fields of protobuf from the start to the end, with numbers such as people give.
fn is_protobuf(mut rest: &[u8]) -> bool {
    const HIGHEST_FIELD: u64 = 2047;
    while !rest.is_empty() {
        let Some(tag) = varint(&mut rest) else { return false };
        if !(1..=HIGHEST_FIELD).contains(&(tag >> 3)) {
            return false;
        }
        let length = match tag & 7 {
            0 => varint(&mut rest).map(|_| 0),
            1 => Some(8),
            2 => varint(&mut rest),
            5 => Some(4),
            _ => None,
        };
        let Some(after) = length.and_then(|length| rest.get(usize::try_from(length).ok()?..)) else { return false };
        rest = after;
    }
    true
}

fn varint(rest: &mut &[u8]) -> Option<u64> {
    let length = rest.iter().take(10).position(|byte| byte & 0x80 == 0)? + 1;
    let value = rest[..length].iter().rev().fold(0_u64, |value, byte| value << 7 | u64::from(byte & 0x7f));
    *rest = &rest[length..];
    Some(value)
}

/// A text behind its length in 64 bits, near the start: as bincode and its like write structures.
fn is_bincode(value: &[u8]) -> bool {
    [0, 4, 8, 16, 24].into_iter().any(|at| {
        let Some((length, rest)) = value.get(at..).and_then(<[u8]>::split_first_chunk::<8>) else { return false };
        let length = u64::from_le_bytes(*length);
        length >= 2 && usize::try_from(length).ok().and_then(|length| rest.get(..length)).is_some_and(is_text)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(value: &[u8]) -> &'static str {
        NAMES[kind_of(value)]
    }

    #[test]
    fn values_are_told_apart() {
        let cases: [(&[u8], &str); 23] = [
            (b"", "empty"),
            (b"{\"a\":1}", "json-object"),
            (b" [1]", "json-array"),
            (b"17", "json-other"),
            (b"\"x\"", "json-other"),
            (b"{\"a\":1", "text"),
            ("né\n".as_bytes(), "text"),
            (b"one\r\n\ttwo\r\n", "text"),
            (b"\x01", "integer-8"),
            (b"\x00\x01", "integer-16"),
            (b"\x00\x00\x00\x01", "integer-32"),
            (b"\xff\xff\xff\xff\xff\xff\xff\xff", "integer-64"),
            (b"\x00\x09_\xfbk\xd4E\xdb\xaf\xdbe\xbe\x8aX5\xa6", "uuid"),
            (b"\x82\xa1a\x01\xa1b\xc3", "msgpack"),
            (b"\x93\x01\x02\xa1x", "msgpack"),
            (b"\x08\x96\x01\x12\x04abcd", "protobuf"),
            (b"\x05\0\0\0\0\0\0\0hello\x01", "bincode"),
            (b"\x01\0\0\0\x05\0\0\0\0\0\0\0hello\xff", "bincode"),
            (b"\xff\xfe\xfd", "binary"),
            (b"\x82\xa1a\x01", "integer-32"),
            (b"\x82\xa1a\x01\xa1", "binary"),
            (b"\x12\x7fab\xff", "binary"),
            (b"\x7f", "integer-8"),
        ];
        for (value, kind) in cases {
            assert_eq!(name(value), kind, "{value:?}");
        }
    }

    #[test]
    fn no_bytes_are_too_much() {
        let mut state = 1_u64;
        for length in 0..400 {
            let value: Vec<u8> = (0..length)
                .map(|_| {
                    state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    (state >> 56) as u8
                })
                .collect();
            let _ = kind_of(&value);
            let _ = is_protobuf(&value);
            let _ = is_bincode(&value);
        }
        assert!(!is_protobuf(b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"));
        assert!(!is_bincode(b"\xff\xff\xff\xff\xff\xff\xff\xffabc"));
    }
}
