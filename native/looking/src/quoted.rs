//! Strings and names of JSON documents.

use std::borrow::Cow;

/// A string or a name as it stands in a document.
#[derive(Clone, Copy)]
pub struct Quoted<'a> {
    /// What is between the quotes.
    pub raw: &'a [u8],
    pub escaped: bool,
}

impl<'a> Quoted<'a> {
    /// The bytes that it stands for.
    #[inline]
    pub fn text(self) -> Cow<'a, [u8]> {
        if self.escaped { Cow::Owned(unescaped(self.raw)) } else { Cow::Borrowed(self.raw) }
    }
}

/// The bytes that a string with escapes stands for. Half of a surrogate pair becomes U+FFFD.
fn unescaped(raw: &[u8]) -> Vec<u8> {
    let quoted = String::from_utf8_lossy(raw);
    let mut out = String::with_capacity(quoted.len());
    let mut rest = quoted.as_ref();
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        let escape = rest.as_bytes().get(at + 1).copied().unwrap_or_default();
        let unit = |from: usize| rest.get(from..from + 4).and_then(|hex| u32::from_str_radix(hex, 16).ok());
        let mut taken = 2;
        out.push(match escape {
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                taken = 6;
                let high = unit(at + 2).unwrap_or(0xfffd);
                let low = rest.get(at + 6..at + 8).filter(|&next| next == "\\u").and_then(|_| unit(at + 8));
                match (high, low) {
                    (0xd800..0xdc00, Some(low @ 0xdc00..0xe000)) => {
                        taken = 12;
                        char::from_u32(0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00)).unwrap_or('\u{fffd}')
                    }
                    _ => char::from_u32(high).unwrap_or('\u{fffd}'),
                }
            }
            other => char::from(other),
        });
        rest = rest.get(at + taken..).unwrap_or_default();
    }
    out.push_str(rest);
    out.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_what_they_stand_for() {
        let text = |raw: &str| {
            let quoted = Quoted { raw: raw.as_bytes(), escaped: raw.contains('\\') };
            String::from_utf8(quoted.text().into_owned()).expect("it is UTF-8")
        };
        assert_eq!(text(r#"a\"\\\/\b\f\n\r\tz"#), "a\"\\/\u{8}\u{c}\n\r\tz");
        assert_eq!(text(r"é\u00e9\ud83d\ude00"), "éé😀");
        assert_eq!(text(r"\ud83dx\ude00"), "\u{fffd}x\u{fffd}");
        assert_eq!(text("plain"), "plain");
        assert_eq!(text(r"é\u"), "é\u{fffd}");
    }
}
