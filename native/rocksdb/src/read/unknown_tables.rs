//! Table files that MANIFEST does not know: what a crash left, or what MANIFEST lost.
//!
//! RocksDB removes them when the store's program opens it the next time. What tells the one from the other are their entries:
//! those of work that was not finished are in other tables or in logs, too, or something newer is there in their place.
//!
//! Contract: only reads, and only tables that MANIFEST does not know, and blocks and logs that may hold the same keys.

use std::collections::HashSet;
use std::path::Path;

use crate::error::Outcome;
use crate::files::layout::table_path;
use crate::files::listing::names;
use crate::files::manifests::without_known_tables;
use crate::files::table::error::Read;
use crate::files::table::{kind, InternalKey, TableFile};
use crate::read::judge::Plan;
use crate::read::store::Store;
use crate::read::versions::Search;
use crate::read::walk::KeyOrder;

/// So many bytes of keys are looked for at a time.
const MOST_BYTES: usize = 64 << 20;

/// Warns of tables that are not part of the store although they may hold what it has lost.
///
/// Errors: STORE_DAMAGED when MANIFEST knows no table at all, although there are some whose entries are in no log.
pub fn look_for_unknown_tables(store: &mut Store) -> Outcome<()> {
    let manifest = &store.point.manifest;
    let known: HashSet<u64> = manifest.families.values().flat_map(|family| family.tables.keys().copied()).collect();
    let mut lost = Vec::new();
    let mut warnings = Vec::new();
    let mut all = names(&store.point.files)?;
    all.sort_unstable();
    for name in all {
        let Some(number) = number_of(&name).filter(|number| !known.contains(number) && !manifest.gone.contains(number))
        else {
            continue;
        };
        // One that was never finished, or can't be read, tells nothing.
        let (entries, last) = lost_of(store, &store.point.files.join(&name)).unwrap_or_default();
        if entries > 0 {
            warnings.push(format!(
                "the file {name} has {entries} entries with sequence numbers up to {last}, which no other file has, and MANIFEST does not know it: it is not part of the store, unless MANIFEST lost it"
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

fn number_of(name: &str) -> Option<u64> {
    name.strip_suffix(".sst").or_else(|| name.strip_suffix(".ldb"))?.parse().ok()
}

/// How many entries of an unknown table no other file has, and the greatest sequence number among them; none when it can't be read.
fn lost_of(store: &Store, path: &Path) -> Option<(u64, u64)> {
    let table = TableFile::open(path, None).ok()?;
    let id = table.properties().family_id();
    // A family that MANIFEST does not have, or that is not read, has nothing to be compared with.
    let plan = match id {
        Some(id) => store.plans.iter().find(|plan| plan.id == id),
        None => store.plans.first(),
    };
    match plan {
        Some(plan) if !plan.selected => None,
        Some(plan) if lacks_numbers(&table) => {
            if is_known(store, plan, &table) {
                None
            } else {
                count(&table).ok()
            }
        }
        Some(plan) => lost_from(store, plan, &table).ok(),
        None if was_dropped(store, id) => None,
        None => count(&table).ok(),
    }
}

/// Whether a table was made to be ingested, and only MANIFEST told its sequence number: nothing says whether something newer is in the place of its entries.
fn lacks_numbers(table: &TableFile) -> bool {
    table.properties().is_external() && table.global_sequence().is_none_or(|number| number == 0)
}

/// Whether a table of the family is the same file: a name of it that was left over.
fn is_known(store: &Store, plan: &Plan, table: &TableFile) -> bool {
    plan.tables.iter().filter(|(_, file)| file.size == table.size()).any(|(&number, file)| {
        TableFile::open(&table_path(store.database.path(), number), file.sequences.map(|(_, largest)| largest))
            .is_ok_and(|known| known.properties() == table.properties())
    })
}

/// Whether MANIFEST tells that the family was dropped.
fn was_dropped(store: &Store, id: Option<u32>) -> bool {
    id.is_some_and(|id| store.point.manifest.dropped.contains_key(&id))
}

fn lost_from(store: &Store, plan: &Plan, table: &TableFile) -> Read<(u64, u64)> {
    let order = if plan.reverse { KeyOrder::Reverse } else { KeyOrder::Bytewise };
    let mut search = Search::new(order);
    let mut lost = (0, 0);
    let mut judge = |search: Search| {
        let (entries, last) = search.missing(store, plan);
        lost = (lost.0 + entries, lost.1.max(last));
    };
    table.for_each_range_deletion(|first, _| {
        InternalKey::parse(first).into_iter().for_each(|first| search.add_removal(first.sequence));
        Ok(())
    })?;
    let (mut before, mut decided) = (Vec::new(), false);
    table.for_each(|key, _| {
        let Some(key) = InternalKey::parse(key) else { return Ok(()) };
        let same = before == key.user;
        search.add(key, same && decided);
        decided = (same && decided) || key.kind != kind::MERGE;
        if !same {
            before.clear();
            before.extend_from_slice(key.user);
        }
        if search.bytes() > MOST_BYTES {
            judge(std::mem::replace(&mut search, Search::new(order)));
        }
        Ok(())
    })?;
    judge(search);
    Ok(lost)
}

/// The entries of a table, and their greatest sequence number.
fn count(table: &TableFile) -> Read<(u64, u64)> {
    let mut counted = (0, 0);
    table.for_each(|key, _| {
        counted = (counted.0 + 1, counted.1.max(InternalKey::parse(key).map_or(0, |key| key.sequence)));
        Ok(())
    })?;
    Ok(counted)
}
