//! What a table says of itself, from its properties block.
//!
//! Names as in RocksDB's `table_properties.cc`. LevelDB's tables have no properties.

use std::collections::BTreeMap;
use std::ops::Range;

use super::super::bytes::{fixed32, fixed64, varint64};
use super::block::{BlockError, Entries, Layout};

/// Properties by name, as they are stored.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Properties(BTreeMap<Vec<u8>, Vec<u8>>);

/// How the index finds its blocks. Hash search has an index like binary search beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IndexKind {
    Flat,
    TwoLevel,
    WithFirstKeys,
}

/// Sequence numbers have 56 bits.
pub const MOST_SEQUENCE: u64 = (1 << 56) - 1;
const GLOBAL_SEQUENCE: &[u8] = b"rocksdb.external_sst_file.global_seqno";

impl Properties {
    /// Reads the content of a properties block.
    pub fn parse(block: &[u8]) -> Result<Self, BlockError> {
        let mut entries = Entries::new(block, Layout::Plain, Vec::new())?;
        let mut properties = BTreeMap::new();
        while let Some(value) = entries.advance()? {
            properties.insert(entries.key().to_vec(), value.to_vec());
        }
        Ok(Self(properties))
    }

    /// The bytes of a property.
    pub fn bytes(&self, name: &str) -> Option<&[u8]> {
        self.0.get(name.as_bytes()).map(Vec::as_slice)
    }

    /// The number that a property with this end of its name is, such as `num.entries`.
    pub fn number(&self, name: &str) -> Option<u64> {
        let mut bytes = self.0.get(format!("rocksdb.{name}").as_bytes())?.as_slice();
        varint64(&mut bytes)
    }

    /// Whether there are any; LevelDB writes none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Entries of all kinds, range deletions among them.
    pub fn entries(&self) -> Option<u64> {
        self.number("num.entries")
    }

    /// Deletions of all kinds.
    pub fn deletions(&self) -> Option<u64> {
        self.number("deleted.keys")
    }

    pub fn merge_operands(&self) -> Option<u64> {
        self.number("merge.operands")
    }

    pub fn range_deletions(&self) -> Option<u64> {
        self.number("num.range-deletions")
    }

    /// Bytes of all internal keys.
    pub fn raw_key_size(&self) -> Option<u64> {
        self.number("raw.key.size")
    }

    /// Bytes of all values.
    pub fn raw_value_size(&self) -> Option<u64> {
        self.number("raw.value.size")
    }

    pub fn data_blocks(&self) -> Option<u64> {
        self.number("num.data.blocks")
    }

    /// The name of the merge operator that its operands are for.
    pub fn merge_operator(&self) -> Option<&[u8]> {
        self.bytes("rocksdb.merge.operator")
    }

    pub fn comparator(&self) -> Option<&[u8]> {
        self.bytes("rocksdb.comparator")
    }

    pub fn family_name(&self) -> Option<&[u8]> {
        self.bytes("rocksdb.column.family.name")
    }

    /// Id of the family that it was written for; none in tables that were made to be ingested.
    pub fn family_id(&self) -> Option<u32> {
        self.number("column.family.id").and_then(|id| u32::try_from(id).ok()).filter(|&id| id != i32::MAX as u32)
    }

    /// The largest sequence number; only written by newer versions.
    pub fn largest_sequence(&self) -> Option<u64> {
        self.number("key.largest.seqno")
    }

    /// The smallest sequence number; only written by newer versions.
    pub fn smallest_sequence(&self) -> Option<u64> {
        self.number("key.smallest.seqno")
    }

    pub fn index_kind(&self) -> IndexKind {
        match self.bytes("rocksdb.block.based.table.index.type").and_then(|bytes| fixed32(bytes, 0)) {
            Some(2) => IndexKind::TwoLevel,
            Some(3) => IndexKind::WithFirstKeys,
            _ => IndexKind::Flat,
        }
    }

    /// Whether the index keeps handles as differences.
    pub fn index_is_delta(&self) -> bool {
        self.number("index.value.is.delta.encoded").is_some_and(|value| value != 0)
    }

    /// Whether the index's keys lack sequence number and kind.
    pub fn index_has_user_keys(&self) -> bool {
        self.number("index.key.is.user.key").is_some_and(|value| value != 0)
    }

    /// The sequence number that all keys of an ingested table have; none in others. `largest` is what MANIFEST says of the table:
    /// an error when that is another, for no checksum covers the number.
    pub fn global_sequence(&self, largest: Option<u64>) -> Result<Option<u64>, &'static str> {
        let version = self.bytes("rocksdb.external_sst_file.version").and_then(|bytes| fixed32(bytes, 0));
        if version != Some(2) {
            return Ok(None);
        }
        let written = self.0.get(GLOBAL_SEQUENCE).and_then(|bytes| fixed64(bytes, 0)).unwrap_or(0);
        match largest {
            Some(largest) if written != 0 && written != largest => {
                Err("its sequence number is not the one that MANIFEST has")
            }
            _ if written > MOST_SEQUENCE => Err("its sequence number is invalid"),
            _ if written != 0 => Ok(Some(written)),
            _ => Ok(Some(largest.unwrap_or(0))),
        }
    }

    /// Whether it was made to be ingested: its numbers are those that the store gave it.
    pub fn is_external(&self) -> bool {
        self.bytes("rocksdb.external_sst_file.version").is_some()
    }

    /// Where the value of the global sequence number stands in the properties block. An ingestion writes it there and leaves the
    /// block's checksum as it was, made with zeros.
    pub fn place_of_global_sequence(block: &[u8]) -> Option<usize> {
        place_of(block, GLOBAL_SEQUENCE).filter(|place| place.len() == 8).map(|place| place.start)
    }
}

/// Where the value of a property stands in the properties block.
pub fn place_of(block: &[u8], name: &[u8]) -> Option<Range<usize>> {
    let mut entries = Entries::new(block, Layout::Plain, Vec::new()).ok()?;
    while let Some(value) = entries.advance().ok()? {
        if entries.key() == name {
            let start = value.as_ptr() as usize - block.as_ptr() as usize;
            return Some(start..start + value.len());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_an_ingested_table_is_the_one_that_manifest_has() {
        let table = |version: u32, written: u64| {
            let own = [("rocksdb.external_sst_file.version", version.to_le_bytes().to_vec())];
            let number = (GLOBAL_SEQUENCE.to_vec(), written.to_le_bytes().to_vec());
            let properties = own.map(|(name, value)| (name.as_bytes().to_vec(), value)).into_iter().chain([number]);
            Properties(properties.collect())
        };
        for (version, written, largest, number) in [
            (2, 7, Some(7), Some(Some(7))),
            (2, 7, None, Some(Some(7))),
            (2, 0, Some(7), Some(Some(7))),
            (2, 0, None, Some(Some(0))),
            (2, 6, Some(7), None),
            (2, 8, Some(7), None),
            (2, MOST_SEQUENCE, None, Some(Some(MOST_SEQUENCE))),
            (2, MOST_SEQUENCE + 1, None, None),
            (1, 7, Some(9), Some(None)),
        ] {
            let told = table(version, written).global_sequence(largest).ok();
            assert_eq!(told, number, "{version} {written} {largest:?}");
        }
    }
}
