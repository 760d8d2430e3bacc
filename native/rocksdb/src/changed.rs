//! Which keys may have changed since a mark, told without reading the store.
//!
//! What a store holds follows from its live table files, which never change, and from its logs. When all tables of the mark are still
//! live, nothing removes ranges, and no filter drops entries, a key can only have changed by an entry of its own in a table that came
//! since or in a log; and an entry that was read from a log when the mark was made has changed nothing since.
//!
//! Contract: more keys than those that changed may be told, but none too few; whenever that can't be promised the answer is why not. The
//! store must not be open for writing anywhere.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufReader;
use std::path::PathBuf;

use crate::error::{Fault, Outcome};
use crate::log_file::{read_log, LogError};
use crate::mark::Mark;
use crate::options_file::{object_name, OptionsFile};
use crate::store::{family_options, Store};
use crate::table_keys::read_keys;
use crate::write_batch::{self, Unclear};

/// Bytes of keys that are collected at most, with what each takes by itself.
const MOST_BYTES: usize = 256 << 20;
const KEY_OVERHEAD: usize = 32;

/// The keys of each family, in the order of the store's plans, sorted and once each; or why they can't be told.
pub type Changed = Result<Vec<Vec<Vec<u8>>>, &'static str>;

/// New tables may be a half of all; while there is time to compare all, an eighth.
const MOST_PART: u64 = 2;
const SMALL_PART: u64 = 8;

/// Why collecting ends.
enum Stop {
    Unclear(&'static str),
    Fault(Fault),
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

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
    new_tables(store, mark, SMALL_PART).err()
}

/// Whether the options of a store allow that changed keys are told.
fn suitable(store: &Store) -> Result<(), &'static str> {
    if store.options.is_empty() {
        return Err("its options are not known");
    }
    store.options.iter().try_for_each(unfiltered)
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
    let mut keys = Keys::new(store.mark.families.keys().copied());
    for (index, (family, tables)) in tables.iter().enumerate() {
        let Some(plan) = store.plans.get(index) else {
            return Err(Fault::new("INTERNAL", "a family has no plan").into());
        };
        let family_options = family_options(plan, &store.operand_met);
        for number in tables.keys() {
            let path = table_path(store, *number);
            let mut full = false;
            let plain = read_keys(&path, &family_options, |key, sequence| {
                if !mark.covers(sequence) {
                    full |= !keys.add(*family, key);
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
    }
    read_logs(store, mark, &mut keys)?;
    Ok(keys.sorted(store))
}

fn table_path(store: &Store, number: u64) -> PathBuf {
    let path = store.database.path().join(format!("{number:06}.sst"));
    if path.exists() {
        path
    } else {
        path.with_extension("ldb")
    }
}

fn read_logs(store: &Store, mark: &Mark, keys: &mut Keys) -> Result<(), Stop> {
    for log in &store.logs {
        let file = File::open(&log.path).map_err(|error| Fault::io("opening", &log.path, &error))?;
        let reader = BufReader::with_capacity(1 << 20, file);
        let read = read_log::<LogStop>(reader, Some(log.number as u32), |_, record, compressed| {
            if compressed {
                return Err(LogStop::Unclear("its logs are compressed"));
            }
            let mut room = true;
            write_batch::keys(record, |family, sequence, key| {
                if sequence > mark.last {
                    room &= keys.add(family, key);
                }
            })
            .map_err(|unclear| {
                LogStop::Unclear(match unclear {
                    Unclear::Range => "ranges of keys were removed",
                    Unclear::Transaction => "it has transactions in two phases",
                    Unclear::Unknown => "its log has operations of an unknown kind",
                })
            })?;
            if room {
                Ok(())
            } else {
                Err(LogStop::Unclear("too much was written"))
            }
        });
        match read {
            Ok(_) => {}
            Err(LogStop::Unclear(reason)) => return Err(Stop::Unclear(reason)),
            // It was read whole when the store was opened.
            Err(LogStop::Log(LogError::Io(error))) => return Err(Fault::io("reading", &log.path, &error).into()),
            Err(LogStop::Log(LogError::Damaged { .. })) => return Err(Stop::Unclear("its log can't be read again")),
        }
    }
    Ok(())
}

enum LogStop {
    Log(LogError),
    Unclear(&'static str),
}

impl From<LogError> for LogStop {
    fn from(error: LogError) -> Self {
        Self::Log(error)
    }
}

/// Whether nothing but writes changes what the store holds, and writes go to the log in their order.
fn unfiltered(options: &OptionsFile) -> Result<(), &'static str> {
    let on = |name: &str| options.database.get(name).is_some_and(|value| value == "true");
    if on("allow_2pc") || on("two_write_queues") || on("unordered_write") {
        return Err("its log is not in the order of its writes");
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
        let Some(keys) = self.families.get_mut(&family) else { return true };
        self.bytes += key.len() + KEY_OVERHEAD;
        if self.bytes > MOST_BYTES {
            return false;
        }
        keys.push(key.to_vec());
        true
    }

    fn sorted(self, store: &Store) -> Vec<Vec<Vec<u8>>> {
        let sort = |(mut keys, plan): (Vec<Vec<u8>>, &crate::judge::Plan)| {
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
