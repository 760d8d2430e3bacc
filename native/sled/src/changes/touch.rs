//! Following only where keys may have changed: which groups that are, and what becomes of each of the keys. Pure.

use std::collections::VecDeque;
use std::ops::Range;

use kgdump_shared::bin::{NIL, header_len};

use crate::changes::blocks::Builder;
use crate::changes::prints::{Prints, Walk};
use crate::entries::{self, push_bin};
use crate::fault::{Code, Outcome, SledFault, printable};

/// Which part of the original is to be read.
#[derive(Debug, PartialEq, Eq)]
pub struct Touched {
    /// Groups that are to be compared, and how many there are.
    pub groups: usize,
    pub of: usize,
    /// The ranges of the original's keys that belong to them: for each its first key, inclusive, and its end key, exclusive, as bins, or
    /// nil for none.
    pub ranges: Vec<u8>,
}

/// Keys that may have changed, in the tree's order, and the groups that they belong to.
#[derive(Debug)]
pub struct Touch {
    keys: Vec<u8>,
    /// The keys that were not met.
    at: usize,
    /// Groups that were not begun.
    groups: VecDeque<usize>,
}

impl Touch {
    /// Finds the groups of `keys`, which are bins.
    ///
    /// # Errors
    /// DUMP_ENTRIES_MALFORMED, DUMP_ORDER_BROKEN.
    pub fn new(keys: Vec<u8>, prints: &Prints, walk: &Walk) -> Outcome<(Touch, Touched)> {
        let mut groups = VecDeque::new();
        let mut at = 0;
        let mut last: Option<Range<usize>> = None;
        while at < keys.len() {
            let place = entries::bin(&keys, at)?;
            let key = &keys[place.clone()];
            if last.is_some_and(|last| !walk.follows(&keys[last], key)) {
                return Err(misplaced(key));
            }
            let group = prints.group_of(key, |a, b| walk.follows(a, b));
            if groups.back() != Some(&group) {
                groups.push_back(group);
            }
            at = place.end;
            last = Some(place);
        }
        let touched = Touched { groups: groups.len(), of: prints.len(), ranges: ranges(&groups, prints)? };
        Ok((Touch { keys, at: 0, groups }, touched))
    }

    /// The next group, when the one before it is complete.
    pub fn next_group(&mut self) -> Option<usize> {
        self.groups.pop_front()
    }

    /// Puts the original's next entry if its key is one of those, and removes those before it, which the original does not have.
    ///
    /// # Errors
    /// As `Builder::remove`.
    pub fn meet(&mut self, key: &[u8], entry: &[u8], walk: &Walk, out: &mut Builder) -> Outcome<()> {
        while self.at < self.keys.len() {
            let place = entries::bin(&self.keys, self.at)?;
            let touched = &self.keys[place.clone()];
            if touched == key {
                self.at = place.end;
                let (parts, end) = entries::entry(entry, 0)?;
                out.put(&entry[..end], key.len(), parts.value.map_or(0, |value| value.len()));
                return Ok(());
            }
            if !walk.follows(touched, key) {
                return Ok(());
            }
            out.remove(touched)?;
            self.at = place.end;
        }
        Ok(())
    }

    /// Removes the keys that come after all of the original's.
    ///
    /// # Errors
    /// As `Builder::remove`.
    pub fn remove_rest(&mut self, out: &mut Builder) -> Outcome<()> {
        while self.at < self.keys.len() {
            let place = entries::bin(&self.keys, self.at)?;
            self.at = place.end;
            out.remove(&self.keys[place])?;
        }
        Ok(())
    }
}

/// The error of a key that is not where it should be.
pub fn misplaced(key: &[u8]) -> SledFault {
    SledFault::new(Code::DumpOrderBroken, format!("the key {} is not in its place", printable(key)))
}

/// Groups that follow one another are one range.
fn ranges(groups: &VecDeque<usize>, prints: &Prints) -> Outcome<Vec<u8>> {
    let mut ranges = Vec::new();
    let mut end_before = None;
    for &group in groups {
        let start = if group == 0 { None } else { prints.first_key(group) };
        if end_before == Some(group) {
            ranges.truncate(ranges.len() - start.map_or(1, |key| header_len(key.len()) + key.len()));
        } else {
            push_bound(&mut ranges, start)?;
        }
        push_bound(&mut ranges, prints.first_key(group + 1))?;
        end_before = Some(group + 1);
    }
    Ok(ranges)
}

fn push_bound(out: &mut Vec<u8>, key: Option<&[u8]>) -> Outcome<()> {
    match key {
        Some(key) => push_bin(out, key)?,
        None => out.push(NIL),
    }
    Ok(())
}
