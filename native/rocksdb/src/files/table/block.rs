//! The entries of one block: keys that share their beginnings, restart points, and the footer.
//!
//! Format: RocksDB's `block_builder.cc`. A block ends with its restart points and their number; the number's upper bits tell of a
//! hash index before it, and from RocksDB 11.8 on of values that lie apart.
//!
//! Contract: pure; entries come as they are stored, in whatever order; each length is checked.

use super::super::bytes::{fixed32, take, varint32};

/// Bits of the number of restart points that mean something else.
pub const HASH_INDEX: u32 = 1 << 31;
pub const RESERVED: u32 = 1 << 30;
pub const UNIFORM: u32 = 1 << 29;
pub const SEPARATED: u32 = 1 << 28;
/// Larger blocks have no hash index; their number has all its bits for itself.
const MOST_WITH_HASH_INDEX: usize = 64 << 10;

/// Why a block is no block.
#[derive(Debug, PartialEq, Eq)]
pub enum BlockError {
    Wrong(&'static str),
    /// A layout that only later versions of RocksDB know.
    Newer(&'static str),
}

/// How the entries of a block are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// With the length of each value.
    Plain,
    /// An index block without them.
    DeltaIndex,
}

/// The part of a block that holds its entries.
pub struct Entries<'a> {
    rest: &'a [u8],
    layout: Layout,
    /// The last key; the next one shares its beginning.
    key: Vec<u8>,
    shared: bool,
}

impl<'a> Entries<'a> {
    /// Looks at the end of a block. `key` is memory to use again.
    pub fn new(block: &'a [u8], layout: Layout, mut key: Vec<u8>) -> Result<Self, BlockError> {
        key.clear();
        Ok(Self { rest: &block[..entries_end(block)?], layout, key, shared: false })
    }

    /// Goes on within the entries of a block, which `rest` begins; `key` is the one before.
    pub fn resume(rest: &'a [u8], layout: Layout, key: Vec<u8>) -> Self {
        Self { rest, layout, key, shared: false }
    }

    /// Bytes of entries that are left.
    pub fn left(&self) -> usize {
        self.rest.len()
    }

    /// Moves to the next entry and gives its value; none at the end.
    #[inline]
    pub fn advance(&mut self) -> Result<Option<&'a [u8]>, BlockError> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        const WRONG: BlockError = BlockError::Wrong("an entry's length is wrong");
        let shared = varint32(&mut self.rest).ok_or(WRONG)? as usize;
        let unshared = varint32(&mut self.rest).ok_or(WRONG)? as usize;
        let value = match self.layout {
            Layout::Plain => Some(varint32(&mut self.rest).ok_or(WRONG)? as usize),
            Layout::DeltaIndex => None,
        };
        if shared > self.key.len() {
            return Err(BlockError::Wrong("a key shares more than there is"));
        }
        let end = take(&mut self.rest, unshared).ok_or(WRONG)?;
        self.key.truncate(shared);
        self.key.extend_from_slice(end);
        self.shared = shared != 0;
        match value {
            Some(length) => take(&mut self.rest, length).ok_or(WRONG).map(Some),
            None => Ok(Some(&[])),
        }
    }

    /// The key of the entry that `advance` moved to.
    pub fn key(&self) -> &[u8] {
        &self.key
    }

    /// The same, to be changed in place.
    pub fn key_mut(&mut self) -> &mut Vec<u8> {
        &mut self.key
    }

    /// Whether that key shares its beginning with the one before it.
    pub fn shared(&self) -> bool {
        self.shared
    }

    /// What follows, for values without a length of their own.
    pub fn rest_mut(&mut self) -> &mut &'a [u8] {
        &mut self.rest
    }

    /// The memory of the key, to use again.
    pub fn into_key(self) -> Vec<u8> {
        self.key
    }
}

/// Where the entries end and the restart points begin.
fn entries_end(block: &[u8]) -> Result<usize, BlockError> {
    const WRONG: BlockError = BlockError::Wrong("its restart points are wrong");
    let mut end = block.len().checked_sub(4).ok_or(WRONG)?;
    let mut restarts = fixed32(block, end).ok_or(WRONG)?;
    if block.len() <= MOST_WITH_HASH_INDEX && restarts & HASH_INDEX != 0 {
        restarts &= !HASH_INDEX;
        let at = end.checked_sub(2).ok_or(WRONG)?;
        let buckets = usize::from(u16::from_le_bytes([block[at], block[at + 1]]));
        end = at.checked_sub(buckets).ok_or(WRONG)?;
    }
    let fits = |restarts: u32| (restarts as usize).checked_mul(4).is_some_and(|bytes| bytes <= end);
    // From RocksDB 11 on a bit tells that keys are spread evenly, which only makes searching faster.
    if !fits(restarts) && restarts & (UNIFORM | SEPARATED | RESERVED) == UNIFORM {
        restarts &= !UNIFORM;
    }
    if !fits(restarts) {
        if restarts & RESERVED == 0 && restarts & (SEPARATED | UNIFORM) != 0 && fits(restarts & (SEPARATED - 1)) {
            return Err(BlockError::Newer("its blocks keep keys and values apart"));
        }
        return Err(WRONG);
    }
    let start = end - restarts as usize * 4;
    // The first restart point is the first entry, and none lies behind the entries.
    for index in 0..restarts as usize {
        let point = fixed32(block, start + index * 4).ok_or(WRONG)? as usize;
        if point > start || (index == 0 && point != 0) {
            return Err(WRONG);
        }
    }
    Ok(start)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(entries: &[u8], restarts: &[u32], number: u32) -> Vec<u8> {
        let mut block = entries.to_vec();
        restarts.iter().for_each(|point| block.extend_from_slice(&point.to_le_bytes()));
        block.extend_from_slice(&number.to_le_bytes());
        block
    }

    fn all(block: &[u8]) -> Result<Vec<[Vec<u8>; 2]>, BlockError> {
        let mut entries = Entries::new(block, Layout::Plain, Vec::new())?;
        let mut found = Vec::new();
        while let Some(value) = entries.advance()? {
            found.push([entries.key().to_vec(), value.to_vec()]);
        }
        Ok(found)
    }

    #[test]
    fn shared_beginnings_are_put_together() {
        let entries = [0, 2, 1, b'a', b'b', b'x', 1, 1, 0, b'c'];
        let found = all(&block(&entries, &[0], 1)).unwrap();
        assert_eq!(found, [[b"ab".to_vec(), b"x".to_vec()], [b"ac".to_vec(), vec![]]]);
        // A restart point may be the end of the entries, and not lie behind it.
        assert!(all(&block(&entries, &[0, 10], 2)).is_ok() && all(&block(&entries, &[0, 11], 2)).is_err());
    }

    #[test]
    fn wrong_lengths_are_no_panic() {
        let entries = [0, 2, 1, b'a', b'b', b'x', 9, 1, 0, b'c'];
        assert!(all(&block(&entries, &[0], 1)).is_err());
        assert!(all(&block(&entries, &[0], 5)).is_err());
        assert!(all(&block(&entries, &[7], 1)).is_err());
        assert!(all(&block(&[0, 0xff, 0xff], &[0], 1)).is_err());
        for length in 0..4 {
            assert!(all(&vec![0xff; length]).is_err());
        }
    }

    #[test]
    fn layouts_of_newer_versions_are_named() {
        let separated = block(&[0, 1, 1, b'a', b'x'], &[0], SEPARATED | 1);
        assert!(matches!(all(&separated), Err(BlockError::Newer(_))));
    }
}
