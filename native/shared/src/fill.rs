//! What a block of encoded entries holds, and what a fill of one gave.

use napi_derive::napi;

/// What a block holds. Places are offsets in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BlockStats {
    pub entries: usize,
    pub key_bytes: usize,
    pub value_bytes: usize,
    pub first_key: (usize, usize),
    pub last_key: (usize, usize),
}

impl BlockStats {
    /// Counts an entry behind the others, whose key is at `key`, with so many bytes of a value.
    #[inline(always)]
    pub fn add(&mut self, key: (usize, usize), value: usize) {
        if self.entries == 0 {
            self.first_key = key;
        }
        self.last_key = key;
        self.entries += 1;
        self.key_bytes += key.1 - key.0;
        self.value_bytes += value;
    }
}

/// What one fill gave.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Filled {
    pub bytes: usize,
    pub stats: BlockStats,
    /// There is nothing more.
    pub done: bool,
    /// Not 0 when the next entry alone is bigger than the room for it: how many bytes it needs; then nothing was read.
    pub needed: usize,
}

/// What a block holds, as JavaScript sees it. Places are offsets in it.
#[napi(object)]
pub struct BlockFacts {
    pub entries: f64,
    pub key_bytes: f64,
    pub value_bytes: f64,
    pub first_key_start: f64,
    pub first_key_end: f64,
    pub last_key_start: f64,
    pub last_key_end: f64,
}

impl From<BlockStats> for BlockFacts {
    fn from(stats: BlockStats) -> Self {
        Self {
            entries: stats.entries as f64,
            key_bytes: stats.key_bytes as f64,
            value_bytes: stats.value_bytes as f64,
            first_key_start: stats.first_key.0 as f64,
            first_key_end: stats.first_key.1 as f64,
            last_key_start: stats.last_key.0 as f64,
            last_key_end: stats.last_key.1 as f64,
        }
    }
}

/// What one fill gave, as JavaScript sees it; see `FillResult` in block-scan.ts.
#[napi(object)]
pub struct FillCounts {
    pub bytes: f64,
    pub facts: BlockFacts,
    pub done: bool,
    pub needed: f64,
}

impl From<Filled> for FillCounts {
    fn from(Filled { bytes, stats, done, needed }: Filled) -> Self {
        Self { bytes: bytes as f64, facts: stats.into(), done, needed: needed as f64 }
    }
}

#[cfg(test)]
mod tests {
    use super::BlockStats;

    #[test]
    fn entries_are_added_up() {
        let mut stats = BlockStats::default();
        stats.add((2, 3), 2);
        stats.add((9, 11), 0);
        let sum = BlockStats { entries: 2, key_bytes: 3, value_bytes: 2, first_key: (2, 3), last_key: (9, 11) };
        assert_eq!(stats, sum);
    }
}
