//! One edit of a MANIFEST: what it says, tag by tag.
//!
//! Contract: pure.

use super::state::Manifest;
use crate::files::live_file::{BlobFile, LiveFile};
use crate::files::new_table::{new_table, Fields, TimePlaces};

/// What LevelDB writes: comparator, log, next file, sequence number, compaction pointer, table that is gone, new table, log before.
const LEVELDB_TAGS: [u64; 8] = [1, 2, 3, 4, 5, 6, 7, 9];
const DATABASE_ID: u64 = 8193;

/// What one edit says, before it is known which family it is about.
#[derive(Default)]
pub struct Edit {
    pub family: u32,
    pub add: Option<Vec<u8>>,
    pub drop: bool,
    pub comparator: Option<Vec<u8>>,
    pub log_number: Option<u64>,
    pub tells_next_file: bool,
    pub new_tables: Vec<(u64, LiveFile)>,
    pub gone_tables: Vec<u64>,
    pub new_blobs: Vec<(u64, BlobFile)>,
    pub garbage: Vec<(u64, u64)>,
    time_places: Vec<(u64, TimePlaces)>,
}

impl Edit {
    /// Whether the store may hold something else after it, or need other logs.
    pub fn moves(&self) -> bool {
        self.add.is_some()
            || self.drop
            || self.log_number.is_some()
            || self.new_tables.is_empty() != self.gone_tables.is_empty()
    }

    /// Whether its tables were ingested. A flush tells which log comes after it, a compaction which tables are gone, and the state that a
    /// MANIFEST begins with the log of each family.
    pub fn ingests(&self) -> bool {
        self.log_number.is_none() && self.gone_tables.is_empty()
    }
}

/// Where the times of the tables stand that an edit adds, by their numbers; `None` when it can't be understood.
pub fn time_places(record: &[u8]) -> Option<Vec<(u64, TimePlaces)>> {
    Some(read_edit(&mut Manifest::default(), record)?.0.time_places)
}

/// Reads one edit, and whether more of its group must follow. What is no family's goes into the manifest at once.
pub fn read_edit(manifest: &mut Manifest, record: &[u8]) -> Option<(Edit, bool)> {
    const SAFE_TO_IGNORE: u64 = 1 << 13;
    let mut fields = Fields(record);
    let mut edit = Edit::default();
    let mut group_open = false;
    while !fields.0.is_empty() {
        let tag = fields.varint()?;
        manifest.rocksdb |= !LEVELDB_TAGS.contains(&tag);
        manifest.has_id |= tag == DATABASE_ID;
        match tag {
            1 => edit.comparator = Some(fields.bytes()?.to_vec()),
            2 => edit.log_number = Some(fields.varint()?),
            3 => {
                edit.tells_next_file = true;
                manifest.next_file = fields.varint()?;
            }
            4 => manifest.last_sequence = manifest.last_sequence.max(fields.varint()?),
            5 => {
                fields.varint()?;
                fields.bytes()?;
            }
            6 => {
                fields.varint()?;
                edit.gone_tables.push(fields.varint()?);
            }
            9 => {
                fields.varint()?;
            }
            203 => manifest.greatest_family = manifest.greatest_family.max(u32::try_from(fields.varint()?).ok()?),
            10 => {
                manifest.tells_kept = true;
                manifest.min_log_to_keep = manifest.min_log_to_keep.max(fields.varint()?);
            }
            kind @ (7 | 100 | 102 | 103) => {
                let table = new_table(&mut fields, kind)?;
                manifest.min_log_to_keep = manifest.min_log_to_keep.max(table.min_log);
                edit.time_places.push((table.number, table.times));
                edit.new_tables.push((table.number, table.file));
            }
            200 => edit.family = u32::try_from(fields.varint()?).ok()?,
            201 => edit.add = Some(fields.bytes()?.to_vec()),
            202 => edit.drop = true,
            300 => group_open = fields.varint()? > 0,
            // A new blob file, or garbage in one: number, count, bytes, a checksum for the first, fields of later versions.
            tag @ (400 | 401 | 8194 | 8195) => {
                let (number, count) = (fields.varint()?, fields.varint()?);
                fields.varint()?;
                if tag == 400 || tag == 8194 {
                    fields.bytes()?;
                    fields.bytes()?;
                    edit.new_blobs.push((number, BlobFile { values: count, garbage: 0 }));
                } else {
                    edit.garbage.push((number, count));
                }
                while fields.varint()? != 0 {
                    fields.bytes()?;
                }
            }
            8196 => manifest.tracked_logs.add(|| fields.varint())?,
            8197 => manifest.tracked_logs.remove_before(fields.varint()?),
            8199 => {
                let mut addition = Fields(fields.bytes()?);
                manifest.tracked_logs.add(|| addition.varint())?;
            }
            8200 => manifest.tracked_logs.remove_before(Fields(fields.bytes()?).varint()?),
            tag if tag & SAFE_TO_IGNORE != 0 => _ = fields.bytes()?,
            _ => return None,
        }
    }
    Some((edit, group_open))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_edit_tells_beside_its_tables_tells_where_they_come_from() {
        let ingests = |log_number, gone_tables| Edit { log_number, gone_tables, ..Edit::default() }.ingests();
        assert!(ingests(None, vec![]) && !ingests(Some(8), vec![]) && !ingests(None, vec![7]));
    }
}
