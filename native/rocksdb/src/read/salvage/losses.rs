//! What of a store is lost, or may be, and which entries that casts doubt on.

use std::cmp::Ordering;

use crate::read::walk::KeyOrder;

/// What kind of thing is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// Entries: values and deletions.
    Entries,
    /// Deletions of ranges of keys.
    Deletions,
    /// The value of one key, which is known to have been there.
    Value,
    /// Nothing for certain: an entry is there, and odd.
    Odd,
}

impl What {
    /// Its name for other programs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Entries => "entries",
            Self::Deletions => "deletions",
            Self::Value => "value",
            Self::Odd => "odd",
        }
    }
}

/// Something that is lost, or may be.
#[derive(Debug, Clone)]
pub struct Loss {
    /// Id of the family; none when it may be any.
    pub family: Option<u32>,
    pub what: What,
    /// Name of the file.
    pub file: String,
    /// Where in it, if it is known.
    pub offset: Option<u64>,
    /// First and last key between which it lies, both inclusive; none when it may be any.
    pub from: Option<Vec<u8>>,
    pub to: Option<Vec<u8>>,
    /// Whether `from` itself is there.
    pub after: bool,
    /// The smallest and the largest sequence number that it may have had.
    pub lowest: u64,
    pub highest: u64,
    /// How many entries; none when nobody can tell.
    pub entries: Option<u64>,
    pub reason: String,
}

impl Loss {
    /// A loss of entries in a file, of any key.
    pub fn of_file(family: Option<u32>, file: &str, reason: impl Into<String>) -> Self {
        Self {
            family,
            what: What::Entries,
            file: file.to_owned(),
            offset: None,
            from: None,
            to: None,
            after: false,
            lowest: 0,
            highest: u64::MAX,
            entries: None,
            reason: reason.into(),
        }
    }

    pub fn at(mut self, offset: u64) -> Self {
        self.offset = Some(offset);
        self
    }

    pub fn between(mut self, from: Option<Vec<u8>>, to: Option<Vec<u8>>) -> Self {
        (self.from, self.to) = (from, to);
        self
    }

    /// Behind `from`, which is there.
    pub fn behind(mut self, from: Option<Vec<u8>>, to: Option<Vec<u8>>) -> Self {
        self.after = true;
        self.between(from, to)
    }

    /// Behind `last`, which is there, or else from `first` on; up to `to`.
    pub fn range(self, last: Option<Vec<u8>>, first: Option<Vec<u8>>, to: Option<Vec<u8>>) -> Self {
        if last.is_some() {
            self.behind(last, to)
        } else {
            self.between(first, to)
        }
    }

    /// Whether nobody can tell which keys it had.
    pub fn is_anywhere(&self) -> bool {
        self.from.is_none() && self.to.is_none() && self.family.is_none()
    }

    pub fn up_to(mut self, highest: u64) -> Self {
        self.highest = highest;
        self
    }

    pub fn since(mut self, lowest: u64) -> Self {
        self.lowest = lowest;
        self
    }

    pub fn counting(mut self, entries: Option<u64>) -> Self {
        self.entries = entries;
        self
    }
}

/// A range of keys with a number, and the smallest that it may have; its ends are optional, and belong to it or not.
#[derive(Debug, Clone)]
struct Span {
    from: Option<Vec<u8>>,
    with_from: bool,
    to: Option<Vec<u8>>,
    with_to: bool,
    lowest: u64,
    number: u64,
}

/// Goes over ranges in the order of keys, and tells which of them a key lies in.
pub struct Sweep {
    order: KeyOrder,
    /// Those that are still to come, the next one last.
    coming: Vec<Span>,
    active: Vec<Span>,
}

impl Sweep {
    /// Over deletions of ranges: first key, key before which it ends, sequence number.
    pub fn over_deletions(order: KeyOrder, deletions: Vec<(Vec<u8>, Vec<u8>, u64)>) -> Self {
        let span = |(from, to, number)| Span {
            from: Some(from),
            with_from: true,
            to: Some(to),
            with_to: false,
            lowest: number,
            number,
        };
        Self::new(order, deletions.into_iter().map(span).collect())
    }

