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

use crate::error::{Fault, Outcome, Reason as _};
use crate::files::log_file::{read_log, End, LogBefore, Piece};
use crate::files::log_replay::{Applied, Prepared, Replay};
use crate::files::manifest::Manifest;
use crate::files::named_logs::LogName;
use crate::files::wal::{Log, LogReport};
use crate::files::write_batch::{numbers, BATCH_HEADER};
use crate::read::log_doubts::{some_named, Doubts};
use crate::read::log_faults::{said_of_end, WalError};
use crate::read::log_looks::begins_with_note;
use crate::read::overtaken::Ingested;
use crate::read::unflushed::Unflushed;

/// Which logs a store needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Needed {
    /// None with a smaller number.
    pub first: u64,
    /// The oldest that holds what no table has; none when that is not known.
    pub oldest: Option<u64>,
    /// Whether `oldest` is what is most likely, and not known.
    pub is_supposed: bool,
    /// The greatest sequence number that tables had when `oldest` was begun; none when that is not known.
    pub begun_at: Option<u64>,
    /// Logs from this number on were written since the store was last opened.
    pub session: u64,
    /// Each log from this number on had something in it before the next one was begun.
    pub filled: u64,
    /// Whether the store commits in two phases.
    pub two_phase: bool,
}

/// Reads all records of `logs`, which are those that count for the store of `manifest`.
///
/// Errors: STORE_LOG_DAMAGED with the file; STORE_UNSUPPORTED for transactions that can't be read; NOT_FOUND when a log vanished meanwhile.
pub fn check_logs(logs: &[Log], manifest: &Manifest, needed: &Needed) -> Outcome<LogReport> {
    let mut check = Check::new(manifest, needed);
    check.replay.two_phase = needed.two_phase;
    for (index, log) in logs.iter().enumerate() {
        check.begin();
        let file = File::open(&log.path).map_err(|error| Fault::io("opening", &log.path, &error))?;
        let reader = BufReader::with_capacity(1 << 20, file);
        let end =
            read_log::<WalError>(reader, Some(log.number as u32), |offset, piece| check.piece(log, offset, piece));
        let end = end.map_err(|error| error.fault(log))?;
        check.report.torn.extend(said_of_end(log, end));
        let is_finished = log.number >= needed.session && index + 1 < logs.len();
        let is_empty = check.report.records.last() == Some(&0) && !begins_with_note(log)?;
        if is_finished && is_empty && log.number >= needed.filled {
            return Err(WalError::Empty.fault(log));
        }
        if is_empty && needed.oldest == Some(log.number) {
            check.least = needed.begun_at.map(|sequence| sequence + 1);
        }
        check.is_cut = is_finished && matches!(end, End::Torn { .. });
        check.before = Some((log.clone(), check.last_record));
    }
    match check.deferred.take() {
        Some(fault) => Err(fault),
        None => Ok(check.end()),
    }
}

/// The state of a check, from record to record.
struct Check<'a> {
    manifest: &'a Manifest,
    needed: &'a Needed,
    replay: Replay,
    report: LogReport,
    /// The number that the next record must have; none before the first record.
    expected: Option<u64>,
    /// The number that the first record must have when the oldest log that is needed has none, as far as that is known.
    least: Option<u64>,
    /// Whether the last record commits a transaction whose prepare is in no log, which may have taken numbers from `expected` on.
    unknown_commit: bool,
    /// Whether that prepare was in a log which MANIFEST has let go, as all of it is in tables: each that is older than the first that it keeps.
    is_released: bool,
    ingested: Ingested<'a>,
    /// Entries that tables should have by their logs' numbers, and can't have by their own.
    unflushed: Unflushed,
    /// Whether the log before is not whole, although another one was begun behind it.
    is_cut: bool,
    /// Sequence number of this log's last record so far; 0 before its first one.
    last_record: u64,
    /// The log before, with the sequence number of its last record.
    before: Option<(Log, u64)>,
    doubts: Doubts,
    /// Whether the last record is a batch of nothing. It takes a number where transactions are written before they are committed, and none elsewhere.
    is_void: bool,
    /// A number that such a batch may have taken: an error, unless a record behind it says what transactions these are.
    deferred: Option<Fault>,
}

impl<'a> Check<'a> {
    fn new(manifest: &'a Manifest, needed: &'a Needed) -> Self {
        Self {
            manifest,
            needed,
            replay: Replay::default(),
            report: LogReport { last_sequence: manifest.last_sequence, ..LogReport::default() },
            expected: None,
            least: None,
            unknown_commit: false,
            is_released: false,
            ingested: Ingested::new(manifest),
            unflushed: Unflushed::default(),
            is_cut: false,
            last_record: 0,
            before: None,
            doubts: Doubts::default(),
            is_void: false,
            deferred: None,
        }
    }

