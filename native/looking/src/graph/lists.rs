//! The ids in a list of edges.
//!
//! Contract: a list of millions of ids takes no more memory than its value.

use kgdump_shared::fault::Outcome;

use super::id::{Id, UUID_TEXT, uuid_of};
use crate::json::{self, Quoted, Watch};

/// What is wrong with a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrong {
    NotJson,
    Misshapen,
}

/// Shows each text of a list to `show`, unescaped; all of them, or none when something is wrong.
///
/// Errors: those of `show`.
pub fn each_text(
    value: &[u8],
    is_id: impl Fn(&[u8]) -> bool,
    mut show: impl FnMut(&[u8]) -> Outcome<()>,
) -> Outcome<Option<Wrong>> {
    let mut check = Items { take: |text: &[u8]| is_id(text), depth: 0, right: true };
    match json::walk(value, &mut check) {
        None => return Ok(Some(Wrong::NotJson)),
        Some(json::Whole::List) if check.right => {}
        Some(_) => return Ok(Some(Wrong::Misshapen)),
    }
    let mut failed = Ok(());
    let take = |text: &[u8]| {
        if failed.is_ok() {
            failed = show(text);
        }
        true
    };
    json::walk(value, &mut Items { take, depth: 0, right: true });
    failed.map(|()| None)
}

struct Items<Take> {
    take: Take,
    depth: usize,
    /// All items are ids.
    right: bool,
}

impl<Take: FnMut(&[u8]) -> bool> Watch for Items<Take> {
    fn begin(&mut self, _list: bool) {
        self.right &= self.depth == 0;
        self.depth += 1;
    }

    fn end(&mut self) {
        self.depth -= 1;
    }

    fn string(&mut self, string: Quoted<'_>) {
        if self.right {
            self.right = (self.take)(&string.text());
        }
    }

    fn number(&mut self, _raw: &[u8]) {
        self.right = false;
    }

    fn word(&mut self, _word: &[u8]) {
        self.right = false;
    }
}

/// Adds the ids of a list as it is mostly written, UUIDs without escapes; of one that is written otherwise none, and it says so.
pub fn plain_uuids(value: &[u8], ids: &mut Vec<Id>) -> bool {
    const STRIDE: usize = UUID_TEXT + 3;
    let Some(items) = value.strip_prefix(b"[").and_then(|rest| rest.strip_suffix(b"]")) else { return false };
    let count = if items.is_empty() { 0 } else { items.len().div_ceil(STRIDE) };
    if count > 0 && items.len() != count * STRIDE - 1 {
        return false;
    }
    let before = ids.len();
    for number in 0..count {
        let start = number * STRIDE + 1;
        let end = start + UUID_TEXT;
        let ends =
            items[start - 1] == b'"' && items[end] == b'"' && items.get(end + 1).is_none_or(|&byte| byte == b',');
        let Some(id) = uuid_of(&items[start..end]).filter(|_| ends) else {
            ids.truncate(before);
            return false;
        };
        ids.push(id);
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_lists_are_read_as_bytes() {
        let id = |number: usize| format!("\"00000000-0000-0000-0000-{number:012}\"");
        for count in [0, 1, 2, 7] {
            let text = format!("[{}]", (0..count).map(id).collect::<Vec<_>>().join(","));
            let mut ids = vec![Id::default()];
            assert!(plain_uuids(text.as_bytes(), &mut ids));
            assert_eq!(ids.len(), 1 + count);
        }
        for other in [
            "",
            "[",
            "]",
            "[ ]",
            &format!("[{}, {}]", id(1), id(2)),
            &format!("[{},]", id(1)),
            &format!("[{};{}]", id(1), id(2)),
            &format!("[{}", id(1)),
            "[\"\"]",
        ] {
            let mut ids = vec![Id::default()];
            assert!(!plain_uuids(other.as_bytes(), &mut ids), "{other}");
            assert_eq!(ids.len(), 1, "{other}");
        }
    }

    #[test]
    fn other_lists_are_walked() {
        let texts = |value: &str| {
            let mut texts = Vec::new();
            let wrong = each_text(
                value.as_bytes(),
                |text| text != b"no",
                |text| {
                    texts.push(String::from_utf8_lossy(text).into_owned());
                    Ok(())
                },
            );
            wrong.expect("nothing fails").map_or(Ok(texts), Err)
        };
        assert_eq!(texts(r#" [ "a" , "\u0062" ] "#), Ok(vec!["a".to_owned(), "b".to_owned()]));
        for misshapen in
            ["{}", "7", "[7]", "[null]", "[[]]", "[\"a\",[\"b\"]]", "[\"no\"]", "[{\"a\":\"b\"}]", "[\"no\",\"a\"]"]
        {
            assert_eq!(texts(misshapen), Err(Wrong::Misshapen), "{misshapen}");
        }
        for broken in ["", "[", "[\"a\",]", "[\"a\"]]"] {
            assert_eq!(texts(broken), Err(Wrong::NotJson), "{broken}");
        }
    }
}
