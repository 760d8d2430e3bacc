//! The parts of a table that its metaindex names; its properties.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use super::block::{BlockError, Entries, Layout};
use super::checksum::{context, Checksum};
use super::compression::Decoder;
use super::error::{of_block, Read, TableError};
use super::footer::{read_footer, Footer, Handle, FOOTER};
use super::properties::Properties;
use super::reader::{BlockReader, Check};

/// The properties block of a table, its place, and how it is checked; none when it has none, or a compressed one. Errors: damage, the disk's.
pub fn properties_block(file: &Arc<File>) -> Read<Option<(Handle, Check, Vec<u8>)>> {
    let size = file.metadata()?.len();
    let length = size.min(FOOTER as u64);
    let mut tail = vec![0; length as usize];
    file.read_exact_at(&mut tail, size - length)?;
    let footer = read_footer(&tail, size)?;
    let check = Check { checksum: footer.checksum, base: footer.base };
    let mut reader = BlockReader::new(Arc::clone(file), size, check, Decoder::new(footer.version));
    let mut parts = Parts::default();
    let metaindex = reader.block(footer.metaindex, false)?;
    parts.read(metaindex).map_err(|error| of_block(error, footer.metaindex.offset))?;
    let Some(handle) = parts.properties else { return Ok(None) };
    // Its checksum is right, before it gets another one.
    reader.block(handle, false)?;
    let (block, kind, _) = reader.unchecked(handle)?;
    Ok((kind == 0).then(|| (handle, check, block.to_vec())))
}

/// The parts that a metaindex names.
#[derive(Default)]
pub struct Parts {
    pub properties: Option<Handle>,
    pub dictionary: Option<Handle>,
    pub range_deletions: Option<Handle>,
    pub index: Option<Handle>,
    /// An index of another kind.
    own_index: bool,
}

impl Parts {
    pub(super) fn read(&mut self, block: &[u8]) -> Result<(), BlockError> {
        let mut entries = Entries::new(block, Layout::Plain, Vec::new())?;
        while let Some(mut value) = entries.advance()? {
            let part = match entries.key() {
                b"rocksdb.properties" | b"rocksdb.stats" => &mut self.properties,
                b"rocksdb.compression_dict" => &mut self.dictionary,
                b"rocksdb.range_del" => &mut self.range_deletions,
                b"rocksdb.index" => &mut self.index,
                other => {
                    self.own_index |= other.starts_with(b"rocksdb.user_defined_index");
                    continue;
                }
            };
            let handle = Handle::take(&mut value).ok_or(BlockError::Wrong("a handle of its metaindex is wrong"))?;
            *part = Some(handle).filter(|handle| handle.size > 0);
        }
        Ok(())
    }
}

pub(super) fn no_index(footer: &Footer, parts: &Parts) -> TableError {
    if parts.own_index {
        return TableError::newer("it has an index of its program's own");
    }
    TableError::damaged(footer.metaindex.offset, "its metaindex names no index")
}

/// Reads the properties. Their checksum may be that of the block before an ingestion wrote a number into it.
pub(super) fn read_properties(reader: &mut BlockReader, handle: Handle, check: Check) -> Read<Properties> {
    let first = match reader.block(handle, false) {
        Ok(block) => return Properties::parse(block).map_err(|error| of_block(error, handle.offset)),
        Err(error) => error,
    };
    let (block, kind, stored) = reader.unchecked(handle)?;
    let Some(place) = Properties::place_of_global_sequence(block).filter(|_| kind == 0) else { return Err(first) };
    let mut before = block.to_vec();
    before[place..place + 8].fill(0);
    before.push(kind);
    let computed = check.checksum.of(&before).wrapping_add(context(check.base, handle.offset));
    if check.checksum != Checksum::None && computed != stored {
        return Err(first);
    }
    Properties::parse(block).map_err(|error| of_block(error, handle.offset))
}
