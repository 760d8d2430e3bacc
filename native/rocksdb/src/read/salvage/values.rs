//! What an entry's value is: in the table, in a blob file, or in columns.

use std::collections::HashMap;
use std::fs::File;
use std::path::PathBuf;

use crate::files::blob::{BlobFile, BlobIndex};
use crate::files::bytes::{prefixed, take, varint32};
use crate::files::table::compression::Decoder;
use crate::files::table::kind;

/// Blob files that are open at once.
const MOST_OPEN: usize = 16;

/// What became of an entry.
pub enum Value<'v> {
    Bytes(&'v [u8]),
    /// It removes its key.
    Removed,
    /// Its value can't be had: why, and from which file.
    Lost(String, Option<String>),
}

/// Reads values.
pub struct Values {
    directories: Vec<PathBuf>,
    open: HashMap<u64, Result<BlobFile, String>>,
    decoder: Decoder,
    bytes: Vec<u8>,
}

impl Values {
    /// Blob files are looked for in `directories`.
    pub fn new(directories: Vec<PathBuf>) -> Self {
        Self { directories, open: HashMap::new(), decoder: Decoder::new(u32::MAX), bytes: Vec::new() }
    }

    /// The value of the entry with this key and kind.
    pub fn resolve<'v>(&'v mut self, key: &[u8], kind: u8, stored: &'v [u8]) -> Value<'v> {
        let lost = |reason: &str| Value::Lost(reason.to_owned(), None);
        match kind {
            kind::VALUE => Value::Bytes(stored),
            kind::DELETION | kind::SINGLE_DELETION | kind::DELETION_WITH_TIMESTAMP => Value::Removed,
            kind::VALUE_WITH_WRITE_TIME => match stored.len().checked_sub(8) {
                Some(length) => Value::Bytes(&stored[..length]),
                None => lost("its value is too short"),
            },
            kind::WIDE_COLUMNS => match only_column(stored) {
                Some(value) => Value::Bytes(value),
                None => lost("it has wide columns, which a dump can't hold"),
            },
            kind::BLOB_INDEX => self.blob(key, stored),
            _ => lost("its entry is of a kind that is not known"),
        }
    }

    fn blob(&mut self, key: &[u8], stored: &[u8]) -> Value<'_> {
        let Some(index) = BlobIndex::parse(stored) else {
            return Value::Lost("its value is in a blob file of another kind, such as Titan's".to_owned(), None);
        };
        let name = format!("{:06}.blob", index.file);
        if !self.open.contains_key(&index.file) {
            if self.open.len() >= MOST_OPEN {
                self.open.clear();
            }
            let file = self.directories.iter().find_map(|directory| File::open(directory.join(&name)).ok());
            let opened = match file {
                None => Err("the blob file is missing or can't be opened".to_owned()),
                Some(file) => BlobFile::from_file(file).map_err(|error| error.reason()),
            };
            self.open.insert(index.file, opened);
        }
        match self.open.get(&index.file) {
            Some(Ok(file)) => match file.value(key, index, &mut self.decoder, &mut self.bytes) {
                Ok(()) => Value::Bytes(&self.bytes),
                Err(error) => Value::Lost(error.reason(), Some(name)),
            },
            Some(Err(reason)) => Value::Lost(reason.clone(), Some(name)),
            None => Value::Lost("the blob file is missing".to_owned(), Some(name)),
        }
    }
}

/// The value of an entity whose only column is the nameless one. Layout: RocksDB's `wide_column_serialization.cc`.
fn only_column(entity: &[u8]) -> Option<&[u8]> {
    let mut rest = entity;
    let version = varint32(&mut rest)?;
    let columns = varint32(&mut rest)?;
    if version != 1 || columns != 1 || !prefixed(&mut rest)?.is_empty() {
        return None;
    }
    let length = varint32(&mut rest)? as usize;
    let value = take(&mut rest, length)?;
    rest.is_empty().then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_nameless_column_is_a_value() {
        assert_eq!(only_column(&[1, 1, 0, 2, b'a', b'b']), Some(&b"ab"[..]));
        assert_eq!(only_column(&[1, 1, 1, b'n', 2, b'a', b'b']), None);
        assert_eq!(only_column(&[1, 2, 0, 0, 1, 1]), None);
        assert_eq!(only_column(&[1, 1, 0, 9, b'a']), None);
    }
}
