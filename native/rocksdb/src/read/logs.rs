//! Which write-ahead logs count for a store, and whether all of them are there.
//!
//! Contract: only reads.

use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

use crate::error::{Fault, Outcome};
use crate::files::info_log::logs_at_opening;
use crate::files::listing::names;
use crate::files::log_replay::Replay;
use crate::files::wal::{list_logs, Log, LogReport};
use crate::files::write_batch::numbers;
use crate::read::known_logs::{filled_logs, former_log, known_logs, needed_logs};
use crate::read::log_check::check_logs;
use crate::read::log_looks::{content_of, first_of_other, newest_sequence, prepares};
use crate::read::lost_families::lost_families;
use crate::read::point::Point;
use crate::read::unflushed::Unflushed;

const FIND_LOGS: &str =
    "copy the store again with all its .log files; its program may keep them in another directory (wal_dir)";

const CHANGED: &str = "logs changed places, or MANIFEST is of another time: copy the store again from its origin or a backup, or save what is sound with `kgdump recover`";

/// Bytes at the beginning of a store's LOG, in which its last opening stands.
const DIARY_BYTES: u64 = 1 << 20;

/// Bytes of a log that may hold nothing but transactions without entries.
const MOST_COMPARED: u64 = 1 << 20;

/// Reads and checks the logs that count for the store at `store`, as it is at `point`. Returns them, too.
///
/// Errors: STORE_LOG_DAMAGED when a log is damaged or missing, STORE_UNSUPPORTED, and what reading fails with.
pub fn read_logs(store: &Path, point: &Point) -> Outcome<(Vec<Log>, LogReport)> {
    let manifest = &point.manifest;
    check_tracked(point)?;
    let unflushed = manifest.first_log(false);
    let older = point.logs.partition_point(|log| log.number < unflushed);
    // OPTIONS may be lost or from before: the logs tell, too.
    let two_phase = point.two_phase() || prepares(&point.logs[..older])?;
    let logs = if two_phase { &point.logs[..] } else { &point.logs[older..] };
    let needed = needed_logs(point, two_phase);
    let mut report = check_logs(logs, manifest, &needed)?;
    report.two_phase |= two_phase;
    check_named(store, point, &mut report)?;
    check_oldest(point, &mut report);
    check_diary(store, point, needed.first, &mut report);
    let all = list_logs(point.wal_directory.as_deref().unwrap_or(&point.files), 0)?;
    let told = check_obsolete(point, &all, manifest.first_log(true), &report)?;
    report.warnings.extend(told.warnings(manifest));
    report.warnings.extend(same_logs(&all, needed.first)?);
    // Of a store that somebody writes to, OPTIONS and logs are of a later moment than MANIFEST.
    if !point.growing {
        let lost = lost_families(manifest, point.options.first(), &report.unknown_families);
        report.warnings.extend(lost);
    }
    Ok((logs.to_vec(), report))
}

/// Checks the logs that MANIFEST keeps track of.
fn check_tracked(point: &Point) -> Outcome<()> {
    let first = point.manifest.first_log(true);
    for (number, synced) in point.manifest.tracked_logs.synced().filter(|&(number, _)| number >= first) {
        let Some(log) = point.logs.iter().find(|log| log.number == number) else {
            return Err(missing(point, number, "the store's MANIFEST keeps track of it"));
        };
        if log.size < synced {
            return Err(Fault::new(
                "STORE_LOG_DAMAGED",
                format!(
                    "the log {} has {} bytes, but the store had {synced} of it on the disk",
                    log.path.display(),
                    log.size
                ),
            )
            .at(&log.path)
            .hint("copy the store again from its origin or a backup, or save what is sound with `kgdump recover`"));
        }
    }
    Ok(())
}

/// Checks that the logs are there which MANIFEST names: the newest is not older than any of them, as RocksDB begins a log before it names
/// it, and each that RocksDB has begun and not let go.
///
/// Checkpoints and backups leave out a log that is empty, and have never been opened for writing. RocksDB begins no log while the last one
/// is empty, so only the newest may be left out.
fn check_named(store: &Path, point: &Point, report: &mut LogReport) -> Outcome<()> {
    let manifest = &point.manifest;
    let newest = point.logs.last().map_or(0, |log| log.number);
    let families = manifest.families.values().map(|family| family.log_number);
    let most = families.chain([manifest.min_log_to_keep]).max().filter(|&number| number > newest);
    let known = known_logs(point);
    let gone: Vec<u64> = known.into_iter().filter(|&number| !point.has_log(number)).chain(most).collect();
    let Some(&number) = gone.iter().max() else {
        report.warnings.extend(former_log(point).map(|log| left_out(log, "the store was once")));
        return Ok(());
    };
    let filled = filled_logs(point)..newest.max(number);
    let is_followed = gone.iter().any(|number| filled.contains(number));
    if is_followed || was_written_to(store)? {
        let why = if number > newest { ", and no newer log is there" } else { "" };
        return Err(missing(point, number, &format!("the store's MANIFEST names it{why}")));
    }
    report.warnings.push(left_out(number, "this is"));
    Ok(())
}

fn left_out(log: u64, is: &str) -> String {
    format!(
        "the log {log:06}.log, which the store's MANIFEST names, is not there: nothing is missing when {is} a checkpoint or a backup, which leave out empty logs"
    )
}

