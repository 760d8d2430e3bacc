//! Whether a table's ends are where MANIFEST says: RocksDB passes over a table whose first and last key are outside of what is looked for.
//!
//! Contract: reads four blocks at most.

use std::path::Path;

use crate::files::live_file::LiveFile;
use crate::files::table::error::Read;
use crate::files::table::{InternalKey, TableFile};
use crate::read::walk::KeyOrder;

/// Whether the keys of the first two and the last two blocks of the table at `path` ascend, each other's too. A table that can't be
/// read has no keys that are in the wrong place.
pub fn ends_ascend(path: &Path, order: KeyOrder) -> bool {
    let Ok(table) = TableFile::open(path, None) else { return true };
    !matches!(ends_of(&table, order, u64::MAX), Ok(Ends::Descend))
}

/// Larger blocks are not read for their ends: they hold large values, and reading them again takes as long as the pass.
const LARGE: u64 = 4 << 20;

/// Whether the keys of a table's ends ascend, and its first and last key are those that MANIFEST has for it, which a key that was changed where it
/// stands is not. Removals of ranges may reach further than its keys. A table that can't be read has no keys in the wrong place.
pub fn ends_are_sound(table: &TableFile, file: &LiveFile, order: KeyOrder) -> bool {
    let mut has_removals = false;
    let counted = table.for_each_range_deletion(|_, _| {
        has_removals = true;
        Ok(())
    });
    if counted.is_err() {
        return true;
    }
    match ends_of(table, order, LARGE) {
        Ok(Ends::Ascend(Some((first, last)))) => has_removals || (first == file.first_key() && last == file.last_key()),
        Ok(Ends::Ascend(None)) | Err(_) => true,
        Ok(Ends::Descend) => false,
    }
}

/// What the first two and the last two blocks of a table are like.
enum Ends {
    /// Their keys ascend, each other's too: the first and the last user key, when the blocks were read and have any.
    Ascend(Option<(Vec<u8>, Vec<u8>)>),
    Descend,
}

fn ends_of(table: &TableFile, order: KeyOrder, largest: u64) -> Read<Ends> {
    let blocks = table.blocks()?;
    let behind = blocks.len().saturating_sub(2).max(2.min(blocks.len()));
    let ends = || blocks[..2.min(blocks.len())].iter().chain(&blocks[behind..]);
    if ends().any(|handle| handle.size > largest) {
        return Ok(Ends::Ascend(None));
    }
    // What is between the ends is not wanted.
    let mut reader = table.reader()?.with_stretch(0);
    let mut found: Option<(Vec<u8>, Vec<u8>)> = None;
    for &handle in ends() {
        let mut block = table.data_block(&mut reader, handle, Vec::new())?;
        while let Some((key, _)) = block.next()? {
            let Some(key) = InternalKey::parse(key) else { continue };
            match &mut found {
                Some((_, greatest)) if order.compare(key.user, greatest).is_lt() => return Ok(Ends::Descend),
                Some((_, greatest)) => {
                    greatest.clear();
                    greatest.extend_from_slice(key.user);
                }
                None => found = Some((key.user.to_vec(), key.user.to_vec())),
            }
        }
    }
    Ok(Ends::Ascend(found))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::table::tests::write_table;
    use crate::files::temporary::Directory;
    use crate::handle::Options;
    use crate::write::tables::Tables;

    #[test]
    fn both_ends_of_a_table_are_those_that_manifest_has() {
        let directory = Directory::new("both-ends");
        let mut tables = Tables::new(Options::from_text("").unwrap().into(), &directory.0, || "1.sst".to_owned());
        [b"c", b"k", b"p"].iter().for_each(|key| tables.put(&key[..], b"value").unwrap());
        let made = tables.finish().unwrap();
        let table = TableFile::open(&made[0].path, None).unwrap();
        for (first, last, is_sound) in [
            ("c", "p", true),
            ("b", "p", false),
            ("d", "p", false),
            ("c", "o", false),
            ("c", "q", false),
            ("b", "q", false),
        ] {
            let file = LiveFile::between(first.as_bytes(), last.as_bytes(), None);
            assert_eq!(ends_are_sound(&table, &file, KeyOrder::Bytewise), is_sound, "{first} to {last}");
        }
    }

    #[test]
    fn the_first_two_and_the_last_two_blocks_are_read_and_no_other() {
        let directory = Directory::new("edges");
        let path = directory.0.join("1.sst");
        write_table(&path, "compression=kNoCompression;block_based_table_factory={block_size=1024}", 600);
        let sound = std::fs::read(&path).unwrap();
        let ends = || ends_of(&TableFile::open(&path, None).unwrap(), KeyOrder::Bytewise, LARGE);
        let blocks = TableFile::open(&path, None).unwrap().blocks().unwrap();
        assert!(blocks.len() > 6, "{}", blocks.len());
        for (index, handle) in blocks.iter().enumerate() {
            let mut damaged = sound.clone();
            damaged[handle.offset as usize] ^= 1;
            std::fs::write(&path, damaged).unwrap();
            let is_end = index < 2 || index + 2 >= blocks.len();
            assert_eq!(ends().is_err(), is_end, "block {index} of {}", blocks.len());
        }
        std::fs::write(&path, sound).unwrap();
        assert!(
            matches!(ends(), Ok(Ends::Ascend(Some((first, last)))) if first.starts_with(b"edge") && last.starts_with(b"text"))
        );
    }
}
