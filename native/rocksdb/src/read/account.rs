//! The account of a pass over a family: what its tables and logs hold by their own words, against what the pass showed.
//!
//! RocksDB's iterator takes a key that is not greater than the one before it for an older version of that key, and leaves out, with
//! status OK, what is newer than the store's last sequence number. So a key that stands in the wrong place hides others, and nothing
//! says so. Here the entries that each table's own properties count, and those that came from the logs, less the removals of keys among
//! them, are compared with what was shown. When they are equal, everything was shown. When they are not, other versions or a fault hide the
//! rest: then each table is walked by itself, and its internal keys must ascend, lie where MANIFEST says, and be as many as the table says.
//!
//! Contract: an account is used by one thread at a time and goes on in steps, of which each walks one table at most.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::Arc;

use crate::error::Outcome;
use crate::files::layout::table_path;
use crate::files::live_file::LiveFile;
use crate::files::table::TableFile;
use crate::handle::Database;
use crate::read::block::Range;
use crate::read::edges::{ends_are_sound, ends_ascend};
use crate::read::judge::Plan;
use crate::read::store::Store;
use crate::read::taken::in_memory;
use crate::read::walk::{walk_table, KeyOrder, TableBounds};

/// The account of one pass.
pub struct Account {
    store: Arc<Store>,
    family: usize,
    range: Range,
    shown: u64,
    /// Tables that are still to be walked; none before that is known.
    left: Option<VecDeque<(u64, LiveFile)>>,
}

impl Account {
    /// The account of a pass over `range` of a family that ended by itself after `shown` entries.
    pub fn new(store: Arc<Store>, family: usize, range: Range, shown: u64) -> Self {
        Self { store, family, range, shown, left: None }
    }

    /// The store's path, for messages.
    pub fn path(&self) -> &Path {
        &self.store.path
    }

    /// Does the next step; whether it was the last one. With `paranoid`, tables are walked in any case.
    ///
    /// Errors: STORE_DAMAGED when a table holds what was not shown, with the table, the keys and how many entries are hidden.
    pub fn step(&mut self, paranoid: bool) -> Outcome<bool> {
        let store = &self.store;
        let Some(plan) = store.plans.get(self.family) else { return Ok(true) };
        let left = match &mut self.left {
            Some(left) => left,
            None if !paranoid && self.range.is_whole() && showable(store, self.family, plan) == Some(self.shown) => {
                return Ok(true);
            }
            None => self.left.insert(tables_of(plan)),
        };
        let Some((number, file)) = left.pop_front() else { return Ok(true) };
        let order = if plan.reverse { KeyOrder::Reverse } else { KeyOrder::Bytewise };
        let path = table_path(store.database.path(), number);
        // RocksDB passed over the table because of what MANIFEST says of its first and last key.
        if overlaps(plan.reverse, (file.first_key(), file.last_key()), &self.range) || !ends_ascend(&path, order) {
            let bounds = TableBounds {
                smallest: Some(file.smallest.to_vec()),
                largest: Some(file.largest.to_vec()),
                smallest_sequence: file.sequences.map(|(smallest, _)| smallest),
                largest_sequence: file.sequences.map(|(_, largest)| largest),
            };
            walk_table(&path, order, &bounds, store.database.latest_sequence_number())?;
        }
        Ok(left.is_empty())
    }
}

/// How many entries a pass over the family can show at most, by what its tables and logs hold: a removal of a key is itself never shown,
/// and each other entry is shown or hidden. `None` when a table does not say, or removes ranges.
fn showable(store: &Store, family: usize, plan: &Plan) -> Option<u64> {
    let database = &store.database;
    let in_memory = in_memory(database, family).checked_sub(removals_in_memory(database, family))?;
    let order = if plan.reverse { KeyOrder::Reverse } else { KeyOrder::Bytewise };
    plan.tables.iter().try_fold(in_memory, |sum, (&number, file)| {
        let table =
            TableFile::open(&table_path(database.path(), number), file.sequences.map(|(_, largest)| largest)).ok()?;
        if !ends_are_sound(&table, file, order) {
            return None;
        }
        let properties = table.properties();
        let entries = properties.entries()?;
        let removals = match properties.deletions() {
            None | Some(0) => 0,
            // Older versions of RocksDB count removals of ranges among these or not, and do not say.
            Some(removals) => (properties.range_deletions()? == 0).then_some(removals)?,
        };
        Some(sum + entries.checked_sub(removals)?)
    })
}

