//! What is sound of a store's write-ahead logs.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use crate::error::{Fault, Outcome, Reason as _};
use crate::files::log_file::{read_log, End, LogError, Piece};
use crate::files::log_replay::{Entry, Replay, ReplayError};
use crate::files::log_sound::{read_sound, Found};
use crate::files::manifest::Manifest;
use crate::files::table::kind;
use crate::files::wal::Log;
use crate::files::write_batch::Kind;

use super::losses::Loss;
use super::run::MemoryRun;
use super::table_survey::RangeDeletion;

const MISSING: &str = "entries before it are in no file: a log is missing, or was not written";

/// What the logs hold of one family.
#[derive(Default)]
pub struct LogEntries {
    pub run: MemoryRun,
    pub range_deletions: Vec<RangeDeletion>,
    pub entries: u64,
}

/// What the logs hold.
#[derive(Default)]
pub struct SurveyedLogs {
    pub families: BTreeMap<u32, LogEntries>,
    pub losses: Vec<Loss>,
    /// Sequence numbers, from and up to, and the number of the log that has them.
    pub ranges: Vec<(u64, u64, u64)>,
    pub remarks: Vec<String>,
}

/// Reads all sound records of `logs`. `manifest` is what is known of the store, if anything.
///
/// Errors: those of the disk.
pub fn survey_logs(logs: &[Log], manifest: Option<&Manifest>) -> Outcome<SurveyedLogs> {
    let mut survey = Survey {
        manifest,
        // A flush may drop entries, so that a gap before the first log proves nothing.
        next: None,
        seen: None,
        replay: Replay::default(),
        found: SurveyedLogs::default(),
    };
    let newest = manifest.and_then(|manifest| manifest.families.values().map(|family| family.log_number).max());
    if let Some(newest) = newest.filter(|&newest| newest > 0 && logs.last().is_none_or(|log| log.number < newest)) {
        let name = format!("{newest:06}.log");
        survey.found.losses.push(Loss::of_file(None, &name, "the log is missing, or one that was newer"));
    }
    for log in logs {
        survey.log(log)?;
    }
    let prepared = survey.replay.prepared.len();
    if prepared > 0 {
        survey.found.remarks.push(format!(
            "{prepared} prepared transactions were neither committed nor rolled back: they are left out"
        ));
    }
    Ok(survey.found)
}

struct Survey<'m> {
    manifest: Option<&'m Manifest>,
    /// The sequence number that should come next, if that is known.
    next: Option<u64>,
    /// The one that comes behind the last record that was read.
    seen: Option<u64>,
    replay: Replay,
    found: SurveyedLogs,
}

enum Stop {
    Log(LogError),
}

impl From<LogError> for Stop {
    fn from(error: LogError) -> Self {
        Self::Log(error)
    }
}

