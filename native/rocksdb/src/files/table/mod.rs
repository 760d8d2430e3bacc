//! Table files (`.sst`, `.ldb`) of RocksDB and LevelDB, read without RocksDB.
//!
//! It is a second witness: it gives every entry of a table in stored order, also of one whose order is not what it should be,
//! and every block that is sound of one that is damaged. Formats as in RocksDB's `table/` and LevelDB's `table_format.md`.
//!
//! Contract: only reads; each length is bounded by the file; a hostile file gives an error.

pub mod block;
pub mod checksum;
pub mod compression;
pub mod error;
pub mod footer;
pub mod index;
pub mod parts;
pub mod properties;
pub mod reader;
mod separated;
#[cfg(test)]
pub mod tests;
mod zstd;

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use block::{BlockError, Entries, Layout};
use compression::Decoder;
use error::{Read, TableError};
use footer::{Footer, Handle};
use index::{for_each_handle, IndexForm};
use parts::Parts;
pub use parts::{Pieces, SoundParts};
use properties::{IndexKind, Properties};
use reader::{BlockReader, Check};

use crate::error::{Fault, Outcome};
use crate::files::kept::open_kept;

/// The kinds of entries that a table may hold, as the last eight bytes of an internal key have them.
pub mod kind {
    pub const DELETION: u8 = 0;
    pub const VALUE: u8 = 1;
    pub const MERGE: u8 = 2;
    pub const SINGLE_DELETION: u8 = 7;
    pub const RANGE_DELETION: u8 = 0xf;
    pub const BLOB_INDEX: u8 = 0x11;
    pub const DELETION_WITH_TIMESTAMP: u8 = 0x14;
    pub const WIDE_COLUMNS: u8 = 0x16;
    pub const VALUE_WITH_WRITE_TIME: u8 = 0x18;

    /// Whether a data block may hold entries of this kind.
    pub fn is_known(kind: u8) -> bool {
        let all = [
            DELETION,
            VALUE,
            MERGE,
            SINGLE_DELETION,
            BLOB_INDEX,
            DELETION_WITH_TIMESTAMP,
            WIDE_COLUMNS,
            VALUE_WITH_WRITE_TIME,
        ];
        all.contains(&kind)
    }
}

/// An internal key: a user's key, and the number and kind of the write that made the entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InternalKey<'a> {
    pub user: &'a [u8],
    pub sequence: u64,
    pub kind: u8,
}

impl<'a> InternalKey<'a> {
    /// Takes `bytes` apart; none when they are too short.
    #[inline]
    pub fn parse(bytes: &'a [u8]) -> Option<Self> {
        let (user, tag) = bytes.split_at_checked(bytes.len().checked_sub(8)?)?;
        let tag = u64::from_le_bytes(tag.try_into().ok()?);
        Some(Self { user, sequence: tag >> 8, kind: tag as u8 })
    }
}

/// A table file that is open.
pub struct TableFile {
    file: Arc<File>,
    size: u64,
    footer: Footer,
    properties: Properties,
    dictionary: Option<Handle>,
    index: Handle,
    range_deletions: Option<Handle>,
    global_sequence: Option<u64>,
}

/// One block of a table that is being read.
pub struct DataBlock<'a> {
    entries: Entries<'a>,
    offset: u64,
    global_sequence: Option<u64>,
}

impl DataBlock<'_> {
    /// Moves to the next entry and gives its internal key and its value.
    #[inline]
    pub fn next(&mut self) -> Read<Option<(&[u8], &[u8])>> {
        let value = match self.entries.advance() {
            Ok(Some(value)) => value,
            Ok(None) => return Ok(None),
            Err(error) => return Err(of_block(error, self.offset)),
        };
        if self.entries.key().len() < 8 {
            return Err(TableError::damaged(self.offset, "a key is too short"));
        }
        if let Some(sequence) = self.global_sequence {
            let key = self.entries.key_mut();
            let at = key.len() - 8;
            let kind = key[at];
            key[at..].copy_from_slice(&(sequence << 8 | u64::from(kind)).to_le_bytes());
        }
        Ok(Some((self.entries.key(), value)))
    }

    /// The memory of the keys, to use again.
    pub fn into_key(self) -> Vec<u8> {
        self.entries.into_key()
    }
}

/// A block's error, with where the block lies.
pub fn of_block(error: BlockError, offset: u64) -> TableError {
    match error {
        BlockError::Wrong(reason) => TableError::damaged(offset, format!("a block is wrong: {reason}")),
        BlockError::Newer(what) => TableError::newer(what),
    }
}

impl TableFile {
    /// Opens the table at `path`. `largest_sequence` is what MANIFEST says of it; it counts for ingested tables only.
    ///
    /// Errors: STORE_DAMAGED, STORE_UNSUPPORTED for other formats and newer versions, NOT_FOUND, PERMISSION_DENIED, IO_FAILED.
    pub fn open(path: &Path, largest_sequence: Option<u64>) -> Outcome<Self> {
        let file = open_kept(path).map_err(|error| Fault::io("opening", path, &error))?;
        let parts = Self::sound_parts(&Arc::new(file), largest_sequence).and_then(|parts| match parts {
            SoundParts::Whole(table) => Ok(*table),
            SoundParts::Pieces(pieces) => Err(pieces.problem),
        });
        parts.map_err(|error| error.fault(path))
    }

