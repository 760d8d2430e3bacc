//! Which keys may have changed since a mark, told without reading the store.
//!
//! What a family holds follows from its live table files, which never change, and from the logs that count for it. When all tables of the
//! mark are still live, and nothing changes values where they are, a key can only have changed when it is in a table that came since, in
//! what was added to the logs, or in a log that counted when the mark was made and does not now (`marked_logs`). Left out is what was
//! read from a log for the mark and still is in it, or is in a new table with the same sequence number as the last entry of its key.
//!
//! Contract: more keys than those that changed may be told, but none too few; whenever that can't be promised the answer is why not. The
//! store must not be open for writing anywhere.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufReader;

use crate::changes::log_keys::{keys_of_log, Stop};
use crate::changes::mark::Mark;
use crate::changes::marked_logs::settled;
use crate::changes::table_keys::read_keys;
use crate::error::{Fault, Outcome, Reason as _};
use crate::files::layout::{options_with, table_path};
use crate::files::log_replay::Replay;
use crate::files::options_file::{object_name, FamilyOptions, OptionsFile};
use crate::read::store::{family_options, Store};

/// Bytes of keys that are collected at most, with what each takes by itself.
const MOST_BYTES: usize = 256 << 20;
const KEY_OVERHEAD: usize = 32;

/// The keys of each family, in the order of the store's plans, sorted and once each; or why they can't be told.
pub type Changed = Result<Vec<Vec<Vec<u8>>>, &'static str>;

/// New tables may be a half of all; while there is time to compare all, an eighth.
const MOST_PART: u64 = 2;
const SMALL_PART: u64 = 8;

/// Tells which keys of `store` may have changed since `mark`.
///
/// Errors: what reading its logs and new tables fails with.
pub fn changed_since(store: &Store, mark: &Mark) -> Outcome<Changed> {
    match collect(store, mark) {
        Ok(keys) => Ok(Ok(keys)),
        Err(Stop::Unclear(reason)) => Ok(Err(reason)),
        Err(Stop::Fault(fault)) => Err(fault),
    }
}

/// Why a later mark of the same store would be better than `mark`, if it would; told without reading anything.
pub fn outdated(store: &Store, mark: &Mark) -> Option<&'static str> {
    // With such options no mark is of use.
    suitable(store).ok()?;
    new_tables(store, mark, SMALL_PART).and_then(|_| options_known(store, mark)).err()
}

/// Whether the options of a store allow that changed keys are told.
fn suitable(store: &Store) -> Result<(), &'static str> {
    if store.point.options.is_empty() {
        return Err("its options are not known");
    }
    store.point.options.iter().try_for_each(unfiltered)
}

/// Whether the options of all openings since `mark` are known.
fn options_known(store: &Store, mark: &Mark) -> Result<(), &'static str> {
    match mark.options.map(|number| options_with(&store.path, number)) {
        // One that can't be parsed is not among the store's.
        Some(Ok(Some(count))) if count == store.point.options.len() => Ok(()),
        _ => Err("it was opened several times"),
    }
}

/// Tables that came since `mark`, which are a part of all bytes at most.
fn new_tables(store: &Store, mark: &Mark, part: u64) -> Result<BTreeMap<u32, BTreeMap<u64, u64>>, &'static str> {
    let tables = mark.new_tables(&store.mark)?;
    let all: u64 = store.mark.families.values().flat_map(BTreeMap::values).sum();
    let new: u64 = tables.values().flat_map(BTreeMap::values).sum();
    if new > all / part {
        return Err("much was written");
    }
    Ok(tables)
}

