//! Checks the write-ahead logs before RocksDB reads them.
//!
//! RocksDB follows the logs as far as it can and calls that a success. Here every record of every log that counts is
//! checked, and that the sequence numbers go on without a gap from log to log: a gap above the last number that MANIFEST
//! knows is in no file at all, so a log is missing or writes were made without a log.
//!
//! What can't be known: a last log that is missing altogether, or cut exactly between two records, when the store does
//! not track its logs in MANIFEST (`track_and_verify_wals_in_manifest`).

use std::fs::{self, File};
use std::io::BufReader;
use std::path::{Path, PathBuf};

use crate::error::{Fault, Outcome};
use crate::log_file::{read_log, End, LogError};
use crate::write_batch::numbers;

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
    /// Sum of the lengths of all records in bytes, about the size of the keys and values in them.
    pub bytes: u64,
    /// All sequence numbers up to this one were seen, in table files or logs.
    pub last_sequence: u64,
    /// What was left out although the store is readable.
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

enum WalError {
    Log(LogError),
    Batch(u64),
    Gap { offset: u64, expected: u64, found: u64 },
}

impl From<LogError> for WalError {
    fn from(error: LogError) -> Self {
        Self::Log(error)
    }
}

/// Reads all records of `logs`. `last_sequence` is the last number that a table file may hold.
///
/// Errors: STORE_LOG_DAMAGED with the file; NOT_FOUND when a log vanished meanwhile.
pub fn check_logs(logs: &[Log], last_sequence: u64) -> Outcome<LogReport> {
    let mut report = LogReport { last_sequence, ..LogReport::default() };
    let mut next = Some(last_sequence + 1); // the lowest number that was not seen yet; unknown after a compressed log
    for log in logs {
        let file = File::open(&log.path).map_err(|error| Fault::io("opening", &log.path, &error))?;
        let reader = BufReader::with_capacity(1 << 20, file);
        let end = read_log::<WalError>(reader, Some(log.number as u32), |offset, record, compressed| {
            report.bytes += record.len() as u64;
            if compressed {
                next = None;
            }
            let Some(expected) = next else { return Ok(()) };
            let (found, count) = numbers(record).ok_or(WalError::Batch(offset))?;
            if found > expected {
                return Err(WalError::Gap { offset, expected, found });
            }
            let following = expected.max(found.saturating_add(count.into()));
            report.last_sequence = following - 1;
            next = Some(following);
            Ok(())
        });
        if let End::Torn { offset, dropped } = end.map_err(|error| fault(log, error))? {
            report.warnings.push(format!(
                "the log {} ends with a write that was never completed ({dropped} bytes from byte {offset} on): it is not part of the store",
                log.path.display()
            ));
        }
    }
    Ok(report)
}

fn fault(log: &Log, error: WalError) -> Fault {
    let name = log.path.display();
    let (message, hint) = match error {
        WalError::Log(LogError::Io(error)) => return Fault::io("reading", &log.path, &error),
        WalError::Log(LogError::Damaged { offset, reason }) => {
            (format!("the log {name} is damaged at byte {offset}: {reason}"), "copy the store again from its origin or a backup")
        }
        WalError::Batch(offset) => (
            format!("the log {name} is damaged at byte {offset}: a record is too short"),
            "copy the store again from its origin or a backup",
        ),
        WalError::Gap { offset, expected, found } => (
            format!(
                "entries are missing before byte {offset} of the log {name}: sequence numbers {expected} to {} are in no file",
                found - 1
            ),
            "a log file is missing, or the store's program writes without a log: let that program flush and close the store, then copy it whole",
        ),
    };
    Fault::new("STORE_LOG_DAMAGED", message).at(&log.path).hint(hint)
}