    fn begin(&mut self) {
        self.report.records.push(0);
        self.last_record = 0;
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
        let first = numbers(record).map_or(0, |(first, _)| first);
        let Self { manifest, replay, report, ingested, unflushed, .. } = self;
        let (mut older, mut overtaken) = (None, None);
        if let Some(records) = report.records.last_mut() {
            *records += 1;
        }
        let applied = replay
            .apply(log.number, record, |entry| {
                let family = manifest.families.get(&entry.family);
                if family.is_none() && log.number > manifest.number {
                    report.unknown_families.insert(entry.family);
                }
                // What is in a log that the family does not need is in its tables; a dropped family has neither.
                let Some(family) = family else { return };
                if log.number < family.log_number {
                    unflushed.add(family, first, &entry, &log.path);
                } else {
                    if entry.sequence <= family.in_tables {
                        older.get_or_insert((entry.sequence, entry.family));
                    }
                    overtaken = overtaken.or(ingested.overtakes(&entry).map(|table| (entry.sequence, table)));
                    let counts = report.families.entry(entry.family).or_default();
                    counts.add(entry.sequence, entry.kind, entry.key, entry.value);
                }
            })
            .map_err(|error| WalError::Replay(offset, error))?;
        if let Some((sequence, family)) = older {
            let family = self.manifest.families.get(&family).map(|family| (family.name.clone(), family.in_tables));
            let (family, flushed) = family.unwrap_or_default();
            return Err(WalError::Older { offset, sequence, family, flushed });
        }
        if let Some((sequence, table)) = overtaken {
            return Err(WalError::Overtaken { offset, sequence, table });
        }
        match self.goes_on(log, offset, &applied) {
            Err(gap @ WalError::Gap { expected, found, .. }) if self.is_void && found == expected + 1 => {
                self.deferred.get_or_insert_with(|| gap.fault(log));
            }
            result => result?,
        }
        self.is_void = record.len() == BATCH_HEADER;
        let next = applied.first.saturating_add(applied.taken);
        self.expected = Some(next);
        self.unknown_commit = applied.unknown_commit;
        self.is_released = applied.unknown_commit && self.is_first_kept(log.number);
        self.last_record = self.last_record.max(applied.first);
        self.report.last_sequence = self.report.last_sequence.max(next.saturating_sub(1));
        Ok(())
    }

    /// Whether no log can be missing between those that MANIFEST has let go and this one: it is the first that is kept, or that of the opening which
    /// told that all before it were.
    fn is_first_kept(&self, log: u64) -> bool {
        let kept = self.manifest.min_log_to_keep;
        let is_of_opening = self.manifest.named_logs.get(kept) == Some(LogName::Opening) && log == self.needed.session;
        log == kept || is_of_opening
    }

    /// Checks that a record follows the one before it.
    fn goes_on(&mut self, log: &Log, offset: u64, &Applied { first: found, .. }: &Applied) -> Result<(), WalError> {
        let after_tables = self.manifest.last_sequence.saturating_add(1);
        // What no log has before the oldest that is needed was flushed into tables, or nothing was left of it.
        let is_first = self.report.records.last() == Some(&1);
        let starts = is_first && self.needed.oldest == Some(log.number);
        let begins = self.expected.is_none();
        let is_cut = is_first && std::mem::take(&mut self.is_cut);
        let expected = match self.expected {
            Some(expected) if starts && !is_cut => expected.max(found),
            Some(expected) => expected,
            None if starts => found,
            None => found.min(after_tables).min(self.least.unwrap_or(found)),
        };
        let due = self.expected.unwrap_or(0).max(after_tables);
        if starts && self.needed.is_supposed && found > due {
            self.doubts.add_before(log, due..found);
        }
        if found < expected {
            return Err(WalError::Back { offset, expected, found, transactions: self.replay.two_phase });
        }
        // Nor is anything left of a family that was dropped.
        // Of a commit whose prepare was let go all is in tables, or nothing was left of it. Behind the end of its log another one may be missing.
        let is_released = self.is_released && !is_first;
        let is_nowhere = found > after_tables && !(begins && self.manifest.has_dropped()) && !is_released;
        if found > expected && (is_nowhere || is_cut) {
            let expected = if is_cut { expected } else { expected.max(after_tables) };
            return Err(WalError::Gap { offset, expected, found, unknown_commit: self.unknown_commit });
        }
        if found > expected && !is_released {
            self.doubts.add_gap(self.manifest, (log, offset), expected..found, self.unknown_commit);
        }
        Ok(())
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
            _ if told.number >= self.needed.first && told.last_sequence > 0 => Err(WalError::NoBefore { offset, told }),
            _ => Ok(()),
        }
    }

    fn end(mut self) -> LogReport {
        if self.unknown_commit && !self.is_released {
            self.doubts.add_last_commit();
        }
        let Self { manifest, unflushed, mut report, replay, doubts, .. } = self;
        report.warnings.extend(unflushed.warnings(manifest));
        report.warnings.extend(doubts.warnings(replay.early));
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

#[cfg(test)]
pub mod tests;
