//! The write-ahead logs of a store, and what a report of them says.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::error::{Fault, Outcome, Reason as _};
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
    /// Families that MANIFEST does not have, and of which logs have entries that are newer than it.
    pub unknown_families: BTreeSet<u32>,
    /// Transactions that are prepared and neither committed nor rolled back, by name.
    pub prepared: BTreeMap<Vec<u8>, Prepared>,
    /// Whether any of them has marks of transactions in two phases.
    pub two_phase: bool,
    /// Logs that end with a write which was never completed, a sentence each.
    pub torn: Vec<String>,
    /// What else was left out although the store is readable.
    pub warnings: Vec<String>,
}

/// From this length on a log that is nearly all holes is none: RocksDB reserves room for logs, but not so that it is lacking.
const LONG: u64 = 1 << 30;
/// Bytes of a sound file for each byte that it takes on the disk, at most: file systems may compress.
const MOST_HOLES: u64 = 1000;

/// Refuses what is no regular file, which might be waited for without an end, and a file of holes, which takes hours to read.
fn refuse_odd(path: &Path, facts: &fs::Metadata) -> Outcome<()> {
    let problem = if !facts.is_file() {
        "should be a log of the store, but is not a regular file"
    } else if facts.len() > LONG && facts.blocks().saturating_mul(512).saturating_mul(MOST_HOLES) < facts.len() {
        "is a sparse file with almost nothing on the disk"
    } else {
        return Ok(());
    };
    Err(Fault::new("STORE_DAMAGED", format!("{} {problem}", path.display()))
        .at(path)
        .hint("copy the store again from its origin; or move the file away, and let `kgdump recover` tell what is missing then"))
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
        let facts = fs::metadata(&path).map_err(|error| Fault::io("looking at", &path, &error))?;
        refuse_odd(&path, &facts)?;
        let size = facts.len();
        logs.push(Log { number, path, size });
    }
    logs.sort_by_key(|log| log.number);
    Ok(logs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::temporary::Directory;

    #[test]
    fn logs_are_in_the_order_of_their_numbers_however_long_these_are() {
        let directory = Directory::new("logs");
        for name in ["1000000.log", "999999.log", "000007.log", "18446744073709551615.log", "000008.sst", "new.log"] {
            fs::write(directory.0.join(name), b"").unwrap();
        }
        let numbers = |first| list_logs(&directory.0, first).unwrap().iter().map(|log| log.number).collect::<Vec<_>>();
        assert_eq!(numbers(0), [7, 999_999, 1_000_000, u64::MAX]);
        assert_eq!(numbers(8), [999_999, 1_000_000, u64::MAX]);
    }
}
