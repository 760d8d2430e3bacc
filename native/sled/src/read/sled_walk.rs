//! The entries of a range of a tree, upwards or downwards, leaf by leaf.

use sled::leaves::{Leaf, LeafError, LeafReader, Target};

use crate::fault::{Code, Doing, Outcome, SledFault};
use crate::read::pass::{Entry, KeyRange, Pass};

/// Where a walk is: before an entry of a leaf, or at its end.
#[derive(Debug)]
pub struct Walk {
    reader: LeafReader,
    leaf: Leaf,
    /// Entries of the leaf that are in the range and were not read.
    start: usize,
    end: usize,
}

impl Walk {
    /// Goes to the first entry of the range, or to the last when it is walked downwards.
    ///
    /// # Errors
    /// STORE_DAMAGED, IO_FAILED.
    pub fn begin(tree: &sled::Tree, range: &KeyRange) -> Outcome<Walk> {
        Walk::with(LeafReader::new(tree), range)
    }

    /// Begins again with another range, which is found sooner when it is near.
    ///
    /// # Errors
    /// As `begin`.
    pub fn again(self, range: &KeyRange) -> Outcome<Walk> {
        Walk::with(self.reader, range)
    }

    fn with(mut reader: LeafReader, range: &KeyRange) -> Outcome<Walk> {
        let target = match (range.reverse, &range.lower, &range.upper) {
            (false, lower, _) => Target::At(lower.as_deref().unwrap_or_default()),
            (true, _, Some(upper)) if !upper.is_empty() => Target::Before(upper),
            // Nothing is below the empty key: any leaf will do.
            (true, _, Some(_)) => Target::At(&[]),
            (true, _, None) => Target::Last,
        };
        let leaf = reader.find(target).map_err(|e| fault(&e))?;
        let mut walk = Walk { reader, leaf, start: 0, end: 0 };
        walk.enter(range, None);
        Ok(walk)
    }

    fn above(&mut self, range: &KeyRange) -> Result<Option<Leaf>, LeafError> {
        match &range.upper {
            Some(upper) if self.leaf.hi() >= &upper[..] => Ok(None),
            _ => self.reader.after(&self.leaf),
        }
    }

    fn below(&mut self, range: &KeyRange) -> Result<Option<Leaf>, LeafError> {
        match &range.lower {
            Some(lower) if self.leaf.lo() <= &lower[..] => Ok(None),
            _ => self.reader.before(&self.leaf),
        }
    }

    /// Marks which entries of the leaf are to be read, having left another.
    fn enter(&mut self, range: &KeyRange, left: Option<Leaf>) {
        let leaf = &self.leaf;
        self.start = range.lower.as_ref().map_or(0, |lower| leaf.below(lower));
        self.end = range.upper.as_ref().map_or(leaf.len(), |upper| leaf.below(upper));
        // What the leaf before held is not read again where pages have moved meanwhile.
        match left {
            Some(left) if range.reverse => self.end = self.end.min(leaf.below(left.lo())),
            Some(left) => self.start = self.start.max(leaf.below(left.hi())),
            None => {}
        }
    }
}

impl Pass for Walk {
    fn entry(&mut self, range: &KeyRange) -> Outcome<Option<Entry<'_>>> {
        while self.start >= self.end {
            let next = if range.reverse { self.below(range) } else { self.above(range) };
            let Some(next) = next.map_err(|e| fault(&e))? else { return Ok(None) };
            let left = std::mem::replace(&mut self.leaf, next);
            self.enter(range, Some(left));
        }
        let at = if range.reverse { self.end - 1 } else { self.start };
        match self.leaf.entry(at) {
            Some((suffix, value)) => Ok(Some((self.leaf.prefix(), suffix, value))),
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

fn fault(error: &LeafError) -> SledFault {
    const WHAT: &str = "reading the next entry";
    match error {
        LeafError::Sled(error) => SledFault::sled(error, Doing::Reading, WHAT),
        LeafError::Misfit(what, page) => SledFault::new(Code::StoreDamaged, format!("{WHAT}: {what} (page {page})")),
    }
}
