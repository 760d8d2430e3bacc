//! Why a table file, or a part of it, can't be read.

use std::io;
use std::path::Path;

use super::block::BlockError;
use crate::error::{Fault, Reason as _};

/// What stands in the way of reading a table or a blob file.
#[derive(Debug)]
pub enum TableError {
    Io(io::Error),
    /// Bytes are not as they were written.
    Damaged {
        offset: u64,
        reason: String,
    },
    /// Nothing is damaged: the file is of a kind that is not read here.
    Unsupported {
        what: String,
        newer: bool,
    },
}

pub type Read<T> = Result<T, TableError>;

impl TableError {
    pub fn damaged(offset: u64, reason: impl Into<String>) -> Self {
        Self::Damaged { offset, reason: reason.into() }
    }

    /// Something that only a later version of RocksDB writes.
    pub fn newer(what: impl Into<String>) -> Self {
        Self::Unsupported { what: what.into(), newer: true }
    }

    /// Something that is known and not read here.
    pub fn other(what: impl Into<String>) -> Self {
        Self::Unsupported { what: what.into(), newer: false }
    }

    /// Whether this is damage, rather than a file of another kind or a failing disk.
    pub fn is_damage(&self) -> bool {
        matches!(self, Self::Damaged { .. })
    }

    /// In words, without the file's name.
    pub fn reason(&self) -> String {
        match self {
            Self::Io(error) => error.to_string(),
            Self::Damaged { offset, reason } => format!("damaged at byte {offset}: {reason}"),
            Self::Unsupported { what, newer: true } => format!("written by a newer RocksDB: {what}"),
            Self::Unsupported { what, newer: false } => what.clone(),
        }
    }

    /// The fault of the file at `path`: IO_FAILED and its kind, STORE_DAMAGED or STORE_UNSUPPORTED.
    pub fn fault(self, path: &Path) -> Fault {
        let name = path.display();
        match self {
            Self::Io(error) => Fault::io("reading", path, &error),
            Self::Damaged { offset, reason } => {
                Fault::new("STORE_DAMAGED", format!("{name} is damaged at byte {offset}: {reason}"))
                    .hint("save what is sound with `kgdump recover`, or copy the store again from its origin or a backup")
            }
            Self::Unsupported { what, newer: true } => {
                Fault::new("STORE_UNSUPPORTED", format!("{name} was written by a newer RocksDB: {what}"))
                    .hint("it is not damaged: use a kgdump with a newer RocksDB, or let the store's program write it without that")
            }
            Self::Unsupported { what, newer: false } => {
                Fault::new("STORE_UNSUPPORTED", format!("{name} can't be read: {what}")).hint("it is not damaged")
            }
        }
        .at(path)
    }
}

/// A block's error, with where the block lies.
pub fn of_block(error: BlockError, offset: u64) -> TableError {
    match error {
        BlockError::Wrong(reason) => TableError::damaged(offset, format!("a block is wrong: {reason}")),
        BlockError::Newer(what) => TableError::newer(what),
    }
}

impl From<io::Error> for TableError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}