/// How many of these remove a key.
fn removals_in_memory(database: &Database, family: usize) -> u64 {
    database.number(family, c"rocksdb.num-deletes-active-mem-table")
        + database.number(family, c"rocksdb.num-deletes-imm-mem-tables")
}

/// The family's tables, the lowest level first.
fn tables_of(plan: &Plan) -> VecDeque<(u64, LiveFile)> {
    let mut tables: Vec<_> = plan.tables.iter().map(|(&number, file)| (number, file.clone())).collect();
    tables.sort_by_key(|(number, file)| (file.level, *number));
    tables.into()
}

/// Whether a table with this first and last key may hold keys of a range.
fn overlaps(reverse: bool, (first, last): (&[u8], &[u8]), range: &Range) -> bool {
    let before = |a: &[u8], b: &[u8]| if reverse { a > b } else { a < b };
    let from = range.from.as_ref().is_none_or(|from| !before(last, from));
    let to = range.to.as_ref().is_none_or(|to| before(first, to));
    // Keys with a prefix stand together in both orders.
    let (least, greatest) = if reverse { (last, first) } else { (first, last) };
    let prefix = range
        .prefix
        .as_ref()
        .is_none_or(|prefix| greatest >= prefix.as_slice() && (least.starts_with(prefix) || least < prefix.as_slice()));
    from && to && prefix
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All keys of up to three letters, in byte order.
    fn keys() -> Vec<Vec<u8>> {
        let mut keys = vec![Vec::new()];
        for from in 0.. {
            match keys.get(from).cloned() {
                Some(key) if key.len() < 3 => keys.extend(b"ab".map(|letter| [&key[..], &[letter]].concat())),
                Some(_) => {}
                None => break,
            }
        }
        keys.sort();
        keys
    }

    #[test]
    fn each_table_that_has_a_key_of_the_range_is_checked() {
        let mut keys = keys();
        for reverse in [false, true] {
            let some: Vec<_> = [None].into_iter().chain(keys.iter().cloned().map(Some)).collect();
            for (from, to, prefix) in some.iter().flat_map(|one| {
                some.iter().flat_map(move |two| [(one, two, &None), (one, &None, two), (&None, one, two)])
            }) {
                let range = Range { from: from.clone(), to: to.clone(), prefix: prefix.clone() };
                let is_before = |a: &[u8], b: &[u8]| if reverse { a > b } else { a < b };
                let is_in = |key: &&Vec<u8>| {
                    from.as_ref().is_none_or(|from| !is_before(key, from))
                        && to.as_ref().is_none_or(|to| is_before(key, to))
                        && prefix.as_ref().is_none_or(|prefix| key.starts_with(prefix))
                };
                for first in 0..keys.len() {
                    for last in first..keys.len() {
                        let has = keys[first..=last].iter().any(|key| is_in(&key));
                        let told = overlaps(reverse, (&keys[first], &keys[last]), &range);
                        assert!(
                            told || !has,
                            "{reverse} {:?} {:?} {from:?} {to:?} {prefix:?}",
                            keys[first],
                            keys[last]
                        );
                    }
                }
            }
            keys.reverse();
        }
        assert!(!overlaps(false, (b"b", b"c"), &Range { from: Some(b"ca".to_vec()), to: None, prefix: None }));
        assert!(!overlaps(false, (b"b", b"c"), &Range { from: None, to: Some(b"b".to_vec()), prefix: None }));
        assert!(!overlaps(false, (b"b", b"c"), &Range { from: None, to: None, prefix: Some(b"a".to_vec()) }));
    }
}
