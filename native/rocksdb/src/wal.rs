//! The write-ahead logs of a store, and what a report of them says.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::error::{Fault, Outcome};
use crate::files::log_counts::LogCounts;
use crate::files::log_replay::Prepared;

/// A write-ahead log file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Log {
    pub number: u64,
    pub path: PathBuf,
    pub size: u64,
}

/// What the logs hold.
#[derive(Debug, Default)]
pub struct LogReport {
    /// How many records each log has, in the order of the logs.
    pub records: Vec<u64>,
    /// All sequence numbers up to this one were seen, in table files or logs.
    pub last_sequence: u64,
    /// By the family's id, the entries that recovery puts into its memtable; one that has none may not be there.
    pub families: BTreeMap<u32, LogCounts>,
    /// Transactions that are prepared and neither committed nor rolled back, by name.
    pub prepared: BTreeMap<Vec<u8>, Prepared>,
    /// Whether any of them has marks of transactions in two phases.
    pub two_phase: bool,
    /// Logs that end with a write which was never completed, a sentence each.
    pub torn: Vec<String>,
    /// What else was left out although the store is readable.
    pub warnings: Vec<String>,
}

/// Lists the logs in `directory` whose number is at least `first`, in order.
pub fn list_logs(directory: &Path, first: u64) -> Outcome<Vec<Log>> {
    let read = |error| Fault::io("listing", directory, &error);
    let mut logs = Vec::new();
    for entry in fs::read_dir(directory).map_err(read)? {
        let entry = entry.map_err(read)?;
        let name = entry.file_name();
        let Some(number) = name.to_str().and_then(|name| name.strip_suffix(".log")).and_then(|stem| stem.parse().ok())
        else {
            continue;
        };
        if number < first {
            continue;
        }
        let path = entry.path();
        let size = entry.metadata().map_err(|error| Fault::io("looking at", &path, &error))?.len();
        logs.push(Log { number, path, size });
    }
    logs.sort_by_key(|log| log.number);
    Ok(logs)
}