    /// Over what may have held a newer version of a key.
    pub fn over_doubts<'l>(order: KeyOrder, losses: impl Iterator<Item = &'l Loss>) -> Self {
        let spans = losses.filter(|loss| loss.what != What::Odd && !loss.is_anywhere()).map(|loss| Span {
            from: loss.from.clone(),
            with_from: !loss.after,
            to: loss.to.clone(),
            with_to: true,
            lowest: loss.lowest,
            number: loss.highest,
        });
        Self::new(order, spans.collect())
    }

    /// Over what lies between keys that are there.
    pub fn over_gaps<'l>(order: KeyOrder, losses: impl Iterator<Item = &'l Loss>) -> Self {
        let spans = losses.filter(|loss| loss.what == What::Entries && !loss.is_anywhere()).map(|loss| Span {
            from: loss.from.clone(),
            with_from: false,
            to: loss.to.clone(),
            with_to: false,
            lowest: loss.lowest,
            number: loss.highest,
        });
        Self::new(order, spans.collect())
    }

    fn new(order: KeyOrder, mut spans: Vec<Span>) -> Self {
        spans.sort_by(|a, b| match (&a.from, &b.from) {
            (None, None) => Ordering::Equal,
            (None, _) => Ordering::Greater,
            (_, None) => Ordering::Less,
            (Some(a), Some(b)) => order.compare(b, a),
        });
        Self { order, coming: spans, active: Vec::new() }
    }

    /// Moves to `key`, which is not less than the one before. True when a range began or ended since then.
    pub fn advance(&mut self, key: &[u8]) -> bool {
        let (order, mut touched) = (self.order, false);
        let begun = |span: &Span| match &span.from {
            None => true,
            Some(from) => match order.compare(from, key) {
                Ordering::Less => true,
                Ordering::Equal => span.with_from,
                Ordering::Greater => false,
            },
        };
        while self.coming.last().is_some_and(begun) {
            self.active.extend(self.coming.pop());
            touched = true;
        }
        let before = self.active.len();
        self.active.retain(|span| match &span.to {
            None => true,
            Some(to) => match order.compare(key, to) {
                Ordering::Less => true,
                Ordering::Equal => span.with_to,
                Ordering::Greater => false,
            },
        });
        touched || before != self.active.len()
    }

    /// Whether the key moved to lies in any range.
    pub fn covered(&self) -> bool {
        !self.active.is_empty()
    }

    /// The largest number of a range that the key moved to lies in.
    pub fn highest(&self) -> Option<u64> {
        self.active.iter().map(|span| span.number).max()
    }

    /// Whether a range that the key moved to lies in may have numbers behind `first` (any, without) and before `last`.
    pub fn between(&self, first: Option<u64>, last: u64) -> bool {
        self.active.iter().any(|span| lies_between((span.lowest, span.number), first, last))
    }

    /// Whether a range reaches behind the last key.
    pub fn goes_on(&self, last: Option<&[u8]>) -> bool {
        self.coming.iter().chain(&self.active).any(|span| match (&span.to, last) {
            (Some(to), Some(last)) => self.order.compare(to, last).is_gt(),
            _ => true,
        })
    }
}

/// Whether some of the sequence numbers from the smallest to the largest lie behind `first` (any, without) and before `last`.
pub fn lies_between((smallest, largest): (u64, u64), first: Option<u64>, last: u64) -> bool {
    first.is_none_or(|first| largest > first) && smallest < last
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deletions_cover_what_lies_before_their_end() {
        let deletions = vec![(b"b".to_vec(), b"d".to_vec(), 7), (b"c".to_vec(), b"f".to_vec(), 3)];
        let mut sweep = Sweep::over_deletions(KeyOrder::Bytewise, deletions);
        let mut at = |key: &[u8]| {
            sweep.advance(key);
            sweep.highest()
        };
        assert_eq!([at(b"a"), at(b"b"), at(b"c"), at(b"d"), at(b"f")], [None, Some(7), Some(7), Some(3), None]);
    }

    #[test]
    fn gaps_lie_between_keys_that_are_there() {
        let all = [
            Loss::of_file(Some(0), "x", "y").between(None, Some(b"b".to_vec())),
            Loss::of_file(Some(0), "x", "y").behind(Some(b"d".to_vec()), Some(b"d".to_vec())),
        ];
        let mut sweep = Sweep::over_gaps(KeyOrder::Bytewise, all.iter());
        assert!(sweep.advance(b"a") && sweep.covered());
        assert!(sweep.advance(b"b") && !sweep.covered());
        assert!(!sweep.advance(b"c") && sweep.goes_on(Some(b"c")));
        assert!(sweep.advance(b"e") && !sweep.covered() && !sweep.goes_on(Some(b"e")));
        let mut doubts = Sweep::over_doubts(KeyOrder::Bytewise, all.iter());
        assert!(doubts.advance(b"b") && doubts.covered());
        assert!(doubts.advance(b"c") && !doubts.covered());
        doubts.advance(b"d");
        assert!(!doubts.covered());
    }
}
