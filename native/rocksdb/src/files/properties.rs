//! How many entries a table file says that it holds, and of how many bytes: the part of its properties that estimates need.
//!
//! RocksDB has a property that adds these up, but it ends the process when a table has no properties, or damaged ones: tables
//! of LevelDB have none. Formats as RocksDB's wiki documents them ("Rocksdb BlockBasedTable Format"): a footer at the end, the
//! metaindex that it names, the block of properties that this names.
//!
//! Contract: for estimates, which look at no checksum, and for what is said of a failure. What can't be understood is `None`, whatever
//! the bytes are.

use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

/// Magic numbers of block-based tables: LevelDB's own, which RocksDB's oldest format has too, and RocksDB's.
const LEVELDB_MAGIC: u64 = 0xdb47_7524_8b80_fb57;
const ROCKSDB_MAGIC: u64 = 0x88e2_41b7_85f4_cff7;
/// Bytes of the footers of these.
const LEVELDB_FOOTER: usize = 48;
const ROCKSDB_FOOTER: usize = 53;
/// From this version of the format on, the footer holds the metaindex's size alone.
const SIZE_ALONE: u32 = 6;
/// Each block ends with its compression and a checksum.
const BLOCK_END: u64 = 5;
/// LevelDB adds this to its checksums, after it has rotated them.
const CHECKSUM_MASK: u32 = 0xa282_ead8;
/// Names of the block of properties: the latter is that of old versions.
const PROPERTIES: [&[u8]; 2] = [b"rocksdb.properties", b"rocksdb.stats"];
/// Bytes at a file's end that are read at once: mostly all that is looked for.
const TAIL: u64 = 4096;
/// The largest block that is read.
const LARGEST_BLOCK: u64 = 16 << 20;

/// What a table says of its entries.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Properties {
    /// Entries, deletions among them.
    pub entries: u64,
    pub deletions: u64,
    /// Bytes of keys; eight of sequence number and kind are counted with each.
    pub key_bytes: u64,
    pub value_bytes: u64,
}

/// Reads the properties of the table at `path`; `None` when it has none that can be understood.
///
/// Errors: those of opening and reading the file.
pub fn read_properties(path: &Path) -> io::Result<Option<Properties>> {
    let table = Table::open(path)?;
    let Some(metaindex) = metaindex_of(&table.tail, table.size) else { return Ok(None) };
    let Some(metaindex) = table.block(metaindex)? else { return Ok(None) };
    let found = PROPERTIES.iter().find_map(|name| entry_of(&metaindex, name));
    let Some(handle) = found.and_then(handle_of) else { return Ok(None) };
    Ok(table.block(handle)?.and_then(|block| properties_of(&block)))
}

/// The compressions of the blocks of a table of LevelDB, as each block has it whose checksum holds: of its index, and of its data when the
/// index can be read. `None` when it is no such table: it has properties, another footer, or an index that is damaged.
///
/// Errors: those of opening and reading the file.
pub fn leveldb_block_kinds(path: &Path) -> io::Result<Option<BTreeSet<u8>>> {
    let table = Table::open(path)?;
    let Some((metaindex, index)) = leveldb_handles(&table.tail) else { return Ok(None) };
    let Some(kind) = table.kind(index)? else { return Ok(None) };
    if let Some(metaindex) = table.block(metaindex)? {
        if PROPERTIES.iter().any(|name| entry_of(&metaindex, name).is_some()) {
            return Ok(None);
        }
    }
    let mut kinds = BTreeSet::from([kind]);
    let mut handles = Vec::new();
    if let Some(index) = table.block(index)? {
        for_each_entry(&index, |_, value| handles.extend(handle_of(value)));
    }
    for handle in handles {
        kinds.extend(table.kind(handle)?);
    }
    Ok(Some(kinds))
}

/// Offset and length of a block, without what ends it.
type Handle = (u64, u64);

struct Table {
    file: File,
    size: u64,
    /// The file's end, and where it starts.
    tail: Vec<u8>,
    start: u64,
}

impl Table {
    fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let size = file.metadata()?.len();
        let start = size.saturating_sub(TAIL);
        let mut tail = vec![0; (size - start) as usize];
        file.read_exact_at(&mut tail, start)?;
        Ok(Self { file, size, tail, start })
    }

    /// How a block of LevelDB is compressed; `None` when its checksum does not hold.
    fn kind(&self, (offset, length): Handle) -> io::Result<Option<u8>> {
        let end = offset.checked_add(length).and_then(|end| end.checked_add(BLOCK_END));
        if length > LARGEST_BLOCK || end.is_none_or(|end| end > self.size) {
            return Ok(None);
        }
        let mut block = vec![0; (length + BLOCK_END) as usize];
        self.file.read_exact_at(&mut block, offset)?;
        let Some((content, stored)) = block.split_last_chunk() else { return Ok(None) };
        let masked = crc32c::crc32c(content).rotate_right(15).wrapping_add(CHECKSUM_MASK);
        Ok(content.last().copied().filter(|_| masked == u32::from_le_bytes(*stored)))
    }

    /// Content of a block; `None` when it can't be one, or is compressed, which these blocks never are.
    fn block(&self, (offset, length): Handle) -> io::Result<Option<Vec<u8>>> {
        let end = offset.checked_add(length).and_then(|end| end.checked_add(BLOCK_END));
        if length > LARGEST_BLOCK || end.is_none_or(|end| end > self.size) {
            return Ok(None);
        }
        let with_kind = length as usize + 1;
        let mut block = match offset.checked_sub(self.start) {
            Some(from) => self.tail[from as usize..from as usize + with_kind].to_vec(),
            None => {
                let mut block = vec![0; with_kind];
                self.file.read_exact_at(&mut block, offset)?;
                block
            }
        };
        Ok((block.pop() == Some(0)).then_some(block))
    }
}

