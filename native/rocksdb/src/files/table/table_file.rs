//! A table file that is open: its entries in stored order, and the blocks that they are in.

use std::fs::File;
use std::sync::Arc;

use super::block::{Entries, Layout};
use super::compression::Decoder;
use super::error::{of_block, Read, TableError};
use super::footer::{Footer, Handle};
use super::index::{for_each_handle, IndexForm};
use super::parts::Parts;
use super::properties::{IndexKind, Properties};
use super::reader::{BlockReader, Check};

/// A table file that is open.
pub struct TableFile {
    file: Arc<File>,
    size: u64,
    footer: Footer,
    properties: Properties,
    dictionary: Option<Handle>,
    pub(super) index: Handle,
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

impl TableFile {
    /// Puts a table together.
    pub(super) fn of(
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
