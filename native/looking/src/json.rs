//! Whether a text is a JSON document, and what is in it.
//!
//! Contract: exactly RFC 8259, as JSON.parse has it, of UTF-8 alone; no recursion, so that no depth of a hostile value ends the process.

use crate::levels::Levels;
pub use crate::quoted::Quoted;

/// Is told what is in a document, from its start to its end.
pub trait Watch {
    fn begin(&mut self, _list: bool) {}
    fn end(&mut self) {}
    /// The name of a field.
    fn name(&mut self, _name: Quoted<'_>) {}
    fn string(&mut self, _string: Quoted<'_>) {}
    fn number(&mut self, _raw: &[u8]) {}
    /// `true`, `false` or `null`.
    fn word(&mut self, _word: &[u8]) {}
}

/// Takes no notice.
pub struct Blind;

impl Watch for Blind {}

/// What a document is as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whole {
    Object,
    List,
    Other,
}

/// Walks a whole document; `None` when it is none.
pub fn walk(text: &[u8], watch: &mut impl Watch) -> Option<Whole> {
    let mut reader = Reader { text, at: 0 };
    let mut levels = Levels::default();
    let whole = match reader.peek()? {
        b'{' => Whole::Object,
        b'[' => Whole::List,
        _ => Whole::Other,
    };
    loop {
        // A value begins here.
        match reader.peek()? {
            open @ (b'{' | b'[') => {
                reader.at += 1;
                let list = open == b'[';
                watch.begin(list);
                if reader.peek()? == if list { b']' } else { b'}' } {
                    reader.at += 1;
                    watch.end();
                } else {
                    levels.push(list);
                    if !list {
                        reader.name(watch)?;
                    }
                    continue;
                }
            }
            b'"' => watch.string(reader.string()?),
            b'-' | b'0'..=b'9' => watch.number(reader.number()?),
            _ => watch.word(reader.word()?),
        }
        // What follows a value.
        loop {
            let Some(list) = levels.last() else {
                return reader.peek().is_none().then_some(whole);
            };
            match (reader.peek()?, list) {
                (b',', _) => {
                    reader.at += 1;
                    if !list {
                        reader.peek().filter(|&next| next == b'"')?;
                        reader.name(watch)?;
                    }
                    break;
                }
                (b']', true) | (b'}', false) => {
                    reader.at += 1;
                    levels.pop();
                    watch.end();
                }
                _ => return None,
            }
        }
    }
}

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x80 * ONES;

struct Reader<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    /// The next byte that is no blank.
    #[inline]
    fn peek(&mut self) -> Option<u8> {
        loop {
            match *self.text.get(self.at)? {
                b' ' | b'\t' | b'\n' | b'\r' => self.at += 1,
                byte => return Some(byte),
            }
        }
    }

    fn name(&mut self, watch: &mut impl Watch) -> Option<()> {
        self.peek().filter(|&byte| byte == b'"')?;
        watch.name(self.string()?);
        self.peek().filter(|&byte| byte == b':')?;
        self.at += 1;
        Some(())
    }

    /// A string, from its quote on.
    #[inline(always)]
    fn string(&mut self) -> Option<Quoted<'a>> {
        let start = self.at + 1;
        let escaped = self.pass_string()?;
        Some(Quoted { raw: &self.text[start..self.at - 1], escaped })
    }

    /// Passes over a string, from its quote on, and tells whether it has escapes: as little as a register holds, since it is asked for so often.
    fn pass_string(&mut self) -> Option<bool> {
        let start = self.at + 1;
        let mut at = start;
        let mut escaped = false;
        // All bits that any of its bytes has.
        let mut bits = 0;
        loop {
            at += plain(&self.text[at..], &mut bits);
            match *self.text.get(at)? {
                b'"' => break,
                b'\\' => {
                    escaped = true;
                    at += match self.text.get(at + 1)? {
                        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => 2,
                        b'u' if self.text.get(at + 2..at + 6)?.iter().all(u8::is_ascii_hexdigit) => 6,
                        _ => return None,
                    }
                }
                0..0x20 => return None,
                byte => {
                    bits |= u64::from(byte);
                    at += 1;
                }
            }
        }
        self.at = at + 1;
        // Elsewhere only ASCII stands.
        (bits & HIGHS == 0 || std::str::from_utf8(&self.text[start..at]).is_ok()).then_some(escaped)
    }

    fn number(&mut self) -> Option<&'a [u8]> {
        let start = self.at;
        self.at += usize::from(self.text[start] == b'-');
        match *self.text.get(self.at)? {
            b'0' => self.at += 1,
            b'1'..=b'9' => self.digits()?,
            _ => return None,
        }
        if self.text.get(self.at) == Some(&b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.text.get(self.at) {
            self.at += 1;
            self.at += usize::from(matches!(self.text.get(self.at), Some(b'+' | b'-')));
            self.digits()?;
        }
        Some(&self.text[start..self.at])
    }

    /// Digits, of which there must be one at least.
    fn digits(&mut self) -> Option<()> {
        let count = self.text[self.at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.at += count;
        (count > 0).then_some(())
    }

    fn word(&mut self) -> Option<&'a [u8]> {
        let rest = &self.text[self.at..];
        let word = ["true", "false", "null"].into_iter().map(str::as_bytes).find(|word| rest.starts_with(word))?;
        self.at += word.len();
        Some(word)
    }
}

