//! A walk over the entries of a range of a tree, whoever reads them.

use crate::fault::Outcome;

/// Keys from `lower`, inclusive, to `upper`, exclusive, downwards when `reverse`.
#[derive(Clone, Debug, Default)]
pub struct KeyRange {
    pub lower: Option<Vec<u8>>,
    pub upper: Option<Vec<u8>>,
    pub reverse: bool,
}

/// An entry: its key's two parts, and its value.
pub type Entry<'a> = (&'a [u8], &'a [u8], &'a [u8]);

/// A walk over the entries of a range.
pub trait Pass {
    /// The entry that it is before; None at the end of the range.
    ///
    /// # Errors
    /// STORE_DAMAGED, IO_FAILED; it must not be used any more then.
    fn entry(&mut self, range: &KeyRange) -> Outcome<Option<Entry<'_>>>;

    /// Goes behind the entry that it is before.
    fn step(&mut self, range: &KeyRange);
}
