//! Table files (`.sst`, `.ldb`) of RocksDB and LevelDB, read without RocksDB.
//!
//! It is a second witness: it gives every entry of a table in stored order, also of one whose order is not what it should be,
//! and every block that is sound of one that is damaged. Formats as in RocksDB's `table/` and LevelDB's `table_format.md`.
//!
//! Contract: only reads; each length is bounded by the file; a hostile file gives an error.

pub mod block;
pub mod checksum;
mod codec;
pub mod compression;
pub mod error;
pub mod footer;
pub mod index;
mod key;
pub mod parts;
pub mod properties;
pub mod reader;
mod separated;
mod sound_parts;
mod table_file;
#[cfg(test)]
pub mod tests;
mod zstd;

pub use error::of_block;
pub use key::{kind, InternalKey};
pub use sound_parts::{Pieces, SoundParts};
pub use table_file::TableFile;
