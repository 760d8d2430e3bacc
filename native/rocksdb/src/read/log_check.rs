//! Checks the write-ahead logs before RocksDB reads them.
//!
//! RocksDB follows the logs as far as it can and calls that a success. Here every record of every log that counts is
//! replayed, and the sequence numbers must go on without a gap from record to record and from log to log. A gap above the last number
//! that tables may hold is in no file at all, so a log is missing or writes were made without a log. One below may be in tables
//! that were written without a log or ingested, which a warning says. What a log tells of the log before it must be true.
//!
//! What can't be known: a last log that was cut exactly between two records, when the store does not track its logs in MANIFEST.

use std::fs::File;
use std::io::BufReader;

use crate::error::{Fault, Outcome};
use crate::files::log_replay::{Applied, Prepared, Replay};
use crate::log_file::{read_log, End, LogBefore, LogError, Piece};
use crate::manifest::Manifest;
use crate::read::log_faults::WalError;
use crate::wal::{Log, LogReport};
use crate::write_batch::numbers;

/// How many of a kind are named, each in a warning of its own.
const MOST_NAMED: usize = 20;

/// Reads all records of `logs`, which are those that count for the store of `manifest`. No log before `first` is needed.
///
/// Errors: STORE_LOG_DAMAGED with the file; STORE_UNSUPPORTED for transactions that can't be read; NOT_FOUND when a log vanished meanwhile.
pub fn check_logs(logs: &[Log], manifest: &Manifest, first: u64, two_phase: bool) -> Outcome<LogReport> {
    let mut check = Check::new(manifest, first);
    check.replay.two_phase = two_phase;
    for log in logs {
        check.report.records.push(0);
        let file = File::open(&log.path).map_err(|error| Fault::io("opening", &log.path, &error))?;
        let reader = BufReader::with_capacity(1 << 20, file);
        let end =
            read_log::<WalError>(reader, Some(log.number as u32), |offset, piece| check.piece(log, offset, piece));
        if let End::Torn { offset, dropped } = end.map_err(|error| error.fault(log))? {
            check.report.torn.push(format!(
                "the log {} ends with a write that was never completed ({dropped} bytes from byte {offset} on): it is not part of the store",
                log.path.display()
            ));
        }
        check.before = Some((log.clone(), check.last_record));
        check.last_record = 0;
    }
    Ok(check.end())
}

/// The state of a check, from record to record.
struct Check<'a> {
    manifest: &'a Manifest,
    first: u64,
    replay: Replay,
    report: LogReport,
    /// The number that the next record must have; none before the first record.
    expected: Option<u64>,
    /// Whether the last record commits a transaction whose prepare is in no log, which may have taken numbers from `expected` on.
    unknown_commit: bool,
    /// Sequence number of this log's last record so far; 0 before its first one.
    last_record: u64,
    /// The log before, with the sequence number of its last record.
    before: Option<(Log, u64)>,
    /// Numbers that are in no log and may be in tables.
    doubts: Vec<String>,
}

impl<'a> Check<'a> {
    fn new(manifest: &'a Manifest, first: u64) -> Self {
        Self {
            manifest,
            first,
            replay: Replay::default(),
            report: LogReport { last_sequence: manifest.last_sequence, ..LogReport::default() },
            expected: None,
            unknown_commit: false,
            last_record: 0,
            before: None,
            doubts: Vec::new(),
        }
    }

    fn piece(&mut self, log: &Log, offset: u64, piece: Piece<'_>) -> Result<(), WalError> {
        match piece {
            Piece::Record(record) => self.record(log, offset, record),
            Piece::LogBefore(told) => self.log_before(offset, told),
            Piece::TimestampSizes => Ok(()),
            Piece::Unknown(kind) => {
                self.report.warnings.push(format!(
                    "the log {} has a note of the unknown type {kind} at byte {offset}, which a later version of RocksDB wrote: it is skipped, as RocksDB does",
                    log.path.display()
                ));
                Ok(())
            }
        }
    }

    fn record(&mut self, log: &Log, offset: u64, record: &[u8]) -> Result<(), WalError> {
        let Self { manifest, replay, report, .. } = self;
        if let Some(records) = report.records.last_mut() {
            *records += 1;
        }
        let applied = replay
            .apply(log.number, record, |entry| {
                // What is in a log that the family does not need is in its tables; a dropped family has neither.
                if manifest.families.get(&entry.family).is_some_and(|family| log.number >= family.log_number) {
                    let counts = report.families.entry(entry.family).or_default();
                    counts.add(entry.sequence, entry.kind, entry.key, entry.value);
                }
            })
            .map_err(|error| WalError::Replay(offset, error))?;
        self.goes_on(log, offset, &applied)?;
        let next = applied.first.saturating_add(applied.taken);
        self.expected = Some(next);
        self.unknown_commit = applied.unknown_commit;
        self.last_record = self.last_record.max(applied.first);
        self.report.last_sequence = self.report.last_sequence.max(next.saturating_sub(1));
        Ok(())
    }

