//! Where a block may end: at each place behind which its checksum could stand.

use xxhash_rust::{xxh3::Xxh3, xxh32::Xxh32, xxh64::Xxh64};

use crate::files::table::checksum::{mask, xxh3_last, Checksum};
use crate::files::table::footer::TRAILER;

/// Calls `each` with the length of every block that `bytes` may start with, its checksum and the one stored; false ends it.
pub fn ends(checksum: Checksum, bytes: &[u8], mut each: impl FnMut(usize, u32, u32) -> bool) {
    let mut hash = Hash::new(checksum);
    let mut hashed = 0;
    for length in 1..bytes.len().saturating_sub(TRAILER as usize - 1) {
        let kind = bytes[length];
        if kind > 7 {
            continue;
        }
        hash.update(&bytes[hashed..length]);
        hashed = length;
        let stored = [bytes[length + 1], bytes[length + 2], bytes[length + 3], bytes[length + 4]];
        if !each(length, hash.with(kind), u32::from_le_bytes(stored)) {
            return;
        }
    }
}

enum Hash {
    Crc(u32),
    Xxh32(Xxh32),
    Xxh64(Xxh64),
    Xxh3(Box<Xxh3>),
}

impl Hash {
    fn new(checksum: Checksum) -> Self {
        match checksum {
            Checksum::XxHash32 => Self::Xxh32(Xxh32::new(0)),
            Checksum::XxHash64 => Self::Xxh64(Xxh64::new(0)),
            Checksum::Xxh3 => Self::Xxh3(Box::new(Xxh3::new())),
            Checksum::Crc32c | Checksum::None => Self::Crc(0),
        }
    }

    fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Crc(crc) => *crc = crc32c::crc32c_append(*crc, bytes),
            Self::Xxh32(hash) => hash.update(bytes),
            Self::Xxh64(hash) => hash.update(bytes),
            Self::Xxh3(hash) => hash.update(bytes),
        }
    }

    /// The stored form for all so far and one byte more.
    fn with(&self, last: u8) -> u32 {
        match self {
            Self::Crc(crc) => mask(crc32c::crc32c_append(*crc, &[last])),
            Self::Xxh32(hash) => {
                let mut hash = hash.clone();
                hash.update(&[last]);
                hash.digest()
            }
            Self::Xxh64(hash) => {
                let mut hash = hash.clone();
                hash.update(&[last]);
                hash.digest() as u32
            }
            Self::Xxh3(hash) => xxh3_last(hash.digest(), last),
        }
    }
}
