//! Table and blob files as MANIFEST tells of them.
//!
//! Contract: pure.

use std::sync::Arc;

/// A table file that the store needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveFile {
    /// Size in bytes.
    pub size: u64,
    /// Which of the store's directories it lies in; 0 is the first.
    pub path_id: u32,
    pub level: u32,
    /// Its first and last internal key, in the family's order.
    pub smallest: Arc<[u8]>,
    pub largest: Arc<[u8]>,
    /// The lowest and the highest sequence number in it; `None` when LevelDB wrote it.
    pub sequences: Option<(u64, u64)>,
    pub times: TableTimes,
}

/// When what is in a table was written, in seconds since 1970; 0 where it is not known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TableTimes {
    /// When the oldest of the tables was made from which this one comes by compactions.
    pub oldest: u64,
    /// When this one was made.
    pub created: u64,
    /// When its newest key was written, by which FIFO compaction goes.
    pub newest: u64,
}

impl LiveFile {
    /// A table of which nothing but its first and last user key and its sequence numbers is known.
    #[cfg(test)]
    pub fn between(first: &[u8], last: &[u8], sequences: Option<(u64, u64)>) -> Self {
        let internal = |user: &[u8]| Arc::from([user, &[0; 8]].concat());
        let (smallest, largest, times) = (internal(first), internal(last), TableTimes::default());
        Self { size: 1, path_id: 0, level: 0, smallest, largest, sequences, times }
    }

    /// The first key, without sequence number and kind.
    pub fn first_key(&self) -> &[u8] {
        user_key(&self.smallest)
    }

    /// The last key.
    pub fn last_key(&self) -> &[u8] {
        user_key(&self.largest)
    }
}

/// An internal key without its last eight bytes, sequence number and kind.
fn user_key(internal: &[u8]) -> &[u8] {
    &internal[..internal.len().saturating_sub(8)]
}

/// A blob file and how much of it nothing refers to any more.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BlobFile {
    /// Values that were written to it.
    pub values: u64,
    /// Those that are garbage.
    pub garbage: u64,
}
