//! The last bytes of a table file: its format version, its checksum, and where its metaindex and index lie.
//!
//! Format: RocksDB's `table/format.cc`. Versions 1 to 5 have 53 bytes: checksum type, two handles padded to 40 bytes, version,
//! magic number. Version 0, which is LevelDB's too, has 48: two handles and another magic number. From version 6 on the two
//! handles are replaced by a checksum of the footer, the base of the blocks' checksums, and the metaindex block's size.

use super::super::bytes::{fixed32, fixed64, varint64};
use super::checksum::{context, Checksum};
use super::error::{Read, TableError};

/// Bytes behind each block: its compression type and its checksum.
pub const TRAILER: u64 = 5;
/// Length of the longest footer.
pub const FOOTER: usize = 53;
const FOOTER_0: usize = 48;
/// The last format version that is read here.
const LAST_VERSION: u32 = 7;
/// Versions above this are no versions.
const SENSIBLE_VERSION: u32 = 100;

const BLOCK_BASED: u64 = 0x88e2_41b7_85f4_cff7;
const BLOCK_BASED_0: u64 = 0xdb47_7524_8b80_fb57;
const PLAIN: u64 = 0x8242_2296_63bf_9564;
const PLAIN_0: u64 = 0x4f34_18eb_7a8f_13b8;
const CUCKOO: u64 = 0x9267_89d0_c5f1_7873;
const EXTENDED: u32 = 0x007a_003e;

/// Where a block lies; its trailer follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Handle {
    pub offset: u64,
    /// Bytes as stored, without the trailer.
    pub size: u64,
}

impl Handle {
    /// Takes a handle from the front of `bytes`.
    pub fn take(bytes: &mut &[u8]) -> Option<Self> {
        Some(Self { offset: varint64(bytes)?, size: varint64(bytes)? })
    }

    /// The first byte behind the block and its trailer; none when that is no place in any file.
    pub fn end(self) -> Option<u64> {
        self.offset.checked_add(self.size)?.checked_add(TRAILER)
    }
}

/// What a footer says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Footer {
    /// Format version; 0 is LevelDB's, and RocksDB's first.
    pub version: u32,
    pub checksum: Checksum,
    /// What block checksums are mixed with from version 6 on; 0 before.
    pub base: u32,
    pub metaindex: Handle,
    /// None from version 6 on, where the metaindex names it.
    pub index: Option<Handle>,
    /// Where the footer begins.
    pub offset: u64,
}

/// Reads the footer of a file of `size` bytes that ends with `tail`, of which at most 53 bytes are needed.
///
/// Errors: damage; files of other table formats and of newer versions by name.
pub fn read_footer(tail: &[u8], size: u64) -> Read<Footer> {
    let damaged = |reason: &str| TableError::damaged(size.saturating_sub(8), reason);
    let magic_at = tail.len().checked_sub(8).ok_or_else(|| TableError::damaged(0, "it is too short to be a table"))?;
    let short = || damaged("it is too short to be a table");
    match fixed64(tail, magic_at).ok_or_else(short)? {
        BLOCK_BASED => {}
        BLOCK_BASED_0 => {
            let start = tail.len().checked_sub(FOOTER_0).ok_or_else(short)?;
            let offset = size - FOOTER_0 as u64;
            return with_handles(&tail[start..magic_at], 0, Checksum::Crc32c, offset);
        }
        PLAIN | PLAIN_0 => return Err(TableError::other("it is in the table format PlainTable")),
        CUCKOO => return Err(TableError::other("it is in the table format CuckooTable")),
        _ => return Err(damaged("its last eight bytes are not those of a table")),
    }
    let start = tail.len().checked_sub(FOOTER).ok_or_else(short)?;
    let (footer, offset) = (&tail[start..], size - FOOTER as u64);
    let version = fixed32(footer, 41).ok_or_else(short)?;
    if version == 0 || version > SENSIBLE_VERSION {
        return Err(damaged("its format version is invalid"));
    }
    if version > LAST_VERSION {
        return Err(TableError::newer(format!(
            "its table format has version {version}, and up to {LAST_VERSION} is known"
        )));
    }
    let Some(checksum) = Checksum::from_byte(footer[0]) else {
        return Err(TableError::damaged(offset, "its checksum type is unknown"));
    };
    if version < 6 {
        return with_handles(&footer[1..41], version, checksum, offset);
    }
    with_checksum(footer, version, checksum, offset)
}

fn with_handles(mut handles: &[u8], version: u32, checksum: Checksum, offset: u64) -> Read<Footer> {
    let bad = || TableError::damaged(offset, "its footer is wrong");
    let metaindex = Handle::take(&mut handles).ok_or_else(bad)?;
    let index = Handle::take(&mut handles).ok_or_else(bad)?;
    if [metaindex, index].iter().any(|handle| handle.end().is_none_or(|end| end > offset)) {
        return Err(bad());
    }
    Ok(Footer { version, checksum, base: 0, metaindex, index: Some(index), offset })
}

fn with_checksum(footer: &[u8], version: u32, checksum: Checksum, offset: u64) -> Read<Footer> {
    let bad = || TableError::damaged(offset, "its footer is wrong");
    if fixed32(footer, 1) != Some(EXTENDED) {
        return Err(bad());
    }
    let stored = fixed32(footer, 5).ok_or_else(bad)?;
    let base = fixed32(footer, 9).ok_or_else(bad)?;
    let mut cleared = [0_u8; FOOTER];
    cleared.copy_from_slice(footer);
    cleared[5..9].fill(0);
    if base == 0 || checksum.of(&cleared).wrapping_add(context(base, offset)) != stored && checksum != Checksum::None {
        return Err(TableError::damaged(offset, "the checksum of its footer is wrong"));
    }
    if fixed64(footer, 33) != Some(0) {
        return Err(TableError::newer("its footer has a feature that is not known"));
    }
    let size = u64::from(fixed32(footer, 13).ok_or_else(bad)?);
    let start = offset.checked_sub(size + TRAILER).ok_or_else(bad)?;
    Ok(Footer { version, checksum, base, metaindex: Handle { offset: start, size }, index: None, offset })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_formats_are_named() {
        for (magic, word) in [(PLAIN, "PlainTable"), (PLAIN_0, "PlainTable"), (CUCKOO, "CuckooTable")] {
            let mut tail = vec![0; 45];
            tail.extend_from_slice(&magic.to_le_bytes());
            let error = read_footer(&tail, 1000).unwrap_err();
            assert!(!error.is_damage() && error.reason().contains(word));
        }
        let mut tail = vec![0; 41];
        tail.extend_from_slice(&8_u32.to_le_bytes());
        tail.extend_from_slice(&BLOCK_BASED.to_le_bytes());
        assert!(read_footer(&tail, 1000).unwrap_err().reason().contains("newer"));
    }

    #[test]
    fn what_is_too_short_or_wrong_is_damage() {
        for length in 0..FOOTER {
            let mut tail = vec![0xff; length];
            if let Some(at) = length.checked_sub(8) {
                tail[at..].copy_from_slice(&BLOCK_BASED.to_le_bytes());
            }
            assert!(read_footer(&tail, length as u64).unwrap_err().is_damage());
        }
    }
}
