//! The parts of a key: words with what ends them, numbers, identifiers, and binary parts of a fixed width.
//!
//! Contract: pure. A part is as its bytes alone look; what other keys look like is for the tree to say.

use super::kinds::is_uuid;

/// What a part of a key is where its own bytes don't matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// Decimal digits.
    Number,
    /// A UUID as text.
    Uuid,
    /// Eight hex digits or more.
    Hex,
    /// Other text.
    Word,
    /// A byte that says what follows.
    Tag,
    /// So many bytes, which are no text.
    Fixed(usize),
    /// Bytes of any number.
    Bytes,
}

/// A part of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part<'a> {
    pub class: Class,
    /// With what ends it.
    pub bytes: &'a [u8],
    /// What ends it; nothing at the end of a key, and where text and number meet.
    pub end: &'a [u8],
}

/// What parts end with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Separators {
    /// One of those that people use.
    Usual,
    /// These bytes, and nothing else.
    Given(Vec<u8>),
}

const UUID_TEXT: usize = 36;
const SHORTEST_HEX: usize = 8;
/// So many hex digits are an identifier, although all may be decimal.
const LONG_HEX: usize = 24;

impl Separators {
    /// Where the first separator is, and how long.
    fn find(&self, bytes: &[u8]) -> Option<(usize, usize)> {
        match self {
            Self::Usual => bytes.iter().position(|&byte| is_usual(byte)).map(|at| (at, 1)),
            Self::Given(given) => {
                bytes.windows(given.len()).position(|window| window == given).map(|at| (at, given.len()))
            }
        }
    }

    /// The first part of text.
    pub fn text<'a>(&self, rest: &'a [u8]) -> Part<'a> {
        if let Some(uuid) = rest.get(..UUID_TEXT).filter(|start| is_uuid_text(start)) {
            let end = self.at_start(&rest[UUID_TEXT..]);
            if end > 0 || uuid.len() == rest.len() {
                return part(Class::Uuid, rest, UUID_TEXT, end);
            }
        }
        let (length, end) = self.find(rest).unwrap_or((rest.len(), 0));
        let text = &rest[..length];
        let digits = text.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
        if length > 0 && digits == length && length < LONG_HEX {
            return part(Class::Number, rest, length, end);
        }
        let is_hex = length >= SHORTEST_HEX && text.iter().all(u8::is_ascii_hexdigit);
        if is_hex && (length >= LONG_HEX || text.iter().any(u8::is_ascii_digit)) {
            return part(Class::Hex, rest, length, end);
        }
        // A number behind a name is a part of its own.
        let name = &text[..length - digits];
        if *self == Self::Usual && digits > 0 && !name.iter().any(u8::is_ascii_digit) {
            return part(Class::Word, rest, name.len(), 0);
        }
        part(Class::Word, rest, length, end)
    }

    /// The first part of bytes that are no text, or begin with text that ends in them.
    pub fn binary<'a>(&self, rest: &'a [u8]) -> Part<'a> {
        if let Self::Given(_) = self {
            let (length, end) = self.find(rest).unwrap_or((rest.len(), 0));
            let class = if is_printable(&rest[..length]) { Class::Word } else { Class::Fixed(length) };
            return part(class, rest, length, end);
        }
        if is_uuid(rest) {
            return part(Class::Fixed(16), rest, 16, 0);
        }
        let text = rest.iter().take_while(|&&byte| printable(byte)).count();
        let name = rest[..text].iter().position(|&byte| is_usual(byte));
        if let Some(length) = name {
            return part(Class::Word, rest, length, 1);
        }
        let fixed = |length: usize, end: usize| part(Class::Fixed(length), rest, length, end);
        for length in [16, 8] {
            // A UUID can be told from other bytes, and what separates stands where it must.
            if rest.get(length).is_some_and(|byte| matches!(byte, b':' | b'/' | b'|'))
                && (length == 8 || is_uuid(&rest[..length]))
            {
                return fixed(length, 1);
            }
        }
        if rest.len() > 16 && is_uuid(&rest[..16]) && matches!(rest.len() - 16, 4 | 8 | 16 | 32) {
            return fixed(16, 0);
        }
        match rest.len() {
            16 | 8 | 4 => fixed(rest.len(), 0),
            _ if text > 0 && matches!(rest[text], 0 | 0xff) && !matches!(rest.len() - text, 4 | 8 | 16) => {
                part(Class::Word, rest, text, 1)
            }
            _ if text > 0 && matches!(rest.len() - text, 1 | 2 | 4 | 8 | 16) => {
                part(if text == 1 { Class::Tag } else { Class::Word }, rest, text, 0)
            }
            5 | 9 | 17 => part(Class::Tag, rest, 1, 0),
            length => fixed(length, 0),
        }
    }

    /// The length of a separator that bytes begin with; 0 when they don't.
    fn at_start(&self, bytes: &[u8]) -> usize {
        self.find(bytes).filter(|&(at, _)| at == 0).map_or(0, |(_, length)| length)
    }
}

fn part(class: Class, rest: &[u8], length: usize, end: usize) -> Part<'_> {
    Part { class, bytes: &rest[..length + end], end: &rest[length..length + end] }
}