fn collect(store: &Store, mark: &Mark) -> Result<Vec<Vec<Vec<u8>>>, Stop> {
    suitable(store).map_err(Stop::Unclear)?;
    let tables = new_tables(store, mark, MOST_PART).map_err(Stop::Unclear)?;
    options_known(store, mark).map_err(Stop::Unclear)?;
    let mut keys = Keys::new(store.mark.families.keys().copied());
    let counts = |family: u32, log: u64| {
        store.mark.has_log(log) && store.mark.first_logs.get(&family).is_some_and(|&first| log >= first)
    };
    let mut settled =
        settled(mark, counts, |family, key, told| if told { keys.add(family, key) } else { keys.weigh(key) })?;
    for (index, (family, tables)) in tables.iter().enumerate() {
        let Some(plan) = store.plans.get(index) else {
            return Err(Fault::new("INTERNAL", "a family has no plan").into());
        };
        let family_options = family_options(plan, &store.operand_met);
        let mut settled = settled.remove(family).unwrap_or_default();
        for number in tables.keys() {
            let path = table_path(store.database.path(), *number);
            let mut full = false;
            let plain = read_keys(&path, &family_options, |key, sequence| {
                if settled.get(key) == Some(&sequence) {
                    settled.remove(key);
                } else {
                    full = !keys.add(*family, key);
                }
                if full {
                    return Err(Fault::new("INTERNAL", "too many keys"));
                }
                Ok(())
            });
            if full {
                return Err(Stop::Unclear("too much was written"));
            }
            if !plain? {
                return Err(Stop::Unclear("ranges of keys were removed"));
            }
        }
        // Nothing is left of them, or of their last entry.
        if !settled.keys().all(|key| keys.add(*family, key)) {
            return Err(Stop::Unclear("too much was written"));
        }
    }
    read_logs(store, mark, &mut keys)?;
    Ok(keys.sorted(store))
}

fn read_logs(store: &Store, mark: &Mark, keys: &mut Keys) -> Result<(), Stop> {
    let mut replay = Replay::default();
    for log in &store.logs {
        let marked = mark.has_log(log.number);
        let file = File::open(&log.path).map_err(|error| Fault::io("opening", &log.path, &error))?;
        let reader = BufReader::with_capacity(1 << 20, file);
        keys_of_log(&mut replay, log, reader, |entry| {
            (marked && entry.sequence <= mark.last) || keys.add(entry.family, entry.key)
        })?;
    }
    Ok(())
}

/// Whether nothing but writes changes what the store holds, and writes go to the log in their order.
fn unfiltered(options: &OptionsFile) -> Result<(), &'static str> {
    let on = |name: &str| options.database.get(name).is_some_and(|value| value == "true");
    if on("two_write_queues") || on("unordered_write") {
        return Err("its log is not in the order of its writes");
    }
    let in_place =
        |family: &FamilyOptions| family.values.get("inplace_update_support").is_some_and(|value| value == "true");
    if options.families.iter().any(in_place) {
        return Err("values are changed in place");
    }
    let filtered = options.families.iter().any(|family| {
        ["compaction_filter", "compaction_filter_factory"]
            .iter()
            .any(|name| family.values.get(*name).is_some_and(|value| object_name(value).is_some()))
    });
    if filtered {
        return Err("a compaction filter may drop entries");
    }
    Ok(())
}

/// Keys by the id of their family.
struct Keys {
    families: BTreeMap<u32, Vec<Vec<u8>>>,
    bytes: usize,
}

impl Keys {
    fn new(families: impl Iterator<Item = u32>) -> Self {
        Self { families: families.map(|id| (id, Vec::new())).collect(), bytes: 0 }
    }

    /// Adds a key, unless its family is gone; false when there is no room for more.
    fn add(&mut self, family: u32, key: &[u8]) -> bool {
        let room = self.weigh(key);
        if let Some(keys) = self.families.get_mut(&family).filter(|_| room) {
            keys.push(key.to_vec());
        }
        room
    }

    /// Counts a key that is kept somewhere else; false when there is no room for more.
    fn weigh(&mut self, key: &[u8]) -> bool {
        self.bytes += key.len() + KEY_OVERHEAD;
        self.bytes <= MOST_BYTES
    }

    fn sorted(self, store: &Store) -> Vec<Vec<Vec<u8>>> {
        let sort = |(mut keys, plan): (Vec<Vec<u8>>, &crate::read::judge::Plan)| {
            keys.sort_unstable();
            keys.dedup();
            if plan.reverse {
                keys.reverse();
            }
            keys
        };
        self.families.into_values().zip(&store.plans).map(sort).collect()
    }
}
