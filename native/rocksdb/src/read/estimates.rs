//! How much a family holds, roughly, before it is read.
//!
//! Contract: nothing that RocksDB might stumble over is asked of it; no failure is one of the store, since what is read later
//! finds it. A table that does not say what it holds is counted by its size, which is less than what it holds when it is
//! compressed.

use std::sync::Arc;

use crate::files::properties::read_properties;
use crate::layout::table_path;
use crate::scan::{Range, Scan};
use crate::store::Store;

/// Bytes of the entries at a family's beginning that tell how large one is.
const SAMPLE: usize = 64 << 10;

/// What the tables of a family hold.
#[derive(Debug, Clone, Copy, Default)]
pub struct TableEstimates {
    /// Entries, less those that deletions hide.
    pub entries: f64,
    /// Bytes of keys and values.
    pub bytes: f64,
    /// Deletions.
    pub deletions: f64,
}

/// Adds up what the tables of the family with this number say.
pub fn estimate_tables(store: &Arc<Store>, family: usize) -> TableEstimates {
    let mut sum = TableEstimates::default();
    let mut silent = 0_f64;
    for (&number, file) in store.plans.get(family).into_iter().flat_map(|plan| &plan.tables) {
        match read_properties(&table_path(store.database.path(), number)) {
            Ok(Some(properties)) => {
                sum.entries += properties.entries as f64;
                sum.deletions += properties.deletions as f64;
                // RocksDB counts eight bytes of sequence number and kind with each key.
                let keys = properties.key_bytes as f64 - 8.0 * properties.entries as f64;
                sum.bytes += keys.max(0.0) + properties.value_bytes as f64;
            }
            _ => silent += file.size as f64,
        }
    }
    if silent > 0.0 {
        sum.bytes += silent;
        sum.entries += (silent / entry_size(store, family).unwrap_or(silent)).ceil();
    }
    sum
}

/// Bytes of an entry, on average, as the family's first entries tell; `None` when there is none.
fn entry_size(store: &Arc<Store>, family: usize) -> Option<f64> {
    let scan = Scan::new(Arc::clone(store), family, Range::default()).ok()?;
    let filled = scan.fill(&mut vec![0; SAMPLE], SAMPLE).ok()?;
    if filled.needed > 0 {
        return Some(filled.needed as f64);
    }
    (filled.entries > 0).then(|| (filled.key_bytes + filled.value_bytes).max(1) as f64 / filled.entries as f64)
}
