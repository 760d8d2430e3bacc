//! The logs that must be there by what MANIFEST tells.
//!
//! Contract: only reads.

use std::collections::BTreeSet;

use crate::files::manifest::Manifest;
use crate::files::named_logs::LogName;
use crate::files::options_file::OptionsFile;
use crate::read::log_check::Needed;
use crate::read::point::Point;

/// RocksDB begins a MANIFEST while the store is open when the last one has more bytes than this: 1 GiB, unless the store's program asks
/// for another limit. With a small one it can't be told any more which MANIFEST was begun at an opening.
const MANIFEST_LIMIT: &str = "max_manifest_file_size";
const LEAST_LIMIT: u64 = 16 << 20;

/// So far behind MANIFEST may the numbers of OPTIONS be that are written at an opening: some programs change options of every family then.
const MOST_BEHIND: u64 = 10_000;
/// The MANIFEST that a new store begins with has this number or a smaller one.
const FIRST_MANIFEST: u64 = 5;

/// The logs that RocksDB has begun and not let go, as far as MANIFEST tells. Versions that don't tell which logs they keep remove some that
/// MANIFEST names.
pub fn known_logs(point: &Point) -> BTreeSet<u64> {
    let manifest = &point.manifest;
    let mut known: BTreeSet<u64> = manifest.named_logs.begun().collect();
    // As long as no other log was begun, none was let go.
    if !manifest.tells_kept && known.iter().any(|&log| log > manifest.number) {
        return BTreeSet::new();
    }
    known.extend(log_of_opening(point));
    known.extend(last_log_read(point));
    known.split_off(&manifest.min_log_to_keep)
}

/// Which logs the store needs.
pub fn needed_logs(point: &Point, two_phase: bool) -> Needed {
    let manifest = &point.manifest;
    let opening = log_of_opening(point);
    let unflushed = manifest.first_log(false);
    // A log of the number that MANIFEST keeps first is the first that is needed: none can be missing before it.
    let kept = Some(manifest.min_log_to_keep).filter(|&kept| kept > 0 && kept == unflushed && point.has_log(kept));
    let name = manifest.named_logs.get(unflushed);
    let is_told = kept.is_some() || opening.is_some() || name != Some(LogName::Opening);
    let supposed = if is_told { None } else { supposed_log(point) };
    let oldest = match name {
        _ if kept.is_some() => kept,
        Some(LogName::Begun) => Some(unflushed),
        Some(LogName::Opening) => opening.or(supposed),
        _ if manifest.number <= FIRST_MANIFEST || !keeps_logs(point) => opening,
        Some(LogName::Former) | None => None,
    };
    let told_at = manifest.families.values().filter(|family| family.log_number == unflushed);
    let begun_at = told_at.map(|family| family.flushed_to).min();
    Needed {
        begun_at: begun_at.filter(|_| name == Some(LogName::Opening)),
        first: manifest.first_log(two_phase),
        oldest,
        is_supposed: supposed.is_some(),
        session: opening.unwrap_or(manifest.number),
        filled: filled_logs(point),
        two_phase,
    }
}

/// From which number on every log had something in it before the next one was begun. An opening that keeps the logs that it reads takes its
/// own log for filled as well.
pub fn filled_logs(point: &Point) -> u64 {
    log_of_opening(point).filter(|_| !keeps_logs(point)).unwrap_or(point.manifest.number)
}

/// Whether openings keep logs that they have read, instead of flushing all that was in them; also when that is not known.
fn keeps_logs(point: &Point) -> bool {
    let is_off = |name| options_of(point).is_some_and(|file| file.database.get(name).is_some_and(|it| it == "false"));
    !(is_off("avoid_flush_during_recovery") && is_off("allow_2pc"))
}

/// OPTIONS that the opening of MANIFEST wrote, or that its program wrote right after it: each takes two numbers, one of them for a name that
/// is used for a moment, and nothing else has any of them.
fn options_of(point: &Point) -> Option<&OptionsFile> {
    let begun = point.manifest.number;
    let is_other = |number: u64| is_other(point, number);
    point.options.iter().rev().find(|file| {
        let behind =
            file.number.checked_sub(begun).filter(|behind| (1..=MOST_BEHIND).contains(behind) && behind % 2 == 0);
        behind.is_some_and(|behind| !(1..=behind).any(|step| is_other(begun + step)))
    })
}

/// The log that was begun at the opening that MANIFEST is of: it has the number before MANIFEST's, as OPTIONS have the second one behind.
/// (Older versions begin the log later.)
fn log_of_opening(point: &Point) -> Option<u64> {
    let limit = options_of(point)?.database.get(MANIFEST_LIMIT)?.parse::<u64>().ok()?;
    let log = point.manifest.number.checked_sub(1)?;
    (limit >= LEAST_LIMIT && !has_file(&point.manifest, log)).then_some(log)
}

/// The newest log that the opening read, when it kept what it read: families without entries in those logs need the number behind it from then on, and
/// another one still needs older logs. (The log that the opening began may have that number, too, and be named by a flush.)
fn last_log_read(point: &Point) -> Option<u64> {
    let manifest = &point.manifest;
    let is_own = |number: u64| point.has_log(number) || number + 1 == manifest.number;
    let last = manifest.named_logs.openings().filter(|&number| !is_own(number)).max()?.checked_sub(1)?;
    (last >= manifest.first_log(false) && !has_file(manifest, last)).then_some(last)
}

/// A log of an earlier session that is not there, although a family may need it. An opening names the number behind a log, so that one behind that of
/// another file is of a log that a flush named. Nothing is missing when it was empty and the store is a copy that was opened since.
pub fn former_log(point: &Point) -> Option<u64> {
    let manifest = &point.manifest;
    let is_of_file = |number: u64| has_file(manifest, number) || point.options.iter().any(|file| file.number == number);
    let is_gone = |&log: &u64| log > manifest.first_log(false) && !point.has_log(log) && is_of_file(log - 1);
    manifest.named_logs.formers().filter(is_gone).max()
}

/// The log that an opening most likely began when nothing tells it for certain: OPTIONS are missing, or let MANIFEST be begun while the store is
/// open. That takes a number behind those of the tables that it tells of, and so hardly ever follows that of a log.
fn supposed_log(point: &Point) -> Option<u64> {
    point.manifest.number.checked_sub(1).filter(|&log| point.has_log(log))
}

/// Whether a number is that of a table, a blob file or a log.
fn is_other(point: &Point, number: u64) -> bool {
    let is_log = point.has_log(number) || point.manifest.named_logs.begun().any(|log| log == number);
    is_log || has_file(&point.manifest, number)
}

/// Whether a number is or was that of a table, or is that of a blob file.
fn has_file(manifest: &Manifest, number: u64) -> bool {
    let mut families = manifest.families.values();
    manifest.gone.contains(&number)
        || families.any(|family| family.tables.contains_key(&number) || family.blobs.contains_key(&number))
}
