//! Which objects and lists of a JSON document are open.

/// A bit for each level that is open: whether it is a list. The first 64 take no memory of their own.
#[derive(Default)]
pub struct Levels {
    depth: usize,
    top: u64,
    below: Vec<u64>,
}

impl Levels {
    #[inline]
    pub fn last(&self) -> Option<bool> {
        (self.depth > 0).then_some(self.top & 1 == 1)
    }

    #[inline]
    pub fn push(&mut self, list: bool) {
        if self.depth > 0 && self.depth.is_multiple_of(64) {
            self.below.push(self.top);
        }
        self.top = self.top << 1 | u64::from(list);
        self.depth += 1;
    }

    #[inline]
    pub fn pop(&mut self) {
        self.depth -= 1;
        self.top >>= 1;
        if self.depth > 0 && self.depth.is_multiple_of(64) {
            self.top = self.below.pop().unwrap_or(0);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::json::{Blind, Whole, walk};

    fn whole(text: &str) -> Option<Whole> {
        walk(text.as_bytes(), &mut Blind)
    }

    #[test]
    fn what_is_open_is_closed_by_its_own_end_at_any_depth() {
        for depth in 1..200_usize {
            let lists: Vec<bool> = (0..depth).map(|level| (level * level + depth) % 7 < 3).collect();
            let begins = lists.iter().map(|&list| if list { "[" } else { "{\"a\":" });
            let end = |list: bool| if list { "]" } else { "}" };
            let mut text: String = begins.chain(["0"]).chain(lists.iter().rev().map(|&list| end(list))).collect();
            let whole_is = if lists[0] { Whole::List } else { Whole::Object };
            assert_eq!(whole(&text), Some(whole_is), "{text}");
            for wrong in [0, depth / 2, depth - 1] {
                let at = text.len() - 1 - wrong;
                text.replace_range(at..=at, end(!lists[wrong]));
                assert_eq!(whole(&text), None, "{text}");
                text.replace_range(at..=at, end(lists[wrong]));
            }
            assert_eq!(whole(&text[..text.len() - 1]), None);
            text.push_str(end(lists[0]));
            assert_eq!(whole(&text), None);
        }
    }
}
