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
/// Errors: STORE_DAMAGED when MANIFEST knows no table at all, although there are some whose entries are in no log.
pub fn look_for_unknown_tables(store: &mut Store) -> Outcome<()> {
    let manifest = &store.point.manifest;
    let mut lost = Vec::new();
    let mut warnings = Vec::new();
    let mut all = names(&store.point.files)?;
    all.sort_unstable();
    for name in all {
        let Some(number) = number_of(&name).filter(|&number| !knows(manifest, number)) else { continue };
        let table = content(&store.point.files.join(&name)).filter(|table| table.entries > 0);
        if let Some(table) = table.filter(|table| !is_elsewhere(store, table)) {
            warnings.push(format!(
                "the file {name} has {} entries with sequence numbers up to {}, which no other file has, and MANIFEST does not know it: it is not part of the store, unless MANIFEST lost it",
                table.entries, table.last
            ));
            lost.push(name);
        } else if number >= manifest.next_file {
            warnings.push(format!(
                "the file {name} is newer than all that the store's MANIFEST knows; it is not part of the store"
            ));
        }
    }
    if !lost.is_empty() && store.point.tables() == 0 {
        return Err(without_known_tables(&store.point.files, &lost));
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

/// What a table holds.
struct Content {
    entries: u64,
    /// Its last sequence number.
    last: u64,
    family: Option<u32>,
}

/// What a table holds; `None` for one that was never finished, or can't be read.
fn content(path: &Path) -> Option<Content> {
    let table = TableFile::open(path, None).ok()?;
    let (mut entries, mut last) = (0, 0);
    let each = |key: &[u8]| {
        entries += 1;
        last = last.max(InternalKey::parse(key).map_or(0, |key| key.sequence));
    };
    let mut each = each;
    table
        .for_each(|key, _| {
            each(key);
            Ok(())
        })
        .ok()?;
    Some(Content { entries, last, family: table.properties().family_id() })
}

/// Whether a table of its family that MANIFEST knows, or a log, may hold the last entry of a table.
fn is_elsewhere(store: &Store, table: &Content) -> bool {
    let is_own = |family: u32| table.family.is_none_or(|own| own == family);
    let mut tables = store.plans.iter().filter(|plan| is_own(plan.id)).flat_map(|plan| plan.tables.values());
    let mut logs = store.log_counts.iter().filter(|(&family, _)| is_own(family));
    tables.any(|file| file.sequences.is_none_or(|(first, last)| (first..=last).contains(&table.last)))
        || logs.any(|(_, counts)| (counts.first_sequence..=counts.last_sequence).contains(&table.last))
}
