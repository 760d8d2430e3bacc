//! The entries of a range of a tree, upwards or downwards, leaf by leaf.

use std::sync::Arc;

use super::leaves::{Leaf, LeafReader};
use super::pages::Files;
use super::parent::Target;
use crate::fault::{Code, Outcome, SledFault};
use crate::read::pass::{Entry, KeyRange, Pass};

/// Where a walk is: before an entry of a leaf, or at its end.
#[derive(Debug)]
pub struct FileWalk {
    reader: LeafReader,
    leaf: Leaf,
    /// Entries of the leaf that are in the range and were not read.
    start: usize,
    end: usize,
}

impl FileWalk {
    /// Goes to the first entry of the range, or to the last when it is walked downwards, of the tree with that root.
    ///
    /// # Errors
    /// STORE_DAMAGED, IO_FAILED.
    pub fn begin(files: &Arc<Files>, root: u64, range: &KeyRange) -> Outcome<FileWalk> {
        let mut reader = LeafReader::new(files, root)?;
        let target = match (range.reverse, &range.lower, &range.upper) {
            (false, lower, _) => Target::At(lower.as_deref().unwrap_or_default()),
            (true, _, Some(upper)) if !upper.is_empty() => Target::Before(upper),
            // Nothing is below the empty key: any leaf will do.
            (true, _, Some(_)) => Target::At(&[]),
            (true, _, None) => Target::Last,
        };
        let leaf = reader.find(target)?;
        let mut walk = FileWalk { reader, leaf, start: 0, end: 0 };
        walk.enter(range);
        Ok(walk)
    }

    /// Marks which entries of the leaf are to be read.
    fn enter(&mut self, range: &KeyRange) {
        let page = &self.leaf.page;
        self.start = range.lower.as_ref().map_or(0, |lower| page.below(lower));
        self.end = range.upper.as_ref().map_or(page.len(), |upper| page.below(upper));
    }

    fn next_leaf(&mut self, range: &KeyRange) -> Outcome<Option<Leaf>> {
        let page = &self.leaf.page;
        if range.reverse {
            match &range.lower {
                Some(lower) if page.lo() <= &lower[..] => Ok(None),
                _ => self.reader.before(&self.leaf),
            }
        } else {
            match &range.upper {
                Some(upper) if page.hi() >= &upper[..] => Ok(None),
                _ => self.reader.after(&self.leaf),
            }
        }
    }
}

impl Pass for FileWalk {
    fn entry(&mut self, range: &KeyRange) -> Outcome<Option<Entry<'_>>> {
        while self.start >= self.end {
            let Some(next) = self.next_leaf(range)? else { return Ok(None) };
            let left = std::mem::replace(&mut self.leaf, next);
            self.reader.give_back(left);
            self.enter(range);
        }
        let at = if range.reverse { self.end - 1 } else { self.start };
        match self.leaf.page.entry(at) {
            Some((suffix, value)) => Ok(Some((self.leaf.page.prefix(), suffix, value))),
            None => Err(SledFault::new(Code::StoreDamaged, "reading the next entry: a leaf lost it")),
        }
    }

    fn step(&mut self, range: &KeyRange) {
        if range.reverse {
            self.end = self.end.saturating_sub(1);
        } else {
            self.start += 1;
        }
    }
}
