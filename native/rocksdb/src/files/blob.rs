//! Blob files (`.blob`), which hold large values, and the indexes in tables that point into them.
//!
//! Format: RocksDB's `db/blob/`. A header of 30 bytes; records of a header of 32 bytes, key and value; a footer of 32 bytes in a
//! file that was finished. A record's value is compressed by itself.
//!
//! Contract: only reads; each length is bounded by the file.

use std::fs::File;
use std::os::unix::fs::FileExt;

use super::bytes::{fixed32, fixed64, varint64};
use super::table::checksum::mask;
use super::table::compression::{CodecError, Decoder};
use super::table::error::{Read, TableError};

const MAGIC: u32 = 0x0024_8f37;
const HEADER: u64 = 30;
const RECORD: u64 = 32;

/// Where a value lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BlobIndex {
    /// Number of the blob file.
    pub file: u64,
    /// Of the stored value.
    pub offset: u64,
    pub size: u64,
    pub compression: u8,
}

impl BlobIndex {
    /// Reads the value of an entry of kind `BLOB_INDEX`; none when it is not one, or one of the old BlobDB with a time to live.
    pub fn parse(value: &[u8]) -> Option<Self> {
        let (&form, mut rest) = value.split_first()?;
        if form != 1 {
            return None;
        }
        let [file, offset, size] = [varint64(&mut rest)?, varint64(&mut rest)?, varint64(&mut rest)?];
        let [compression] = *rest else { return None };
        Some(Self { file, offset, size, compression })
    }
}

/// A blob file that is open.
pub struct BlobFile {
    file: File,
    size: u64,
}

impl BlobFile {
    /// Looks at the header of a blob file.
    pub fn from_file(file: File) -> Read<Self> {
        let size = file.metadata()?.len();
        if size < HEADER {
            return Err(TableError::damaged(0, "it is too short to be a blob file"));
        }
        let mut header = [0; HEADER as usize];
        file.read_exact_at(&mut header, 0)?;
        if fixed32(&header, 0) != Some(MAGIC) {
            return Err(TableError::damaged(0, "its first bytes are not those of a blob file"));
        }
        let version = fixed32(&header, 4).unwrap_or(0);
        match version {
            1 => {}
            2..=100 => return Err(TableError::newer(format!("its blob format has version {version}"))),
            _ => return Err(TableError::damaged(4, "its format version is invalid")),
        }
        Ok(Self { file, size })
    }

    /// Reads the value of `key` that `index` points to into `out`, with every check.
    pub fn value(&self, key: &[u8], index: BlobIndex, decoder: &mut Decoder, out: &mut Vec<u8>) -> Read<()> {
        let damaged = |reason: &str| TableError::damaged(index.offset, reason);
        let ahead = RECORD + key.len() as u64;
        let start = index.offset.checked_sub(ahead).filter(|&start| start >= HEADER);
        let end = index.offset.checked_add(index.size).filter(|&end| end <= self.size);
        let (Some(start), Some(end)) = (start, end) else { return Err(damaged("a value lies outside of the file")) };
        let mut record = Vec::new();
        let length = usize::try_from(end - start).map_err(|_| damaged("a value is too long"))?;
        record.try_reserve_exact(length).map_err(|_| damaged("a value is too long"))?;
        record.resize(length, 0);
        self.file.read_exact_at(&mut record, start)?;
        let lengths = (fixed64(&record, 0), fixed64(&record, 8));
        if lengths != (Some(key.len() as u64), Some(index.size)) || record[RECORD as usize..ahead as usize] != *key {
            return Err(damaged("a record is not that of its key"));
        }
        if fixed32(&record, 24) != Some(mask(crc32c::crc32c(&record[..24])))
            || fixed32(&record, 28) != Some(mask(crc32c::crc32c(&record[RECORD as usize..])))
        {
            return Err(damaged("the checksum of a record is wrong"));
        }
        decoder.decode(index.compression, &record[ahead as usize..], false, out).map_err(|error| match error {
            CodecError::Wrong(reason) => damaged(reason),
            CodecError::Unknown(kind) => TableError::newer(format!("its values have the compression type {kind}")),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_indexes_are_taken() {
        let index = BlobIndex { file: 12, offset: 300, size: 7, compression: 4 };
        assert_eq!(BlobIndex::parse(&[1, 12, 0xac, 2, 7, 4]), Some(index));
        assert_eq!(BlobIndex::parse(&[1, 12, 0xac, 2, 7]), None);
        assert_eq!(BlobIndex::parse(&[1, 12, 0xac, 2, 7, 4, 0]), None);
        assert_eq!(BlobIndex::parse(&[2, 0, 12, 0xac, 2, 7, 4]), None);
        assert_eq!(BlobIndex::parse(&[]), None);
    }

    #[test]
    fn a_value_is_that_of_its_key_and_sound() {
        let path = std::env::temp_dir().join(format!("kgdump-blob-{}", std::process::id()));
        let (key, value) = (b"key", b"value");
        let mut head = [3_u64, 5, 0].map(u64::to_le_bytes).concat();
        head.extend(mask(crc32c::crc32c(&head)).to_le_bytes());
        let body = [&key[..], value].concat();
        head.extend(mask(crc32c::crc32c(&body)).to_le_bytes());
        let mut file = [MAGIC.to_le_bytes(), 1_u32.to_le_bytes()].concat();
        file.resize(HEADER as usize, 0);
        file.extend([head, body].concat());
        let index = BlobIndex { file: 1, offset: HEADER + RECORD + 3, size: 5, compression: 0 };
        let value_of = |bytes: &[u8], key: &[u8]| {
            std::fs::write(&path, bytes).unwrap();
            let mut out = Vec::new();
            let file = BlobFile::from_file(File::open(&path).unwrap()).ok()?;
            file.value(key, index, &mut Decoder::new(u32::MAX), &mut out).ok().map(|()| out)
        };
        assert_eq!(value_of(&file, key).as_deref(), Some(&value[..]));
        assert_eq!(value_of(&file, b"kex"), None);
        // Every bit of the record counts.
        for at in HEADER as usize..file.len() {
            let mut bad = file.clone();
            bad[at] ^= 1;
            assert_eq!(value_of(&bad, key), None, "byte {at}");
        }
        std::fs::remove_file(&path).unwrap();
    }
}
