//! The checksums of blocks and footers.

use xxhash_rust::{xxh3::xxh3_64, xxh32::xxh32, xxh64::xxh64};

/// How a table's blocks are checked. RocksDB's `ChecksumType`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Checksum {
    None,
    Crc32c,
    XxHash32,
    XxHash64,
    Xxh3,
}

impl Checksum {
    /// All that are known, those that say something first.
    pub const ALL: [Self; 5] = [Self::Xxh3, Self::Crc32c, Self::XxHash64, Self::XxHash32, Self::None];

    /// The one with this number in a footer.
    pub fn from_byte(byte: u8) -> Option<Self> {
        [Self::None, Self::Crc32c, Self::XxHash32, Self::XxHash64, Self::Xxh3].get(usize::from(byte)).copied()
    }

    /// The checksum of `bytes` as it is stored; of a block they end with its compression type.
    pub fn of(self, bytes: &[u8]) -> u32 {
        match self {
            Self::None => 0,
            Self::Crc32c => mask(crc32c::crc32c(bytes)),
            Self::XxHash32 => xxh32(bytes, 0),
            Self::XxHash64 => xxh64(bytes, 0) as u32,
            // The last byte is mixed in by itself, so that RocksDB hashes the block without copying it.
            Self::Xxh3 => match bytes.split_last() {
                None => 0,
                Some((&last, rest)) => xxh3_last(xxh3_64(rest), last),
            },
        }
    }
}

/// What RocksDB makes of the XXH3 of all bytes but the last.
pub fn xxh3_last(hash: u64, last: u8) -> u32 {
    hash as u32 ^ u32::from(last).wrapping_mul(0x6b90_83d9)
}

/// The stored form of a CRC-32C.
pub fn mask(crc: u32) -> u32 {
    crc.rotate_right(15).wrapping_add(0xa282_ead8)
}

/// What is added to the checksum of a block at `offset` from format version 6 on; nothing before, when `base` is 0.
pub fn context(base: u32, offset: u64) -> u32 {
    if base == 0 {
        return 0;
    }
    base ^ (offset as u32).wrapping_add((offset >> 32) as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_as_the_logs_do() {
        assert_eq!(mask(0).wrapping_sub(0xa282_ead8).rotate_left(15), 0);
    }

    #[test]
    fn a_block_is_told_from_the_same_one_elsewhere() {
        const BASE: u32 = 0x1234_5678;
        for (base, offset, wanted) in [
            (0, 0, 0),
            (0, (3 << 32) + 4, 0),
            (BASE, 0, BASE),
            (BASE, 4, BASE ^ 4),
            // The upper half of the offset is added to the lower one.
            (BASE, 1 << 32, BASE ^ 1),
            (BASE, (3 << 32) + 4, BASE ^ 7),
            (BASE, (1 << 32) + 0xffff_ffff, BASE),
        ] {
            assert_eq!(context(base, offset), wanted, "{base:x} at {offset:x}");
        }
    }

    #[test]
    fn empty_input_is_no_panic() {
        for checksum in Checksum::ALL {
            checksum.of(&[]);
        }
    }
}
