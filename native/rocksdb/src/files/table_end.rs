//! What the last bytes of a table file say: its format, and the version of that.
//!
//! A table ends with a magic number of eight bytes, little-endian, which every format has its own of. Block-based tables
//! have four bytes with the version of their format before it (RocksDB's `table/format.cc`).
//!
//! Contract: only reads, at most twelve bytes of a file.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

/// The newest version of block-based tables that RocksDB 10.10 reads.
pub const NEWEST_FORMAT_VERSION: u32 = 7;

/// The format of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TableFormat {
    /// Block-based, with the version of its format.
    Block(u32),
    /// Block-based as LevelDB, and RocksDB before 3, write it.
    OldBlock,
    Plain,
    Cuckoo,
    /// Of Pebble, in a format of its own.
    Pebble,
    /// An unknown magic number.
    Unknown(u64),
}

impl TableFormat {
    /// The name by which RocksDB's options know the format; none of one that is read, or unknown.
    pub fn foreign_name(self) -> Option<&'static str> {
        match self {
            Self::Plain => Some("PlainTable"),
            Self::Cuckoo => Some("CuckooTable"),
            Self::Pebble => Some("Pebble"),
            Self::Block(_) | Self::OldBlock | Self::Unknown(_) => None,
        }
    }
}

/// The format of the table at `path`; `None` when it can't be read or is too short.
pub fn table_format(path: &Path) -> Option<TableFormat> {
    let file = File::open(path).ok()?;
    let length = file.metadata().ok()?.len();
    let mut end = [0; 12];
    file.read_exact_at(&mut end, length.checked_sub(12)?).ok()?;
    Some(format_of(end))
}

/// The format of a table that ends with these bytes.
fn format_of(end: [u8; 12]) -> TableFormat {
    let [v0, v1, v2, v3, magic @ ..] = end;
    let version = u32::from_le_bytes([v0, v1, v2, v3]);
    match u64::from_le_bytes(magic) {
        0x88e2_41b7_85f4_cff7 => TableFormat::Block(version),
        0xdb47_7524_8b80_fb57 => TableFormat::OldBlock,
        0x8242_2296_63bf_9564 | 0x4f34_18eb_7a8f_13b8 => TableFormat::Plain,
        0x9267_89d0_c5f1_7873 => TableFormat::Cuckoo,
        // The bytes f0 9f aa b3, twice.
        0xb3aa_9ff0_b3aa_9ff0 => TableFormat::Pebble,
        other => TableFormat::Unknown(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(version: u32, magic: u64) -> [u8; 12] {
        let mut bytes = [0; 12];
        bytes[..4].copy_from_slice(&version.to_le_bytes());
        bytes[4..].copy_from_slice(&magic.to_le_bytes());
        bytes
    }

    #[test]
    fn magic_numbers_tell_the_format() {
        // As RocksDB prints them: "expected 9863518390377041911, found 9386102602707473764" is a plain table.
        assert_eq!(format_of(end(6, 9_863_518_390_377_041_911)), TableFormat::Block(6));
        assert_eq!(format_of(end(0, 9_386_102_602_707_473_764)).foreign_name(), Some("PlainTable"));
        assert_eq!(format_of(end(0, 0x9267_89d0_c5f1_7873)).foreign_name(), Some("CuckooTable"));
        assert_eq!(format_of(*b"\x04\0\0\0\xf0\x9f\xaa\xb3\xf0\x9f\xaa\xb3"), TableFormat::Pebble);
        assert_eq!(format_of(end(0, 0xdb47_7524_8b80_fb57)).foreign_name(), None);
        assert_eq!(format_of([0; 12]), TableFormat::Unknown(0));
    }
}
