//! Sorted runs of entries: those of one table, read block by block, or those of logs, held in memory.
//!
//! Contract: internal keys ascend in the family's order; of a table only sound blocks are read.

use std::fs::File;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use crate::files::table::block::{Entries, Layout};
use crate::files::table::error::Read;
use crate::files::table::footer::Handle;
use crate::files::table::reader::{BlockReader, Check};
use crate::files::table::{compression::Decoder, of_block, InternalKey};
use crate::read::walk::KeyOrder;

/// Bytes that are read at once of each table.
const STRETCH: usize = 64 << 10;

/// How the blocks of a table are read.
#[derive(Debug, Clone)]
pub struct Form {
    pub version: u32,
    pub check: Check,
    pub dictionary: Vec<u8>,
    /// The number that all keys have, in an ingested table.
    pub global_sequence: Option<u64>,
}

impl Form {
    /// A reader of the blocks of `file`.
    pub fn reader(&self, file: Arc<File>, size: u64) -> BlockReader {
        let mut decoder = Decoder::new(self.version);
        if !self.dictionary.is_empty() {
            // One that is wrong makes blocks wrong, and they are looked at.
            let _ = decoder.use_dictionary(self.dictionary.clone());
        }
        BlockReader::new(file, size, self.check, decoder)
    }
}

/// The sound blocks of one table.
#[derive(Debug, Clone)]
pub struct TableRun {
    pub path: PathBuf,
    pub form: Form,
    pub blocks: Vec<Handle>,
    /// Its first internal key.
    pub first: Vec<u8>,
}

/// Entries in memory.
#[derive(Debug, Default)]
pub struct MemoryRun {
    bytes: Vec<u8>,
    entries: Vec<(Range<usize>, Range<usize>)>,
}

impl MemoryRun {
    pub fn push(&mut self, internal: &[u8], value: &[u8]) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(internal);
        let middle = self.bytes.len();
        self.bytes.extend_from_slice(value);
        self.entries.push((start..middle, middle..self.bytes.len()));
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub fn sort(&mut self, order: KeyOrder) {
        let bytes = &self.bytes;
        let key = |entry: &(Range<usize>, Range<usize>)| InternalKey::parse(&bytes[entry.0.clone()]);
        self.entries.sort_by(|a, b| match (key(a), key(b)) {
            (Some(a), Some(b)) => order.compare_internal(a, b),
            (a, b) => a.is_some().cmp(&b.is_some()),
        });
    }

    /// Calls `each` with all entries.
    pub fn each(&self, mut each: impl FnMut(&[u8], &[u8])) {
        (0..self.entries.len()).filter_map(|index| self.get(index)).for_each(|(key, value)| each(key, value));
    }

    fn get(&self, index: usize) -> Option<(&[u8], &[u8])> {
        let (key, value) = self.entries.get(index)?;
        Some((&self.bytes[key.clone()], &self.bytes[value.clone()]))
    }
}

/// A run that is being read. Of equal internal keys, that of the higher rank counts.
pub struct Cursor {
    pub rank: u64,
    /// The internal key it stands on; empty at the end.
    pub key: Vec<u8>,
    source: Source,
}

enum Source {
    Memory { run: Arc<MemoryRun>, next: usize },
    Table(Box<OpenTable>),
}

/// A table whose blocks are read one after the other.
struct OpenTable {
    run: Arc<TableRun>,
    reader: Option<BlockReader>,
    /// The next block.
    next: usize,
    block: Vec<u8>,
    /// What is left of its entries.
    rest: Range<usize>,
    value: Range<usize>,
    entry: Vec<u8>,
}

impl Cursor {
    /// Stands on the first entry; nothing is read yet.
    pub fn over_table(rank: u64, run: Arc<TableRun>) -> Self {
        let key = run.first.clone();
        let table =
            OpenTable { run, reader: None, next: 0, block: Vec::new(), rest: 0..0, value: 0..0, entry: Vec::new() };
        Self { rank, key, source: Source::Table(Box::new(table)) }
    }

    pub fn over_memory(rank: u64, run: Arc<MemoryRun>) -> Self {
        let key = run.get(0).map(|(key, _)| key.to_vec()).unwrap_or_default();
        Self { rank, key, source: Source::Memory { run, next: 0 } }
    }

    /// The value of the entry. Errors: those of reading, when a block is not sound any more.
    pub fn value(&mut self) -> Read<&[u8]> {
        match &mut self.source {
            Source::Memory { run, next } => Ok(run.get(*next).map_or(&[], |(_, value)| value)),
            Source::Table(table) => {
                if table.next == 0 {
                    table.read_next(&mut self.key)?;
                }
                Ok(&table.block[table.value.clone()])
            }
        }
    }

    /// Moves to the next entry; the key is empty at the end.
    pub fn advance(&mut self) -> Read<()> {
        match &mut self.source {
            Source::Memory { run, next } => {
                *next += 1;
                self.key.clear();
                if let Some((key, _)) = run.get(*next) {
                    self.key.extend_from_slice(key);
                }
                Ok(())
            }
            Source::Table(table) => {
                if table.next == 0 {
                    table.read_next(&mut self.key)?; // the first entry, on which it stands already
                }
                table.read_next(&mut self.key)
            }
        }
    }
}

impl OpenTable {
    /// Moves to the next entry and puts its internal key into `key`; nothing at the end.
    fn read_next(&mut self, key: &mut Vec<u8>) -> Read<()> {
        while self.rest.is_empty() {
            let Some(&handle) = self.run.blocks.get(self.next) else {
                key.clear();
                self.reader = None;
                return Ok(());
            };
            self.next += 1;
            let reader = match &mut self.reader {
                Some(reader) => reader,
                None => {
                    let file = Arc::new(File::open(&self.run.path)?);
                    let size = file.metadata()?.len();
                    self.reader.insert(self.run.form.reader(file, size).with_stretch(STRETCH))
                }
            };
            let content = reader.block(handle, true)?;
            self.block.clear();
            self.block.extend_from_slice(content);
            let entries = Entries::new(&self.block, Layout::Plain, Vec::new());
            self.rest = 0..entries.map_err(|error| of_block(error, handle.offset))?.left();
            self.entry.clear();
        }
        let mut entries =
            Entries::resume(&self.block[self.rest.clone()], Layout::Plain, std::mem::take(&mut self.entry));
        let found = entries.advance().map_err(|error| of_block(error, 0))?;
        let left = entries.left();
        self.entry = entries.into_key();
        let start = self.rest.end - left - found.map_or(0, <[u8]>::len);
        self.value = start..self.rest.end - left;
        self.rest.start = self.rest.end - left;
        key.clear();
        key.extend_from_slice(&self.entry);
        with_sequence(key, self.run.form.global_sequence);
        Ok(())
    }
}

/// Puts the number of an ingested table into an internal key.
pub fn with_sequence(key: &mut [u8], sequence: Option<u64>) {
    if let (Some(sequence), Some(at)) = (sequence, key.len().checked_sub(8)) {
        let kind = key[at];
        key[at..].copy_from_slice(&(sequence << 8 | u64::from(kind)).to_le_bytes());
    }
}

/// The entries of a data block.
pub fn entries_of(content: &[u8], handle: Handle) -> Read<Entries<'_>> {
    Entries::new(content, Layout::Plain, Vec::new()).map_err(|error| of_block(error, handle.offset))
}
