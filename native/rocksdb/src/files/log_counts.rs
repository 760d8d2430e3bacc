//! Counts of what the write-ahead logs hold, from their own records.
//!
//! Contract: pure.

use crate::files::write_batch::Kind;

/// Entries of one family that recovery puts into its memtable.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogCounts {
    /// Values, those with a time among them.
    pub puts: u64,
    pub entities: u64,
    /// Values in files of RocksDB's former BlobDB.
    pub blob_indexes: u64,
    pub deletions: u64,
    pub single_deletions: u64,
    pub merges: u64,
    pub range_deletions: u64,
    /// Sum of the lengths of keys and values in bytes.
    pub bytes: u64,
    /// The lowest sequence number among them; 0 when there are none.
    pub first_sequence: u64,
    /// The highest one.
    pub last_sequence: u64,
}

impl LogCounts {
    /// Counts an entry.
    pub fn add(&mut self, sequence: u64, kind: Kind, key: &[u8], value: &[u8]) {
        let count = match kind {
            Kind::Put | Kind::TimedPut => &mut self.puts,
            Kind::Entity => &mut self.entities,
            Kind::BlobIndex => &mut self.blob_indexes,
            Kind::Deletion => &mut self.deletions,
            Kind::SingleDeletion => &mut self.single_deletions,
            Kind::Merge => &mut self.merges,
            Kind::RangeDeletion => &mut self.range_deletions,
        };
        *count += 1;
        self.bytes += (key.len() + value.len()) as u64;
        self.first_sequence = if self.first_sequence == 0 { sequence } else { self.first_sequence.min(sequence) };
        self.last_sequence = self.last_sequence.max(sequence);
    }

    /// All entries, as RocksDB's `num-entries-active-mem-table` counts them: removals and ranges are entries, too.
    pub fn entries(&self) -> u64 {
        self.puts
            + self.entities
            + self.blob_indexes
            + self.deletions
            + self.single_deletions
            + self.merges
            + self.range_deletions
    }

    /// Removals of single keys.
    pub fn hiding(&self) -> u64 {
        self.deletions + self.single_deletions
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_is_one_entry_and_has_its_own_count() {
        let mut counts = LogCounts::default();
        let kinds = [
            Kind::Put,
            Kind::TimedPut,
            Kind::Entity,
            Kind::BlobIndex,
            Kind::Deletion,
            Kind::SingleDeletion,
            Kind::Merge,
            Kind::RangeDeletion,
        ];
        for (at, kind) in kinds.into_iter().enumerate() {
            counts.add(20 - at as u64, kind, b"key", b"value");
            assert_eq!(counts.entries(), at as u64 + 1, "{kind:?}");
        }
        let own = [counts.puts, counts.entities, counts.blob_indexes, counts.merges, counts.range_deletions];
        assert_eq!(own, [2, 1, 1, 1, 1]);
        assert_eq!(counts.hiding(), 2);
        assert_eq!((counts.bytes, counts.first_sequence, counts.last_sequence), (64, 13, 20));
    }
}