fn is_usual(byte: u8) -> bool {
    matches!(byte, b':' | b'/' | b'|' | b'.' | b'-' | b'_' | b' ' | b',' | b';' | b'#' | b'@' | b'=')
}

fn printable(byte: u8) -> bool {
    (0x20..0x7f).contains(&byte)
}

fn is_printable(bytes: &[u8]) -> bool {
    text_from(bytes) == 0
}

fn is_uuid_text(bytes: &[u8]) -> bool {
    let right = |(at, byte): (usize, &u8)| {
        if matches!(at, 8 | 13 | 18 | 23) { *byte == b'-' } else { byte.is_ascii_hexdigit() }
    };
    bytes.iter().enumerate().all(right)
}

/// Where the text begins that a key ends with; its length when it ends with none.
pub fn text_from(key: &[u8]) -> usize {
    let behind = key.iter().rposition(|&byte| byte < 0x20 || byte == 0x7f).map_or(0, |at| at + 1);
    let mut start = behind;
    // What is no UTF-8 is none up to its last byte.
    while let Err(wrong) = std::str::from_utf8(&key[start..]) {
        start = wrong.error_len().map_or(key.len(), |length| start + wrong.valid_up_to() + length);
    }
    start
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(separators: &Separators, key: &[u8]) -> Vec<(Class, String)> {
        let mut found = Vec::new();
        let (mut at, text) = (0, text_from(key));
        while at < key.len() {
            let part = if at >= text { separators.text(&key[at..]) } else { separators.binary(&key[at..]) };
            assert!(!part.bytes.is_empty() && part.bytes.ends_with(part.end));
            at += part.bytes.len();
            found.push((part.class, part.bytes.escape_ascii().to_string()));
        }
        found
    }

    fn usual(key: &[u8]) -> String {
        parts(&Separators::Usual, key)
            .iter()
            .map(|(class, bytes)| format!("{class:?} {bytes}"))
            .collect::<Vec<_>>()
            .join(", ")
    }

    #[test]
    fn text_is_cut_at_what_separates() {
        assert_eq!(usual(b"user:1001:name"), "Word user:, Number 1001:, Word name");
        assert_eq!(usual(b"k0000001"), "Word k, Number 0000001");
        assert_eq!(usual(b"a::b/"), "Word a:, Word :, Word b/");
        assert_eq!(
            usual(b"t:0f8fad5b-d9cb-469f-a165-70867728950e:out"),
            "Word t:, Uuid 0f8fad5b-d9cb-469f-a165-70867728950e:, Word out"
        );
        assert_eq!(usual(b"sha/0f8fad5bd9cb469f"), "Word sha/, Hex 0f8fad5bd9cb469f");
        assert_eq!(usual(b"x1y2"), "Word x1y2");
        assert_eq!(usual("né:1".as_bytes()), "Word n\\xc3\\xa9:, Number 1");
        assert_eq!(usual(b"deadbeef"), "Word deadbeef");
    }

    #[test]
    fn binary_parts_have_their_width() {
        let uuid = b"\x00\x09_\xfbk\xd4E\xdb\xaf\xdbe\xbe\x8aX5\xa6";
        let with = |before: &[u8], after: &[u8]| usual(&[before, uuid, after].concat());
        let shown = uuid.escape_ascii().to_string();
        assert_eq!(with(b"node:", b""), format!("Word node:, Fixed(16) {shown}"));
        assert_eq!(
            with(b"edge:", &[b":", &uuid[..]].concat()),
            format!("Word edge:, Fixed(16) {shown}:, Fixed(16) {shown}")
        );
        assert_eq!(with(b"edge:", uuid), format!("Word edge:, Fixed(16) {shown}, Fixed(16) {shown}"));
        assert_eq!(with(b"", b":name"), format!("Fixed(16) {shown}:, Word name"));
        assert_eq!(usual(b"n\0\0\0\0\0\0\0\x01"), "Tag n, Fixed(8) \\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x01");
        assert_eq!(usual(b"name\0id"), "Word name\\x00, Word id");
        assert_eq!(usual(b"\x01\0\0\0\0\0\0\0\x01"), "Tag \\x01, Fixed(8) \\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x01");
        assert_eq!(usual(b"\xff\xfe\xfd"), "Fixed(3) \\xff\\xfe\\xfd");
    }

    #[test]
    fn what_is_given_separates_alone() {
        let given = Separators::Given(b"::".to_vec());
        let shown = |key: &[u8]| parts(&given, key).into_iter().map(|(_, bytes)| bytes).collect::<Vec<_>>();
        assert_eq!(shown(b"a:b::c.d-1::"), ["a:b::", "c.d-1::"]);
        assert_eq!(shown(b"a\0::\xff"), ["a\\x00::", "\\xff"]);
    }

    #[test]
    fn text_ends_a_key() {
        for (key, start) in
            [(&b"abc"[..], 0), (b"a\0bc", 2), (b"\xff\xfeab", 2), ("\u{0}né".as_bytes(), 1), (b"ab\xc3", 3), (b"", 0)]
        {
            assert_eq!(text_from(key), start, "{key:?}");
        }
    }
}