/// Where the metaindex is, as the footer at the end of `tail` says.
fn metaindex_of(tail: &[u8], size: u64) -> Option<Handle> {
    let (rest, magic) = tail.split_last_chunk()?;
    match u64::from_le_bytes(*magic) {
        LEVELDB_MAGIC => leveldb_handles(tail).map(|(metaindex, _)| metaindex),
        ROCKSDB_MAGIC => {
            let footer = &tail[tail.len().checked_sub(ROCKSDB_FOOTER)?..];
            let (_, version) = rest.split_last_chunk()?;
            if u32::from_le_bytes(*version) < SIZE_ALONE {
                return handle_of(&footer[1..]);
            }
            let length = u64::from(u32::from_le_bytes(*footer[13..].first_chunk()?));
            Some((size.checked_sub(ROCKSDB_FOOTER as u64 + BLOCK_END + length)?, length))
        }
        _ => None,
    }
}

/// Where metaindex and index are, as a footer of LevelDB says.
fn leveldb_handles(tail: &[u8]) -> Option<(Handle, Handle)> {
    let mut footer = &tail[tail.len().checked_sub(LEVELDB_FOOTER)?..];
    let (_, magic) = footer.split_last_chunk()?;
    if u64::from_le_bytes(*magic) != LEVELDB_MAGIC {
        return None;
    }
    let mut handle = || Some((varint(&mut footer)?, varint(&mut footer)?));
    Some((handle()?, handle()?))
}

fn handle_of(mut bytes: &[u8]) -> Option<Handle> {
    Some((varint(&mut bytes)?, varint(&mut bytes)?))
}

fn properties_of(block: &[u8]) -> Option<Properties> {
    let number = |name| entry_of(block, name).and_then(|mut value| varint(&mut value));
    Some(Properties {
        entries: number(b"rocksdb.num.entries")?,
        deletions: number(b"rocksdb.deleted.keys").unwrap_or(0),
        key_bytes: number(b"rocksdb.raw.key.size")?,
        value_bytes: number(b"rocksdb.raw.value.size")?,
    })
}

/// The value of a key in a block.
fn entry_of<'a>(block: &'a [u8], wanted: &[u8]) -> Option<&'a [u8]> {
    let mut found = None;
    for_each_entry(block, |key, value| {
        if key == wanted && found.is_none() {
            found = Some(value);
        }
    });
    found
}

/// Calls `each` with key and value of the entries of a block, as far as they can be understood: in each entry the key begins with some
/// bytes of the one before; then come the offsets of those whose key stands whole.
fn for_each_entry<'a>(block: &'a [u8], each: impl FnMut(&[u8], &'a [u8])) {
    // What is no block has no entries.
    let _ = read_entries(block, each);
}

fn read_entries<'a>(block: &'a [u8], mut each: impl FnMut(&[u8], &'a [u8])) -> Option<()> {
    let (rest, count) = block.split_last_chunk()?;
    let offsets = usize::try_from(u32::from_le_bytes(*count)).ok()?.checked_mul(4)?;
    let mut entries = &rest[..rest.len().checked_sub(offsets)?];
    let mut key = Vec::new();
    while !entries.is_empty() {
        let [shared, fresh, length] = [varint(&mut entries)?, varint(&mut entries)?, varint(&mut entries)?];
        let (fresh, after) = entries.split_at_checked(usize::try_from(fresh).ok()?)?;
        let (value, after) = after.split_at_checked(usize::try_from(length).ok()?)?;
        if shared > key.len() as u64 {
            return None;
        }
        key.truncate(shared as usize);
        key.extend_from_slice(fresh);
        each(&key, value);
        entries = after;
    }
    Some(())
}

/// Takes a number off the start of `bytes`: seven bits a byte, the lowest first.
fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0_u64;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A block whose second key shares bytes with the first.
    fn block() -> Vec<u8> {
        let mut block = b"\0\x03\x01abcx\x02\x02\x02dey2".to_vec();
        block.extend_from_slice(&[0, 0, 0, 0, 1, 0, 0, 0]);
        block
    }

    #[test]
    fn keys_that_share_bytes_are_found() {
        assert_eq!(entry_of(&block(), b"abc"), Some(&b"x"[..]));
        assert_eq!(entry_of(&block(), b"abde"), Some(&b"y2"[..]));
        assert_eq!(entry_of(&block(), b"abd"), None);
    }

    #[test]
    fn no_bytes_are_too_odd() {
        for length in 0..block().len() {
            for byte in 0..=255 {
                let mut odd = block();
                odd[length] = byte;
                let _ = (entry_of(&odd, b"abde"), entry_of(&odd[..length], b"abde"), metaindex_of(&odd, 4));
            }
        }
        for magic in [LEVELDB_MAGIC, ROCKSDB_MAGIC] {
            for length in 0..ROCKSDB_FOOTER {
                for byte in [0, 5, 6, 255] {
                    let mut tail = vec![byte; length];
                    tail.extend_from_slice(&magic.to_le_bytes());
                    let _ = metaindex_of(&tail, tail.len() as u64);
                }
            }
        }
    }
}
