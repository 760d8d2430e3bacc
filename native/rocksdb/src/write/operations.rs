//! What can be asked of a store that is open for writing.

/// What to do with a key that the store already has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IfExists {
    Fail,
    Keep,
    Overwrite,
}

/// One operation.
#[derive(Debug, Clone)]
pub enum Operation {
    Put(Vec<u8>, Vec<u8>),
    /// An operand for the merge operator that the family's options name.
    Merge(Vec<u8>, Vec<u8>),
    Delete(Vec<u8>),
    /// Deletes from the first key, inclusive, to the second, exclusive.
    DeleteRange(Vec<u8>, Vec<u8>),
}