/// How many bytes at the start, eight at a time, are such that no string ends there and nothing is special. Theirs are added to `bits`.
#[inline]
fn plain(bytes: &[u8], bits: &mut u64) -> usize {
    // The high bit of each byte that is 0, and of no byte below the first such.
    let zeros = |word: u64| word.wrapping_sub(ONES) & !word & HIGHS;
    let mut length = 0;
    for chunk in bytes.as_chunks::<8>().0 {
        let word = u64::from_le_bytes(*chunk);
        let controls = word.wrapping_sub(ONES * 0x20) & !word & HIGHS;
        let special = zeros(word ^ (ONES * u64::from(b'"'))) | zeros(word ^ (ONES * u64::from(b'\\'))) | controls;
        if special != 0 {
            *bits |= word & special.wrapping_sub(1) & !special;
            return length + special.trailing_zeros() as usize / 8;
        }
        *bits |= word;
        length += 8;
    }
    length
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(text: &str) -> Option<Whole> {
        walk(text.as_bytes(), &mut Blind)
    }

    #[test]
    fn documents_are_told_from_other_text() {
        for good in ["{}", " {\"a\" : [1, 2.5e-3, -0, null] , \"b\\u00e9\":{\"c\":\"\\n\"}}\n", "{\"\":{}}"] {
            assert_eq!(whole(good), Some(Whole::Object), "{good}");
        }
        for good in ["[]", "[[],{}]", "[0,\"\\\\\"]"] {
            assert_eq!(whole(good), Some(Whole::List), "{good}");
        }
        for good in ["0", "-1.5E+7", "true", "null", " \"x\" "] {
            assert_eq!(whole(good), Some(Whole::Other), "{good}");
        }
        let bad = [
            "",
            " ",
            "{",
            "{]",
            "[}",
            "[1,]",
            "{\"a\":1,}",
            "{a:1}",
            "{\"a\"}",
            "01",
            "1.",
            ".5",
            "1e",
            "-",
            "tru",
            "nulls",
        ];
        let more = [
            "\"",
            "\"\\x\"",
            "\"\\u12g4\"",
            "\"\t\"",
            "[1 2]",
            "{} {}",
            "{\"a\":1 \"b\":2}",
            "+1",
            "NaN",
            "'a'",
            "{,}",
            "[,]",
            "{1:2}",
        ];
        for at in 0..40 {
            let long = |special: &str| format!("\"{}{special}{}\"", "é".repeat(at), "x".repeat(40 - at));
            assert_eq!(
                ["\\n", "\\", "\t", "\u{1f}", "\"", "\u{7f}"].map(|special| whole(&long(special)).is_some()),
                [true, false, false, false, false, true],
                "{at}"
            );
        }
        for bad in bad.into_iter().chain(more) {
            assert_eq!(whole(bad), None, "{bad}");
        }
        assert_eq!(whole(&("[".repeat(1_000_000) + &"]".repeat(1_000_000))), Some(Whole::List));
        assert_eq!(whole(&"[{\"a\":".repeat(100_000)), None);
    }

    #[test]
    fn what_is_no_utf8_is_no_document_wherever_it_stands() {
        let wrong: [&[u8]; 6] = [b"\x80", b"\xff", b"\xc3", b"\xe2\x82", b"\xed\xa0\x80", b"\xf5\x80\x80\x80"];
        for before in 0..20 {
            for behind in 0..20 {
                let with = |middle: &[u8]| {
                    let string = [&b"x".repeat(before), middle, &b"y".repeat(behind)].concat();
                    let value = [b"[0,\"", &string[..], b"\"]"].concat();
                    let name = [b"{\"", &string[..], b"\":\"plain\"}"].concat();
                    [value, name].map(|text| walk(&text, &mut Blind))
                };
                for wrong in wrong {
                    assert_eq!(with(wrong), [None, None], "{wrong:?} behind {before}, before {behind}");
                }
                for right in ["é", "€", "😀"] {
                    assert_eq!(
                        with(right.as_bytes()),
                        [Some(Whole::List), Some(Whole::Object)],
                        "{right} {before} {behind}"
                    );
                }
            }
        }
        assert_eq!(walk(b"[0]\xff", &mut Blind), None);
        assert_eq!(walk(b"\xc3\xa9", &mut Blind), None);
    }
}
