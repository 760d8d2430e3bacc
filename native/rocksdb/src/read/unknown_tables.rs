//! Table files that MANIFEST does not know: what a crash left, or what MANIFEST lost.
//!
//! RocksDB removes them when the store's program opens it the next time. What tells the one from the other are their sequence
//! numbers: those of work that was not finished are in other tables or in logs, too.
//!
//! Contract: only reads, and only tables that MANIFEST does not know.

use std::path::Path;

use crate::error::Outcome;
use crate::files::table::{InternalKey, TableFile};
use crate::layout::names;
use crate::manifest::Manifest;
use crate::read::manifests::without_known_tables;
use crate::store::Store;

/// Warns of tables that are not part of the store although they may hold what it has lost.
///
/// Errors: STORE_DAMAGED when MANIFEST knows no table at all, no log holds anything, and there are tables.
pub fn look_for_unknown_tables(store: &mut Store) -> Outcome<()> {
    let manifest = &store.point.manifest;
    let mut newer = Vec::new();
    let mut unknown = Vec::new();
    for name in names(&store.point.files)? {
        let Some(number) = number_of(&name) else { continue };
        if number >= manifest.next_file {
            newer.push(name);
        } else if !knows(manifest, number) {
            unknown.push(name);
        }
    }
    newer.sort_unstable();
    unknown.sort_unstable();
    let has_logs = store.mark.logs.iter().any(|marked| marked.records > 0);
    if !newer.is_empty() && !has_logs && store.point.tables() == 0 {
        return Err(without_known_tables(&store.point.files, &newer));
    }
    let mut warnings: Vec<String> = newer
        .iter()
        .map(|name| {
            format!("the file {name} is newer than all that the store's MANIFEST knows; it is not part of the store")
        })
        .collect();
    for name in &unknown {
        let Some((entries, last)) = content(&store.point.files.join(name)) else { continue };
        if entries > 0 && !is_elsewhere(store, last) {
            warnings.push(format!(
                "the file {name} has {entries} entries with sequence numbers up to {last}, which no other file has, and MANIFEST does not know it: it is not part of the store, unless MANIFEST lost it"
            ));
        }
    }
    store.warnings.extend(warnings);
    Ok(())
}

/// Whether a table is or was part of the store.
fn knows(manifest: &Manifest, number: u64) -> bool {
    manifest.gone.contains(&number) || manifest.families.values().any(|family| family.tables.contains_key(&number))
}

fn number_of(name: &str) -> Option<u64> {
    name.strip_suffix(".sst").or_else(|| name.strip_suffix(".ldb"))?.parse().ok()
}

/// How many entries a table has, and its last sequence number; `None` for one that was never finished, or can't be read.
fn content(path: &Path) -> Option<(u64, u64)> {
    let table = TableFile::open(path, None).ok()?;
    let (mut entries, mut last) = (0, 0);
    let mut count = |key: &[u8]| {
        entries += 1;
        last = last.max(InternalKey::parse(key).map_or(0, |key| key.sequence));
    };
    table
        .for_each(|key, _| {
            count(key);
            Ok(())
        })
        .ok()?;
    Some((entries, last))
}

/// Whether a table that MANIFEST knows, or a log, may hold the entry with this sequence number.
fn is_elsewhere(store: &Store, sequence: u64) -> bool {
    let mut tables = store.plans.iter().flat_map(|plan| plan.tables.values());
    let mut logs = store.log_counts.values();
    tables.any(|file| file.sequences.is_none_or(|(first, last)| (first..=last).contains(&sequence)))
        || logs.any(|counts| (counts.first_sequence..=counts.last_sequence).contains(&sequence))
}
