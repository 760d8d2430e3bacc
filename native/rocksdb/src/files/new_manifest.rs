//! Writes the MANIFEST of a store that is made of finished tables. Tags and fields as RocksDB's `VersionEdit` encodes them.
//!
//! A family that RocksDB is asked to make, or a table that it is asked to take in, costs it work for each family that is there already.
//! A MANIFEST that tells of all of them costs as much as there are.
//!
//! Contract: pure.

use xxhash_rust::xxh3::xxh3_128_with_seed;

use super::log_writer::LogWriter;
use super::table::properties::Properties;

/// A table as MANIFEST tells of it. All its entries have sequence number 0.
pub struct TableEntry {
    pub level: u32,
    pub number: u64,
    /// Its size in bytes.
    pub size: u64,
    pub first: Vec<u8>,
    pub last: Vec<u8>,
    /// Seconds since 1970 at which it was made.
    pub time: u64,
    /// Id by which RocksDB tells it from others; none when its properties make none.
    pub unique_id: Option<[u8; 16]>,
    /// Bytes from the first block behind its data; 0 when it is not known.
    pub tail: u64,
}

/// A family as MANIFEST tells of it.
pub struct FamilyEntry<'a> {
    pub name: &'a [u8],
    pub comparator: &'a [u8],
    /// Its tables; where they lie on level 0, from the oldest to the newest.
    pub tables: &'a [TableEntry],
}

/// Kind of an entry that puts a value, with sequence number 0.
const PUT: u64 = 1;

/// The bytes of a MANIFEST: `families` by id, from that of `default`, which is 0; `next_file` is the first number that no file has.
pub fn new_manifest(families: &[FamilyEntry<'_>], next_file: u64) -> Vec<u8> {
    let mut log = LogWriter::default();
    for (id, family) in families.iter().enumerate() {
        let mut edit = Edit::default();
        edit.number(1).bytes(family.comparator);
        if id > 0 {
            edit.number(200).number(id as u64).number(201).bytes(family.name);
        }
        log.add(&edit.0);
        let mut edit = Edit::default();
        edit.number(2).number(0);
        for (age, table) in family.tables.iter().enumerate() {
            edit.table(table, age as u64 + 1);
        }
        if id > 0 {
            edit.number(200).number(id as u64);
        } else {
            edit.number(3).number(next_file).number(4).number(0);
        }
        log.add(&edit.0);
    }
    log.into_bytes()
}

/// The id of a table that a `SstFileWriter` made, from what it says of itself, as RocksDB's `GetSstInternalUniqueId` makes it.
pub fn unique_id(properties: &Properties) -> Option<[u8; 16]> {
    let (database, session) =
        (properties.bytes("rocksdb.creating.db.identity")?, properties.bytes("rocksdb.creating.session.identity")?);
    let number = properties.number("original.file.number").filter(|&number| number > 0)?;
    if database.is_empty() || !(13..=24).contains(&session.len()) {
        return None;
    }
    let (upper, lower) = session.split_at(session.len() - 12);
    let (upper, lower) = (base36(upper)?, base36(lower)?);
    let hash = (xxh3_128_with_seed(database, upper >> 2) >> 64) as u64;
    let mut id = [0; 16];
    id[..8].copy_from_slice(&(lower & u64::MAX >> 2 | upper << 62).to_le_bytes());
    id[8..].copy_from_slice(&(hash ^ number).to_le_bytes());
    Some(id)
}

fn base36(digits: &[u8]) -> Option<u64> {
    digits.iter().try_fold(0_u64, |value, &digit| {
        let digit = char::from(digit).to_digit(36)?;
        Some(value.wrapping_mul(36).wrapping_add(u64::from(digit)))
    })
}

/// An edit that is put together.
#[derive(Default)]
struct Edit(Vec<u8>);

impl Edit {
    fn number(&mut self, mut value: u64) -> &mut Self {
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
        self
    }

    fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.number(bytes.len() as u64).0.extend_from_slice(bytes);
        self
    }

    fn internal_key(&mut self, key: &[u8]) -> &mut Self {
        self.number(key.len() as u64 + 8).0.extend_from_slice(key);
        self.0.extend_from_slice(&PUT.to_le_bytes());
        self
    }

    fn numbered_field(&mut self, tag: u64, value: u64) {
        let mut field = Self::default();
        field.number(value);
        self.number(tag).bytes(&field.0);
    }

    fn table(&mut self, table: &TableEntry, epoch: u64) {
        self.number(103).number(u64::from(table.level)).number(table.number).number(table.size);
        self.internal_key(&table.first).internal_key(&table.last).number(0).number(0);
        self.numbered_field(5, table.time);
        self.numbered_field(6, table.time);
        self.numbered_field(13, epoch);
        if let Some(id) = &table.unique_id {
            self.number(12).bytes(id);
        }
        if table.tail > 0 {
            self.numbered_field(15, table.tail);
        }
        self.number(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::manifest::{read_into, Manifest};
    use std::path::Path;

    fn table(number: u64, first: &[u8], last: &[u8]) -> TableEntry {
        let (first, last) = (first.to_vec(), last.to_vec());
        TableEntry {
            level: 6,
            number,
            size: 1000,
            first,
            last,
            time: 1_700_000_000,
            unique_id: Some([7; 16]),
            tail: 300,
        }
    }

    #[test]
    fn what_is_written_is_read_again() {
        let (tables, none) = ([table(2, b"a", b"b"), table(300, b"c", b"")], []);
        let families = [
            FamilyEntry { name: b"default", comparator: b"one", tables: &none },
            FamilyEntry { name: b"", comparator: b"two", tables: &tables },
        ];
        let mut manifest = Manifest::before_all_edits();
        read_into(&mut manifest, &new_manifest(&families, 301)[..], Path::new("/MANIFEST-000001"))
            .expect("a good MANIFEST");
        assert_eq!((manifest.next_file, manifest.last_sequence, manifest.families.len()), (301, 0, 2));
        let family = &manifest.families[&1];
        assert_eq!((&family.name[..], family.comparator.as_deref()), (&b""[..], Some(&b"two"[..])));
        let found = &family.tables[&300];
        assert_eq!((found.first_key(), found.last_key(), found.level), (&b"c"[..], &b""[..], 6));
        assert_eq!((found.size, found.sequences, found.times.created), (1000, Some((0, 0)), 1_700_000_000));
    }
}