impl Survey<'_> {
    fn log(&mut self, log: &Log) -> Outcome<()> {
        let name = log.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let open = || File::open(&log.path).map_err(|error| Fault::io("opening", &log.path, &error));
        let mut records = Vec::new();
        let mut damaged = false;
        let reader = BufReader::with_capacity(1 << 20, open()?);
        let strict = read_log::<Stop>(reader, Some(log.number as u32), |offset, piece| {
            if let Piece::Record(record) = piece {
                records.push((offset, Some(record.to_vec())));
            }
            Ok(())
        });
        let (mut reason, mut torn) = (String::new(), None);
        match strict {
            Ok(End::Torn { offset, dropped } | End::Rest { offset, length: dropped }) => {
                let why = format!("it ends within a write that was never completed, or was cut off ({dropped} bytes)");
                torn = Some(Loss::of_file(None, &name, why).at(offset));
            }
            Ok(End::Clean) => {}
            Err(Stop::Log(LogError::Io(error))) => return Err(Fault::io("reading", &log.path, &error)),
            Err(Stop::Log(LogError::Damaged { offset, reason: why })) => {
                reason = format!("damaged at byte {offset}: {why}");
                damaged = true;
            }
        }
        // RocksDB leaves a log that has no record empty, or with what another one held.
        if records.is_empty() && !damaged && begins_with_zeros(&log.path) {
            torn = torn.or_else(|| Some(Loss::of_file(None, &name, "it holds zeros and no record").at(0)));
        }
        if damaged {
            records.clear();
            let read = read_sound(open()?, Some(log.number as u32), |found| match found {
                Found::Record(offset, record) => records.push((offset, Some(record.to_vec()))),
                // What is torn is told by itself.
                Found::Hole(_) if torn.is_some() => {}
                Found::Hole(offset) => records.push((offset, None)),
            });
            read.map_err(|error| Fault::io("reading", &log.path, &error))?;
        }
        let mut hole = None;
        for (offset, record) in records {
            match record {
                None => hole = hole.or(Some(offset)),
                Some(record) => self.record(log.number, &name, offset, &record, &mut hole, &mut reason),
            }
        }
        // What comes behind all that was read has higher numbers.
        let seen = self.seen.unwrap_or(0);
        self.found.losses.extend(torn.map(|loss| loss.since(seen)));
        if let Some(offset) = hole {
            // Nobody tells how much came behind.
            self.found.losses.push(Loss::of_file(None, &name, &reason).at(offset).since(seen));
            (self.next, self.seen) = (None, None);
        }
        Ok(())
    }

    fn record(
        &mut self,
        number: u64,
        name: &str,
        offset: u64,
        record: &[u8],
        hole: &mut Option<u64>,
        reason: &mut String,
    ) {
        let Self { manifest, found, .. } = self;
        let applied = self.replay.apply(number, record, |entry| {
            let flushed = manifest.is_some_and(|manifest| {
                manifest.families.get(&entry.family).is_none_or(|family| number < family.log_number)
            });
            if !flushed {
                keep(found.families.entry(entry.family).or_default(), entry);
            }
        });
        let applied = match applied {
            Ok(applied) => applied,
            Err(error) => {
                if reason.is_empty() {
                    *reason = match error {
                        ReplayError::Unreadable(error) => error.to_string(),
                        ReplayError::Policy(_) => "a transaction of a write policy that is not read here".to_owned(),
                        ReplayError::PreparedTwice(_) => "a transaction was prepared twice".to_owned(),
                    };
                }
                *hole = hole.or(Some(offset));
                return;
            }
        };
        if applied.unknown_commit {
            let why = "a transaction is committed whose beginning is lost";
            found.losses.push(Loss::of_file(None, name, why).at(offset));
        }
        let damaged_at = hole.take();
        if applied.taken > 0 {
            let gap = self.next.map_or(0, |next| applied.first.saturating_sub(next));
            // What a hole took away is told by the record before it, not by what tables hold.
            let lost = match damaged_at {
                Some(_) => self.seen.map(|seen| applied.first.saturating_sub(seen)),
                None => Some(gap),
            };
            if lost != Some(0) {
                let why = if damaged_at.is_some() { reason.as_str() } else { MISSING };
                let first = if damaged_at.is_some() { self.seen } else { self.next };
                let loss = Loss::of_file(None, name, why).at(damaged_at.unwrap_or(offset)).since(first.unwrap_or(0));
                found.losses.push(loss.up_to(applied.first.saturating_sub(1)).counting(lost));
            }
            let behind = applied.first.saturating_add(applied.taken);
            self.seen = Some(behind);
            found.ranges.push((applied.first, behind, number));
            self.next = Some(self.next.map_or(behind, |next| next.max(behind)));
        } else if let Some(offset) = damaged_at {
            *hole = Some(offset);
        }
    }
}

/// Whether a file's first record is zeros. One that can't be read was told of before.
fn begins_with_zeros(path: &Path) -> bool {
    let mut head = [1; 7];
    File::open(path).is_ok_and(|mut file| file.read_exact(&mut head).is_ok()) && head == [0; 7]
}

fn keep(family: &mut LogEntries, entry: Entry<'_>) {
    let kind = match entry.kind {
        Kind::Put => kind::VALUE,
        Kind::TimedPut => kind::VALUE_WITH_WRITE_TIME,
        Kind::Entity => kind::WIDE_COLUMNS,
        Kind::BlobIndex => kind::BLOB_INDEX,
        Kind::Deletion => kind::DELETION,
        Kind::SingleDeletion => kind::SINGLE_DELETION,
        Kind::Merge => kind::MERGE,
        Kind::RangeDeletion => {
            family.range_deletions.push((entry.key.to_vec(), entry.value.to_vec(), entry.sequence));
            return;
        }
    };
    let mut internal = entry.key.to_vec();
    internal.extend_from_slice(&(entry.sequence << 8 | u64::from(kind)).to_le_bytes());
    family.run.push(&internal, entry.value);
    family.entries += 1;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::family::Family;
    use crate::files::temporary::Directory;

    #[test]
    fn the_newest_log_that_any_family_needs_is_there() {
        let directory = Directory::new("newest-log");
        // From which log on each family needs logs, the logs that are there, and the one that is missing.
        for (needed, there, missing) in [
            (&[0][..], &[][..], None),
            (&[3], &[], Some("000003.log")),
            (&[3], &[3], None),
            (&[3, 7], &[3, 7], None),
            (&[3, 7], &[3], Some("000007.log")),
            (&[7, 3], &[3, 5], Some("000007.log")),
            (&[7, 0], &[], Some("000007.log")),
            (&[3, 7], &[9], None),
        ] {
            let family = |&log_number: &u64| Family { log_number, ..Family::default() };
            let families = (0..).zip(needed.iter().map(family)).collect();
            let manifest = Manifest { families, ..Manifest::default() };
            let log = |&number: &u64| {
                let path = directory.0.join(format!("{number:06}.log"));
                File::create(&path).unwrap();
                Log { number, path, size: 0 }
            };
            let logs: Vec<Log> = there.iter().map(log).collect();
            let losses = survey_logs(&logs, Some(&manifest)).unwrap().losses;
            let files: Vec<_> = losses.iter().map(|loss| loss.file.as_str()).collect();
            assert_eq!(files, Vec::from_iter(missing), "{needed:?}, {there:?}");
        }
    }
}