    /// Puts a table together.
    fn of(
        file: &Arc<File>,
        size: u64,
        footer: Footer,
        properties: Properties,
        index: Handle,
        parts: &Parts,
        global_sequence: Option<u64>,
    ) -> Self {
        let (dictionary, range_deletions) = (parts.dictionary, parts.range_deletions);
        Self { file: Arc::clone(file), size, footer, properties, dictionary, index, range_deletions, global_sequence }
    }

    /// What is known of a table whose index can't be read.
    pub fn pieces(&self) -> Pieces {
        Pieces {
            footer: Some(self.footer),
            properties: Some(self.properties.clone()),
            dictionary: self.dictionary_bytes().unwrap_or_default(),
            global_sequence: self.global_sequence,
            table: None,
            problem: TableError::damaged(self.index.offset, "its index is wrong"),
        }
    }

    pub fn file(&self) -> &Arc<File> {
        &self.file
    }

    /// The dictionary of its data blocks; empty when there is none.
    pub fn dictionary_bytes(&self) -> Read<Vec<u8>> {
        self.dictionary.map_or(Ok(Vec::new()), |handle| Ok(self.plain_reader().block(handle, false)?.to_vec()))
    }

    pub fn properties(&self) -> &Properties {
        &self.properties
    }

    pub fn footer(&self) -> &Footer {
        &self.footer
    }

    /// Bytes of the file.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The sequence number that all its keys have, in an ingested table.
    pub fn global_sequence(&self) -> Option<u64> {
        self.global_sequence
    }

    /// A reader of its blocks. Errors: a damaged dictionary, without which no data block can be read.
    pub fn reader(&self) -> Read<BlockReader> {
        let mut decoder = Decoder::new(self.footer.version);
        if let Some(handle) = self.dictionary {
            let wrong = |_| TableError::damaged(handle.offset, "its dictionary is wrong");
            decoder.use_dictionary(self.dictionary_bytes()?).map_err(wrong)?;
        }
        Ok(BlockReader::new(Arc::clone(&self.file), self.size, self.check(), decoder))
    }

    /// A reader of blocks that are compressed without the dictionary.
    fn plain_reader(&self) -> BlockReader {
        BlockReader::new(Arc::clone(&self.file), self.size, self.check(), Decoder::new(self.footer.version))
    }

    pub fn check(&self) -> Check {
        Check { checksum: self.footer.checksum, base: self.footer.base }
    }

    /// Calls `found` for each data block with a key that is not less than any of it, and its place. Where a part of an index with
    /// two levels can't be read, `lost` is called with its key and the reason; an error of `lost` ends the pass.
    pub fn for_each_block(
        &self,
        mut found: impl FnMut(&[u8], Handle),
        mut lost: impl FnMut(&[u8], TableError) -> Read<()>,
    ) -> Read<()> {
        let kind = self.properties.index_kind();
        let delta = self.properties.index_is_delta();
        let form = IndexForm { delta, first_keys: kind == IndexKind::WithFirstKeys };
        let mut reader = self.plain_reader();
        let top = self.index;
        if kind != IndexKind::TwoLevel {
            let block = reader.block(top, false)?;
            return for_each_handle(block, form, found).map_err(|error| of_block(error, top.offset));
        }
        let mut parts = Vec::new();
        let block = reader.block(top, false)?;
        for_each_handle(block, form, |key, handle| parts.push((key.to_vec(), handle)))
            .map_err(|error| of_block(error, top.offset))?;
        for (key, part) in parts {
            let read = reader.block(part, false).and_then(|block| {
                for_each_handle(block, form, &mut found).map_err(|error| of_block(error, part.offset))
            });
            read.or_else(|error| lost(&key, error))?;
        }
        Ok(())
    }

    /// The places of all data blocks, in stored order.
    pub fn blocks(&self) -> Read<Vec<Handle>> {
        let mut handles = Vec::new();
        self.for_each_block(|_, handle| handles.push(handle), |_, error| Err(error))?;
        Ok(handles)
    }

    /// The entries of a data block. `key` is memory to use again.
    pub fn data_block<'r>(&self, reader: &'r mut BlockReader, handle: Handle, key: Vec<u8>) -> Read<DataBlock<'r>> {
        let entries = Entries::new(reader.block(handle, true)?, Layout::Plain, key)
            .map_err(|error| of_block(error, handle.offset))?;
        Ok(DataBlock { entries, offset: handle.offset, global_sequence: self.global_sequence })
    }

    /// Calls `each` with the internal key and the value of every entry, in stored order, which is taken for nothing.
    /// Range deletions are not among them.
    pub fn for_each(&self, mut each: impl FnMut(&[u8], &[u8]) -> Read<()>) -> Read<()> {
        let mut reader = self.reader()?;
        let mut memory = Vec::new();
        for handle in self.blocks()? {
            let mut block = self.data_block(&mut reader, handle, memory)?;
            while let Some((key, value)) = block.next()? {
                each(key, value)?;
            }
            memory = block.into_key();
        }
        Ok(())
    }

    /// Calls `each` with every range deletion: the internal key of its first key, and the key before which it ends.
    pub fn for_each_range_deletion(&self, mut each: impl FnMut(&[u8], &[u8]) -> Read<()>) -> Read<()> {
        let Some(handle) = self.range_deletions else { return Ok(()) };
        let mut reader = self.plain_reader();
        let mut block = self.data_block(&mut reader, handle, Vec::new())?;
        while let Some((key, end)) = block.next()? {
            each(key, end)?;
        }
        Ok(())
    }
}
