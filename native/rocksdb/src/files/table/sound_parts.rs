//! Opening a table: as a whole, or what of it is sound.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use super::compression::Decoder;
use super::error::{of_block, Read, TableError};
use super::footer::{read_footer, Footer, FOOTER};
use super::parts::{no_index, read_properties, Parts};
use super::properties::Properties;
use super::reader::{BlockReader, Check};
use super::table_file::TableFile;
use crate::error::{Fault, Outcome, Reason as _};
use crate::files::kept::open_kept;

/// What leads to a table's blocks: all of it, or what is sound.
pub enum SoundParts {
    Whole(Box<TableFile>),
    Pieces(Pieces),
}

/// What is known of a table that can't be opened.
pub struct Pieces {
    pub footer: Option<Footer>,
    pub properties: Option<Properties>,
    /// Of the data blocks; empty when there is none, or it is lost.
    pub dictionary: Vec<u8>,
    pub global_sequence: Option<u64>,
    /// The table without its properties, when only these are lost.
    pub table: Option<Box<TableFile>>,
    /// Why it can't be opened.
    pub problem: TableError,
}

impl Pieces {
    fn without_footer(problem: TableError) -> Self {
        Self { footer: None, properties: None, dictionary: Vec::new(), global_sequence: None, table: None, problem }
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

    /// What is known of a table whose index can't be read.
    pub fn pieces(&self) -> Pieces {
        Pieces {
            footer: Some(*self.footer()),
            properties: Some(self.properties().clone()),
            dictionary: self.dictionary_bytes().unwrap_or_default(),
            global_sequence: self.global_sequence(),
            table: None,
            problem: TableError::damaged(self.index.offset, "its index is wrong"),
        }
    }

    /// Reads what leads to the blocks of a table: all of it, or what is sound. Errors: those of the disk.
    pub fn sound_parts(file: &Arc<File>, largest_sequence: Option<u64>) -> Read<SoundParts> {
        let size = file.metadata()?.len();
        let length = size.min(FOOTER as u64);
        let mut tail = vec![0; length as usize];
        file.read_exact_at(&mut tail, size - length)?;
        let footer = match read_footer(&tail, size) {
            Ok(footer) => footer,
            Err(problem) => return Ok(SoundParts::Pieces(Pieces::without_footer(problem))),
        };
        let check = Check { checksum: footer.checksum, base: footer.base };
        let mut reader = BlockReader::new(Arc::clone(file), size, check, Decoder::new(footer.version));
        let mut pieces = Pieces { footer: Some(footer), ..Pieces::without_footer(TableError::damaged(0, "")) };
        let mut parts = Parts::default();
        let read = reader
            .block(footer.metaindex, false)
            .and_then(|block| parts.read(block).map_err(|error| of_block(error, footer.metaindex.offset)));
        let properties = read.and_then(|()| match parts.properties {
            Some(handle) => read_properties(&mut reader, handle, check),
            None => Ok(Properties::default()),
        });
        let index = footer.index.or(parts.index).ok_or_else(|| no_index(&footer, &parts));
        let problem = match (properties, index) {
            (Err(TableError::Io(error)), _) => return Err(error.into()),
            (Err(problem), index) => {
                let table =
                    index.ok().map(|index| Self::of(file, size, footer, Properties::default(), index, &parts, None));
                pieces.dictionary = table.as_ref().and_then(|table| table.dictionary_bytes().ok()).unwrap_or_default();
                pieces.table = table.filter(|_| parts.properties.is_some()).map(Box::new);
                problem
            }
            (Ok(properties), index) => {
                let number = properties.global_sequence(largest_sequence);
                match (number, index) {
                    (Ok(number), Ok(index)) => {
                        let table = Self::of(file, size, footer, properties, index, &parts, number);
                        return Ok(SoundParts::Whole(Box::new(table)));
                    }
                    (Err(reason), _) => TableError::damaged(parts.properties.map_or(0, |handle| handle.offset), reason),
                    (Ok(number), Err(problem)) => {
                        pieces.properties = Some(properties);
                        pieces.global_sequence = number;
                        problem
                    }
                }
            }
        };
        Ok(SoundParts::Pieces(Pieces { problem, ..pieces }))
    }
}