/// Tells of a log that is kept for transactions only, and is not there. A family that was dropped may have needed it, too. (A number that a
/// family needed may be one that no log ever had.)
fn check_oldest(point: &Point, report: &mut LogReport) {
    let manifest = &point.manifest;
    let kept = manifest.min_log_to_keep;
    let needed = manifest.families.values().map(|family| family.log_number).min().unwrap_or(0);
    let is_kept_for_a_family = manifest.named_logs.get(kept).is_some();
    let is_there = point.logs.first().is_some_and(|log| log.number == kept);
    if report.two_phase && kept > 0 && kept < needed && !is_kept_for_a_family && !is_there {
        report.warnings.push(format!(
            "the store's MANIFEST keeps the log {kept:06}.log for a prepared transaction or for a family that was dropped since, and it is not there: that transaction may be missing"
        ));
    }
}

/// Tells of logs that were there when the store was last opened, are needed from number `first` on, and are not there any more.
fn check_diary(store: &Path, point: &Point, first: u64, report: &mut LogReport) {
    let mut text = Vec::new();
    // It is no part of the store: one that can't be read is as none.
    let read = File::open(store.join("LOG")).and_then(|file| file.take(DIARY_BYTES).read_to_end(&mut text));
    if read.is_err() {
        return;
    }
    let needed = logs_at_opening(&String::from_utf8_lossy(&text)).into_iter().filter(|&number| number >= first);
    let gone: Vec<String> =
        needed.filter(|number| !point.has_log(*number)).map(|number| format!("{number:06}.log")).collect();
    if !gone.is_empty() {
        report.warnings.push(format!(
            "{} was there when the store was last opened, as its LOG says, may still be needed, and is not there: entries may be missing",
            gone.join(", ")
        ));
    }
}

/// Checks that no log which MANIFEST does not need is newer than all that it does: logs that changed places, or a MANIFEST of another time. Returns what
/// these logs hold that tables can't have of them.
fn check_obsolete(point: &Point, all: &[Log], first: u64, report: &LogReport) -> Outcome<Unflushed> {
    // A file that is used again gets another name, so that the log which it held is not there any more.
    // (What is held of a store that is written to may have both.)
    for log in point.logs.iter().filter(|_| !point.growing) {
        let other = first_of_other(log)?;
        if let Some(other) = other.and_then(|number| all.iter().find(|other| other.number as u32 == number)) {
            let message = format!("the log {} holds what is in {}", log.path.display(), other.path.display());
            return Err(Fault::new("STORE_LOG_DAMAGED", message).at(&log.path).hint(CHANGED));
        }
    }
    let (mut replay, mut unflushed) = (Replay::default(), Unflushed::default());
    for log in all.iter().filter(|log| log.number < first) {
        let newest = newest_sequence(log, |record| {
            // What can't be replayed is not needed.
            let _ = replay.apply(log.number, record, |entry| {
                if let Some(family) = point.manifest.families.get(&entry.family) {
                    unflushed.add(family, numbers(record).map_or(0, |(first, _)| first), &entry, &log.path);
                }
            });
        })?;
        let why = match newest {
            None => "holds records of a later log".to_owned(),
            Some(newest) if newest > report.last_sequence => format!(
                "has sequence numbers up to {newest}, but the store's MANIFEST does not need it, and tables and other logs end with {}",
                report.last_sequence
            ),
            Some(_) => continue,
        };
        return Err(Fault::new("STORE_LOG_DAMAGED", format!("the log {} {why}", log.path.display()))
            .at(&log.path)
            .hint(CHANGED));
    }
    Ok(unflushed)
}

/// Tells of logs from number `first` on that hold the same as another one. With entries in them their numbers tell, but transactions without entries take none.
fn same_logs(all: &[Log], first: u64) -> Outcome<Vec<String>> {
    let mut by_size: BTreeMap<u64, Vec<&Log>> = BTreeMap::new();
    for log in all.iter().filter(|log| log.size <= MOST_COMPARED) {
        by_size.entry(log.size).or_default().push(log);
    }
    let mut said = Vec::new();
    for alike in by_size.values().filter(|alike| alike.len() > 1 && alike.iter().any(|log| log.number >= first)) {
        let mut contents: HashMap<u64, &Log> = HashMap::new();
        for &log in alike {
            let Some(content) = content_of(log)? else { continue };
            let Some(other) = contents.insert(content, log) else { continue };
            said.push(format!(
                "the logs {} and {} have the same content: one of them may have replaced another log",
                other.path.display(),
                log.path.display()
            ));
        }
    }
    Ok(said)
}

/// The error of a log that is not there.
fn missing(point: &Point, number: u64, why: &str) -> Fault {
    let directory = point.wal_directory.as_deref().unwrap_or(&point.files);
    let path = directory.join(format!("{number:06}.log"));
    let archived = directory.join("archive").join(format!("{number:06}.log"));
    let hint = if archived.is_file() {
        format!("{} may be it: copy it back beside the other logs", archived.display())
    } else {
        FIND_LOGS.to_owned()
    };
    Fault::new("STORE_LOG_DAMAGED", format!("the log {} is missing: {why}", path.display())).at(&path).hint(hint)
}

/// Whether RocksDB ever opened the store for writing: it leaves a LOCK and a LOG of its own then.
fn was_written_to(store: &Path) -> Outcome<bool> {
    let begun = names(store)?.iter().any(|name| name == "LOG" || name.starts_with("LOG.old."));
    Ok(begun || fs::symlink_metadata(store.join("LOCK")).is_ok())
}

#[cfg(test)]
mod tests;
