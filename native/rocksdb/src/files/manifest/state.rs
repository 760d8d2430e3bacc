//! The state of a store as its MANIFEST tells it.
//!
//! Contract: pure but for looking whether a file is there.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use crate::files::family::Family;
use crate::files::named_logs::NamedLogs;
use crate::files::options_file::OptionsFile;
use crate::files::tracked_logs::TrackedLogs;

/// The state that a MANIFEST ends with.
#[derive(Debug, Default)]
pub struct Manifest {
    /// Families by id.
    pub families: BTreeMap<u32, Family>,
    pub last_sequence: u64,
    pub next_file: u64,
    pub min_log_to_keep: u64,
    pub tracked_logs: TrackedLogs,
    /// The number in the file's own name: what has a greater one came after it was begun.
    pub number: u64,
    /// Whether RocksDB wrote any of it: LevelDB knows none of what it adds.
    pub rocksdb: bool,
    /// Whether the database's id is told.
    pub has_id: bool,
    /// How many edits did more than to put tables in the place of tables that hold the same: flushes, ingested or dropped files, families
    /// that came or went.
    pub moves: u64,
    /// Tables that were part of the store and are not any more.
    pub gone: HashSet<u64>,
    /// Whether it is told which logs are kept; then those from `min_log_to_keep` on are all there.
    pub tells_kept: bool,
    /// Logs that families needed at any time.
    pub named_logs: NamedLogs,
    /// The greatest id that any family ever had.
    pub greatest_family: u32,
    /// Sequence numbers that RocksDB gave to tables that it ingested.
    pub ingested: HashSet<u64>,
    /// Those that a table had for itself when it came in another way, or no one tells how: it has all that was written with that number, but
    /// for transactions that are written before they are committed. All entries of such a one, of whatever families, have one number.
    pub lone: HashSet<u64>,
    /// Families that were dropped, by id, each with its name and the number that the next file had then.
    pub dropped: BTreeMap<u32, (Vec<u8>, u64)>,
}

impl Manifest {
    /// The family `default` is always there.
    pub fn before_all_edits() -> Self {
        let mut manifest = Self::default();
        manifest.families.insert(0, Family { name: b"default".to_vec(), ..Family::default() });
        manifest
    }

    /// Whether LevelDB wrote the store: RocksDB also writes MANIFESTs that LevelDB could have written, but no store without IDENTITY or
    /// OPTIONS, except its oldest versions.
    pub fn is_leveldb(&self, store: &Path, options: &[OptionsFile]) -> bool {
        !self.rocksdb && options.is_empty() && !store.join("IDENTITY").exists()
    }

    /// Whether any family was dropped, in any time.
    pub fn has_dropped(&self) -> bool {
        self.families.len() <= self.greatest_family as usize
    }

    /// Number of the oldest log that may hold entries which no table file has; with two-phase commit, prepared
    /// transactions may be in logs that are older than all that was flushed.
    pub fn first_log(&self, two_phase: bool) -> u64 {
        if two_phase {
            return self.min_log_to_keep;
        }
        let unflushed = self.families.values().map(|family| family.log_number).min().unwrap_or(0);
        unflushed.max(self.min_log_to_keep)
    }
}