    /// Checks that a record follows the one before it.
    fn goes_on(&mut self, log: &Log, offset: u64, &Applied { first: found, .. }: &Applied) -> Result<(), WalError> {
        let after_tables = self.manifest.last_sequence.saturating_add(1);
        let expected = self.expected.unwrap_or(found.min(after_tables));
        if found < expected {
            return Err(WalError::Back { offset, expected, found, transactions: self.replay.two_phase });
        }
        if found > expected && found > after_tables {
            let expected = expected.max(after_tables);
            return Err(WalError::Gap { offset, expected, found, unknown_commit: self.unknown_commit });
        }
        if found > expected && !(expected..found).all(|number| self.is_ingested(number)) {
            let why = if self.unknown_commit {
                "a transaction whose prepare is in no log took them"
            } else {
                "the store's program wrote them without a log or ingested them"
            };
            self.doubts.push(format!(
                "sequence numbers {expected} to {} are in no log, before byte {offset} of the log {}: they are in tables when {why}; otherwise a log is missing",
                found - 1,
                log.path.display()
            ));
        }
        Ok(())
    }

    /// Whether a table holds just this sequence number: RocksDB gives one to each table that it ingests.
    fn is_ingested(&self, number: u64) -> bool {
        let mut tables = self.manifest.families.values().flat_map(|family| family.tables.values());
        tables.any(|file| file.sequences == Some((number, number)))
    }

    /// Checks what a log tells of the log before it.
    fn log_before(&mut self, offset: u64, told: LogBefore) -> Result<(), WalError> {
        match &self.before {
            Some((log, last)) if log.number == told.number => {
                if log.size < told.size || *last != told.last_sequence {
                    let (size, last) = (log.size, *last);
                    return Err(WalError::Before { offset, told, size, last });
                }
                Ok(())
            }
            // One that was never written to may be left out of a copy.
            _ if told.number >= self.first && told.last_sequence > 0 => Err(WalError::NoBefore { offset, told }),
            _ => Ok(()),
        }
    }

    fn end(mut self) -> LogReport {
        if self.unknown_commit {
            self.doubts.push(
                "the last write in the logs commits a transaction whose prepare is in no log: it had no entries, or they are in tables, or a log is missing"
                    .to_owned(),
            );
        }
        let Self { mut report, replay, doubts, .. } = self;
        report.warnings.extend(some_named(doubts.into_iter(), "gaps are in the numbers of the logs"));
        report.warnings.extend(some_named(
            replay.prepared.iter().map(|(name, transaction)| said_of(name, transaction)),
            "transactions are prepared and neither committed nor rolled back",
        ));
        report.two_phase = replay.two_phase;
        report.prepared = replay.prepared;
        report
    }
}

fn said_of(name: &[u8], transaction: &Prepared) -> String {
    format!(
        "the transaction \"{}\" ({} operations, in the log {:06}.log) is prepared and neither committed nor rolled back: it is left out",
        name.escape_ascii(),
        transaction.entries,
        transaction.log
    )
}

/// The first of some sentences, and how many more there are.
fn some_named(sentences: impl ExactSizeIterator<Item = String>, what: &str) -> Vec<String> {
    let more = sentences.len().saturating_sub(MOST_NAMED);
    let rest = (more > 0).then(|| format!("{more} more {what}"));
    sentences.take(MOST_NAMED).chain(rest).collect()
}

/// Whether any record of the logs prepares a transaction, as far as they can be read.
///
/// Errors: IO_FAILED, NOT_FOUND.
pub fn prepares(logs: &[Log]) -> Outcome<bool> {
    for log in logs {
        let file = File::open(&log.path).map_err(|error| Fault::io("opening", &log.path, &error))?;
        let reader = BufReader::with_capacity(1 << 20, file);
        let mut replay = Replay::default();
        let read = read_log::<WalError>(reader, Some(log.number as u32), |offset, piece| match piece {
            Piece::Record(record) => {
                replay.apply(log.number, record, |_| {}).map(drop).map_err(|error| WalError::Replay(offset, error))
            }
            _ => Ok(()),
        });
        if replay.two_phase {
            return Ok(true);
        }
        if let Err(WalError::Log(LogError::Io(error))) = read {
            return Err(Fault::io("reading", &log.path, &error));
        }
    }
    Ok(false)
}

/// The newest sequence number in a log, as far as it can be read; 0 when there is none.
///
/// Errors: IO_FAILED.
pub fn newest_sequence(log: &Log) -> Outcome<u64> {
    let file = match File::open(&log.path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(0),
        Err(error) => return Err(Fault::io("opening", &log.path, &error)),
    };
    let mut newest = 0;
    let reader = BufReader::with_capacity(1 << 20, file);
    let read = read_log::<WalError>(reader, Some(log.number as u32), |_, piece| {
        if let Piece::Record(record) = piece {
            newest =
                newest.max(numbers(record).map_or(0, |(first, count)| (first + u64::from(count)).saturating_sub(1)));
        }
        Ok(())
    });
    match read {
        Err(WalError::Log(LogError::Io(error))) => Err(Fault::io("reading", &log.path, &error)),
        _ => Ok(newest),
    }
}
