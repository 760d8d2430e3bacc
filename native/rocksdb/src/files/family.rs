//! What a MANIFEST says of a column family.

use std::collections::{BTreeMap, HashMap};

use crate::files::live_file::{BlobFile, LiveFile};

/// One column family.
#[derive(Debug, Default)]
pub struct Family {
    pub name: Vec<u8>,
    /// Name of the comparator; RocksDB's default one when nothing was written.
    pub comparator: Option<Vec<u8>>,
    /// Logs with a smaller number hold nothing that this family lacks.
    pub log_number: u64,
    /// The greatest sequence number in any table when `log_number` was told: of logs with a smaller number, the family's tables had all.
    pub flushed_to: u64,
    /// The greatest sequence number that a flush put into tables when it told `log_number`: logs from that one on were begun behind it.
    pub in_tables: u64,
    /// Table files by number.
    pub tables: HashMap<u64, LiveFile>,
    /// Blob files by number. Some may be needed no more: that only their tables tell.
    pub blobs: BTreeMap<u64, BlobFile>,
}

impl Family {
    /// Numbers of the blob files that are not all garbage.
    pub fn live_blobs(&self) -> impl Iterator<Item = u64> + '_ {
        self.blobs.iter().filter(|(_, blob)| blob.garbage < blob.values).map(|(&number, _)| number)
    }

    /// Takes down which sequence numbers a flush put into tables.
    pub fn add_flushed(&mut self, tables: &[(u64, LiveFile)]) {
        let flushed = tables.iter().filter_map(|(_, table)| table.sequences);
        self.in_tables = flushed.fold(self.in_tables, |most, (_, last)| most.max(last));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blob_file_is_live_as_long_as_one_of_its_values_is() {
        let counts = [(1, 0), (1, 1), (2, 1), (2, 2), (9, 8), (9, 9), (0, 0)];
        let mut family = Family::default();
        for (number, (values, garbage)) in (1..).zip(counts) {
            family.blobs.insert(number, BlobFile { values, garbage });
        }
        assert_eq!(family.live_blobs().collect::<Vec<_>>(), [1, 3, 5]);
    }
}
