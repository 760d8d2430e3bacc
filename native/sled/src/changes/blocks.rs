//! Changes as they are put together: entries to put, and keys to remove with nil for a value, in runs that make blocks of a delta. Pure.

use kgdump_shared::bin::{NIL, header_len};
use kgdump_shared::fill::BlockStats;

use crate::entries::push_bin;
use crate::fault::Outcome;

/// Bytes of changes that are handed out together, unless one alone is bigger.
const CHUNK: usize = 1 << 20;

/// A run of changes, encoded; places are within `data`.
#[derive(Debug, Default)]
pub struct Chunk {
    pub data: Vec<u8>,
    pub stats: BlockStats,
}

/// What following a block found.
#[derive(Debug, Default)]
pub struct Changes {
    pub chunks: Vec<Chunk>,
    /// Groups of entries that differ.
    pub differing: u64,
}

/// Puts changes together.
#[derive(Default)]
pub struct Builder {
    changes: Changes,
    chunk: Chunk,
}

impl Builder {
    /// Adds an entry to put, as encoded, whose key and value have these lengths.
    pub fn put(&mut self, bytes: &[u8], key: usize, value: usize) {
        self.make_room(bytes.len());
        let start = self.chunk.data.len() + header_len(key);
        self.chunk.data.extend_from_slice(bytes);
        self.chunk.stats.add((start, start + key), value);
    }

    /// Adds a key to remove.
    ///
    /// # Errors
    /// STORE_UNSUPPORTED for a key that is too long for a dump.
    pub fn remove(&mut self, key: &[u8]) -> Outcome<()> {
        self.make_room(header_len(key.len()) + key.len() + 1);
        push_bin(&mut self.chunk.data, key)?;
        let end = self.chunk.data.len();
        self.chunk.data.push(NIL);
        self.chunk.stats.add((end - key.len(), end), 0);
        Ok(())
    }

    /// Counts a group.
    pub fn differs(&mut self) {
        self.changes.differing += 1;
    }

    fn make_room(&mut self, bytes: usize) {
        if self.chunk.stats.entries > 0 && self.chunk.data.len() + bytes > CHUNK {
            self.changes.chunks.push(std::mem::take(&mut self.chunk));
        }
    }

    /// All that was added.
    pub fn done(mut self) -> Changes {
        if self.chunk.stats.entries > 0 {
            self.changes.chunks.push(self.chunk);
        }
        self.changes
    }
}
