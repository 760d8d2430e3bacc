//! What programs around LevelDB write that RocksDB can't make sense of: nothing of it is damaged.

use std::collections::BTreeSet;
use std::path::Path;

use super::scene::{Scene, MOST_TABLES};
use crate::error::{Fault, Outcome};
use crate::files::layout::table_path;
use crate::files::table::TableFile;
use crate::files::table_end::{table_format, TableFormat};
use crate::read::store::Store;

/// Compressions that are the same in LevelDB and in RocksDB: none, and Snappy.
const KNOWN_KINDS: [u8; 2] = [0, 1];
/// Blocks of a table that are looked at before a store is read.
const SAMPLED: usize = 4;

/// The compressions of the blocks of a table of LevelDB whose checksums hold, as each block has it: of its index, and of `most` blocks of
/// data. `None` when it is no such table: it has properties, another footer, or an index that is damaged.
fn block_kinds(path: &Path, most: usize) -> Option<BTreeSet<u8>> {
    let table = TableFile::open(path, None).ok()?;
    let index = table.footer().index.filter(|_| table.footer().version == 0 && table.properties().is_empty())?;
    let blocks = table.blocks().ok()?;
    let step = blocks.len().div_ceil(most).max(1);
    let mut reader = table.reader().ok()?;
    let mut kinds = BTreeSet::new();
    for &block in blocks.iter().step_by(step).chain([&index]) {
        if reader.block(block, true).is_ok() {
            kinds.insert(reader.unchecked(block).ok()?.1);
        }
    }
    Some(kinds)
}

/// The number of a compression of a table of LevelDB that RocksDB does not read.
fn unknown_kind(path: &Path, most: usize) -> Option<u8> {
    block_kinds(path, most)?.into_iter().find(|kind| !KNOWN_KINDS.contains(kind))
}

/// What is said of such a table.
fn compressed(path: &Path, kind: u8) -> Fault {
    let name = match kind {
        2 => "Zstandard or zlib",
        4 => "zlib without a header, as Minecraft does",
        _ => "a method that kgdump does not know",
    };
    let message = format!(
        "the table {} is one of LevelDB whose blocks are compressed by {name} (number {kind}), which RocksDB's library does not read",
        path.display()
    );
    let hint = "the store is not damaged: let a script read it with the LevelDB that wrote it, and write the entries into a store with Snappy or without compression";
    Fault::new("STORE_UNSUPPORTED", message).hint(hint).at(path)
}

/// LevelDB's later compressions have numbers that are others in RocksDB: 2 is Zstandard, or zlib in Minecraft's LevelDB, and 4 there is
/// zlib without a header.
pub(super) fn compression(scene: &Scene<'_>) -> Option<Fault> {
    if scene.is_missing() {
        return None;
    }
    scene.tables().take(MOST_TABLES).find_map(|name| {
        let path = scene.store.join(name);
        Some(compressed(&path, unknown_kind(&path, usize::MAX)?))
    })
}

/// Refuses a store of LevelDB before it is read when some blocks of its tables show that it can't be read whole.
///
/// Errors: STORE_UNSUPPORTED.
pub fn refuse_compressed(store: &Store) -> Outcome<()> {
    if !store.point.manifest.is_leveldb(&store.path, &store.point.options) {
        return Ok(());
    }
    for number in store.plans.iter().flat_map(|plan| plan.tables.keys()) {
        let path = table_path(store.database.path(), *number);
        if let Some(kind) = unknown_kind(&path, SAMPLED) {
            let named = path.file_name().map_or_else(|| path.clone(), |name| store.path.join(name));
            return Err(compressed(&named, kind));
        }
    }
    Ok(())
}

/// How much too large the sizes are that LevelDB in Java writes.
const JAVA_EXCESS: u64 = 4;

/// LevelDB in Java (org.iq80.leveldb) writes sizes into its MANIFEST that are larger than those of the files, which end as they should.
pub(super) fn wrong_sizes(scene: &Scene<'_>) -> Option<Fault> {
    let path = Path::new(scene.fault.path.as_deref()?);
    let (_, said) = scene.fault.message.rsplit_once(", but the store wrote ")?;
    let size = std::fs::metadata(path).ok()?.len();
    if said.parse() != Ok(size + JAVA_EXCESS) || table_format(path) != Some(TableFormat::OldBlock) {
        return None;
    }
    block_kinds(path, 1)?;
    let message = format!(
        "{} ends as a whole table of LevelDB does, and MANIFEST says another size of it, as LevelDB in Java (org.iq80.leveldb) does: RocksDB's library does not read that",
        path.display()
    );
    let hint = "the store is not damaged: let a script read it with the library that wrote it, and write the entries into a store by LevelDB's own library";
    Some(scene.unsupported(message, hint).at(path))
}

/// Basho's LevelDB, which Riak has, keeps its tables in a directory for each level, and writes more into its MANIFEST.
pub(super) fn basho(scene: &Scene<'_>) -> Option<Fault> {
    if !scene.has("sst_0") || !scene.store.join("sst_0").is_dir() {
        return None;
    }
    Some(scene.unsupported(
        format!("{} is a store of Basho's LevelDB (Riak), with its tables in sst_0, sst_1 and so on, which RocksDB's library does not read", scene.store.display()),
        "export it by Riak, or by a script with eleveldb, into a store by LevelDB's own library",
    ))
}
