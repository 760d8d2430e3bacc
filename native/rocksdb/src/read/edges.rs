//! Whether a table's ends are where MANIFEST says: RocksDB passes over a table whose first and last key are outside of what is looked for.
//!
//! Contract: reads four blocks at most.

use std::path::Path;

use crate::files::table::error::Read;
use crate::files::table::{InternalKey, TableFile};
use crate::read::walk::KeyOrder;

/// Whether the keys of the first two and the last two blocks of the table at `path` ascend, each other's too. A table that can't be
/// read has no keys that are in the wrong place.
pub fn ends_ascend(path: &Path, order: KeyOrder) -> bool {
    let Ok(table) = TableFile::open(path, None) else { return true };
    look(&table, order).unwrap_or(true)
}

fn look(table: &TableFile, order: KeyOrder) -> Read<bool> {
    let blocks = table.blocks()?;
    let behind = blocks.len().saturating_sub(2).max(2.min(blocks.len()));
    let ends = blocks[..2.min(blocks.len())].iter().chain(&blocks[behind..]);
    let mut reader = table.reader()?;
    let mut greatest: Option<Vec<u8>> = None;
    for &handle in ends {
        let mut block = table.data_block(&mut reader, handle, Vec::new())?;
        while let Some((key, _)) = block.next()? {
            let Some(key) = InternalKey::parse(key) else { continue };
            match &mut greatest {
                Some(greatest) if order.compare(key.user, greatest).is_lt() => return Ok(false),
                Some(greatest) => {
                    greatest.clear();
                    greatest.extend_from_slice(key.user);
                }
                None => greatest = Some(key.user.to_vec()),
            }
        }
    }
    Ok(true)
}
