//! How much a family holds, roughly, before it is read.
//!
//! Contract: nothing that RocksDB might stumble over is asked of it: adding up the properties of tables ends the process when one
//! has none, as those of LevelDB have. No failure is one of the store, since what is read later finds it.

use crate::files::layout::table_path;
use crate::files::table::error::{Read, TableError};
use crate::files::table::{kind, InternalKey, TableFile};
use crate::read::store::Store;

/// Blocks that are read of a table which does not say what it holds.
const SAMPLED: usize = 8;

/// What the tables of a family hold.
#[derive(Debug, Clone, Copy, Default)]
pub struct TableEstimates {
    /// Entries, deletions among them.
    pub entries: f64,
    pub deletions: f64,
    /// Bytes of keys and values.
    pub bytes: f64,
}

/// Adds up what the tables of the family with this number hold. One that can't be read counts by its size.
pub fn estimate_tables(store: &Store, family: usize) -> TableEstimates {
    let mut sum = TableEstimates::default();
    for (&number, file) in store.plans.get(family).into_iter().flat_map(|plan| &plan.tables) {
        let path = table_path(store.database.path(), number);
        let table = TableFile::open(&path, None).ok().and_then(|table| estimate_table(&table).ok());
        let table = table.unwrap_or(TableEstimates { bytes: file.size as f64, ..TableEstimates::default() });
        sum.entries += table.entries;
        sum.deletions += table.deletions;
        sum.bytes += table.bytes;
    }
    sum
}

/// What a table says that it holds; or what some of its blocks hold, for as many as there are.
fn estimate_table(table: &TableFile) -> Read<TableEstimates> {
    let told = table.properties();
    if let (Some(entries), Some(keys), Some(values)) = (told.entries(), told.raw_key_size(), told.raw_value_size()) {
        return Ok(TableEstimates {
            entries: entries as f64,
            deletions: told.deletions().unwrap_or(0) as f64,
            // Eight bytes of sequence number and kind are counted with each key.
            bytes: (keys as f64 - 8.0 * entries as f64).max(0.0) + values as f64,
        });
    }
    let handles = table.blocks()?;
    let step = handles.len().div_ceil(SAMPLED).max(1);
    let mut reader = table.reader()?;
    let (mut sample, mut blocks) = (TableEstimates::default(), 0.0);
    for &handle in handles.iter().step_by(step) {
        let mut block = table.data_block(&mut reader, handle, Vec::new())?;
        while let Some((key, value)) = block.next()? {
            let key =
                InternalKey::parse(key).ok_or_else(|| TableError::damaged(handle.offset, "a key is too short"))?;
            sample.entries += 1.0;
            sample.deletions += f64::from(u8::from(key.kind == kind::DELETION));
            sample.bytes += (key.user.len() + value.len()) as f64;
        }
        blocks += 1.0;
    }
    let share = handles.len() as f64 / f64::max(blocks, 1.0);
    let whole = |part: f64| (part * share).round();
    Ok(TableEstimates {
        entries: whole(sample.entries),
        deletions: whole(sample.deletions),
        bytes: whole(sample.bytes),
    })
}
