//! Looks for the entries of a block in which a regular expression is found, in time in proportion to what is read.

use kgdump_shared::fault::Outcome;

use super::builder::Filter;
use crate::entries;

/// Looks through blocks for entries whose key or value matches.
pub struct Search {
    filter: Filter,
}

impl Search {
    /// Errors: USAGE for what is no regular expression, or too large a one.
    pub fn new(expression: &str) -> Outcome<Self> {
        Ok(Self { filter: Filter::new(expression, true, true)? })
    }

    /// The places of the entries of a block that match, counted from 0: at most so many.
    ///
    /// Errors: DUMP_ENTRIES_MALFORMED.
    pub fn find(&mut self, raw: &[u8], most: usize) -> Outcome<Vec<u32>> {
        let mut found = Vec::new();
        let mut place = 0;
        entries::each(raw, |key, value, _| {
            if found.len() < most && self.filter.takes(key, value.unwrap_or_default()) {
                found.push(place);
            }
            place += 1;
            Ok(())
        })?;
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(entries: &[(&[u8], &[u8])]) -> Vec<u8> {
        let mut raw = Vec::new();
        for (key, value) in entries {
            kgdump_shared::bin::push(&mut raw, [key]);
            kgdump_shared::bin::push(&mut raw, [value]);
        }
        raw
    }

    #[test]
    fn keys_and_values_are_looked_at_and_no_more_are_told_than_asked_for() {
        let raw = block(&[(b"a1", b"x"), (b"b", b"a2"), (b"c", b"y"), (b"d", b"\xffa3")]);
        let mut search = Search::new("a[0-9]").unwrap();
        assert_eq!(search.find(&raw, 10).unwrap(), [0, 1, 3]);
        assert_eq!(search.find(&raw, 2).unwrap(), [0, 1]);
        assert_eq!(search.find(&raw, 0).unwrap(), [] as [u32; 0]);
        assert!(search.find(b"\xc4", 1).is_err());
    }
}
