use std::fs;

use super::*;
use crate::files::family::Family;
use crate::files::table::checksum::mask;

/// Tags of a batch's operations.
pub const PUT: &[u8] = b"\x01\x01k\x01v";
pub const COMMIT: &[u8] = b"\x0b\x01x";
const LOG_BEFORE: u8 = 130;

/// One physical record.
pub fn record(kind: u8, payload: &[u8]) -> Vec<u8> {
    let typed = [&[kind], payload].concat();
    let head = [&mask(crc32c::crc32c(&typed)).to_le_bytes()[..], &(payload.len() as u16).to_le_bytes()].concat();
    [head, typed].concat()
}

/// A record with a batch: its first sequence number, how many entries, and the operations.
pub fn batch(sequence: u64, count: u32, operations: &[u8]) -> Vec<u8> {
    record(1, &[&sequence.to_le_bytes()[..], &count.to_le_bytes(), operations].concat())
}

/// What a log tells of the one before.
fn before(number: u64, size: u64, last: u64) -> Vec<u8> {
    record(LOG_BEFORE, &[number, size, last].map(u64::to_le_bytes).concat())
}

/// A family that needs the logs from this number on.
pub fn family(log_number: u64) -> Family {
    Family { name: b"default".to_vec(), log_number, ..Family::default() }
}

fn manifest(last_sequence: u64) -> Manifest {
    let families = [(0, family(0))].into();
    Manifest { families, last_sequence, number: 3, ..Manifest::before_all_edits() }
}

const NEEDED: Needed =
    Needed { first: 4, oldest: Some(4), is_supposed: false, begun_at: None, session: 4, filled: 4, two_phase: false };

/// Checks logs with these contents, numbered from 4 on.
fn check(name: &str, logs: &[Vec<u8>], manifest: &Manifest, needed: &Needed) -> Outcome<LogReport> {
    let directory = std::env::temp_dir().join(format!("kgdump-log-check-{name}-{}", std::process::id()));
    fs::create_dir(&directory).unwrap();
    let log = |(number, bytes): (u64, &Vec<u8>)| {
        let path = directory.join(format!("{number:06}.log"));
        fs::write(&path, bytes).unwrap();
        Log { number, path, size: bytes.len() as u64 }
    };
    let logs: Vec<Log> = (4..).zip(logs).map(log).collect();
    let checked = check_logs(&logs, manifest, needed);
    fs::remove_dir_all(&directory).unwrap();
    checked
}

fn is_refused(checked: &Outcome<LogReport>) -> bool {
    checked.as_ref().is_err_and(|fault| fault.code == "STORE_LOG_DAMAGED")
}

#[test]
fn what_a_log_tells_of_the_log_before_is_compared() {
    let first = batch(1, 1, PUT);
    let size = first.len() as u64;
    let told = |name: &str, number, size, last| {
        let second = [before(number, size, last), batch(2, 1, PUT)].concat();
        is_refused(&check(&format!("told-{name}"), &[first.clone(), second], &manifest(0), &NEEDED))
    };
    assert!(!told("right", 4, size, 1));
    assert!(told("longer", 4, size + 1, 1));
    assert!(told("further", 4, size, 2) && told("less", 4, size, 0));
    // Another log before, which is needed and had something in it.
    let gone = |name: &str, needed: &Needed, last| {
        let log = [before(4, size, last), batch(2, 1, PUT)].concat();
        is_refused(&check(&format!("gone-{name}"), &[log], &manifest(0), needed))
    };
    assert!(gone("needed", &Needed { oldest: None, ..NEEDED }, 1) || gone("alone", &NEEDED, 1));
    let other = [before(9, size, 1), batch(2, 1, PUT)].concat();
    assert!(is_refused(&check("other", &[first.clone(), other], &manifest(0), &NEEDED)));
    let old = [before(3, size, 1), batch(2, 1, PUT)].concat();
    assert!(!is_refused(&check("old", &[first.clone(), old], &manifest(0), &NEEDED)));
}

#[test]
fn a_log_behind_which_another_one_was_begun_is_whole() {
    let logs = [Vec::new(), batch(1, 1, PUT)];
    assert!(is_refused(&check("empty", &logs, &manifest(0), &NEEDED)));
    assert!(!is_refused(&check("may-be-empty", &logs, &manifest(0), &Needed { filled: 5, ..NEEDED })));
    // Cut: what is missing at its end may be numbers that tables may have.
    let mut cut = [batch(1, 1, PUT), batch(2, 1, PUT)].concat();
    cut.pop();
    let torn = check("torn", &[cut.clone(), batch(2, 1, PUT)], &manifest(100), &NEEDED).map(|report| report.torn.len());
    assert!(matches!(torn, Ok(1)));
    assert!(is_refused(&check("cut", &[cut, batch(3, 1, PUT)], &manifest(100), &NEEDED)));
    // The same gap behind a whole log may be in tables, which is told; behind the last number of those it is not.
    let gap = [batch(1, 1, PUT), batch(3, 1, PUT)];
    let told = check("gap", &gap, &manifest(100), &NEEDED).map(|report| report.warnings.join(" "));
    assert!(told.is_ok_and(|warnings| warnings.contains("sequence numbers 2 to 2 are in no log")));
    assert!(is_refused(&check("gap-above", &gap, &manifest(1), &NEEDED)));
}

#[test]
fn numbers_that_the_oldest_log_should_have_are_told_when_it_is_empty() {
    let logs = [Vec::new(), batch(15, 1, PUT)];
    let told = |begun_at: Option<u64>| {
        let needed = Needed { filled: 5, begun_at, ..NEEDED };
        let checked = check(&format!("begun-at-{begun_at:?}"), &logs, &manifest(16), &needed);
        checked.map(|report| report.warnings.join(" "))
    };
    assert!(told(Some(10)).is_ok_and(|warnings| warnings.contains("sequence numbers 11 to 14 are in no log")));
    assert!(matches!((told(Some(14)), told(None)), (Ok(whole), Ok(unknown)) if whole.is_empty() && unknown.is_empty()));
}

#[test]
fn numbers_before_the_oldest_log_are_told_when_that_is_only_supposed() {
    let told = |last, is_supposed| {
        let needed = Needed { is_supposed, ..NEEDED };
        let checked = check(&format!("supposed-{last}-{is_supposed}"), &[batch(9, 1, PUT)], &manifest(last), &needed);
        checked.map(|report| report.warnings.join(" "))
    };
    assert!(told(6, true).is_ok_and(|warnings| warnings.contains("sequence numbers 7 to 8 are in no file")));
    let others = [told(8, true), told(6, false)];
    assert!(others.iter().all(|told| told.as_ref().is_ok_and(String::is_empty)));
}

#[test]
fn what_is_in_tables_is_in_no_log_that_was_begun_behind_them() {
    let families = [(0, Family { in_tables: 7, ..family(4) })].into();
    let manifest = Manifest { families, ..manifest(9) };
    let is_older = |first| is_refused(&check(&format!("older-{first}"), &[batch(first, 1, PUT)], &manifest, &NEEDED));
    assert!(is_older(7) && !is_older(8));
}

#[test]
fn entries_are_where_manifest_tells() {
    let log = [batch(7, 1, PUT)];
    // Tables had numbers up to 5 when they had all of this log.
    let flushed = |flushed_to| {
        let families = [(0, Family { flushed_to, ..family(5) })].into();
        let manifest = Manifest { families, ..manifest(9) };
        check(&format!("flushed-{flushed_to}"), &log, &manifest, &NEEDED).map(|report| report.warnings.len())
    };
    assert!(matches!((flushed(7), flushed(6)), (Ok(0), Ok(1))));
    // Or had them already when it was begun.
    let in_tables = |in_tables| {
        let families = [(0, Family { in_tables, ..family(4) })].into();
        is_refused(&check(&format!("in-{in_tables}"), &log, &Manifest { families, ..manifest(9) }, &NEEDED))
    };
    assert!(!in_tables(6) && in_tables(7));
    // A family that MANIFEST does not have, in a log that is newer.
    let other = [batch(1, 1, b"\x05\x02\x01k\x01v")];
    let unknown = check("unknown", &other, &manifest(0), &NEEDED).map(|report| report.unknown_families.contains(&2));
    assert!(matches!(unknown, Ok(true)));
}

#[test]
fn a_number_that_a_table_has_for_itself_is_no_write_when_that_was_ingested() {
    const EARLY: &[u8] = b"\x01\x01k\x01v\x0d";
    let warnings = |name: &str, known: Manifest, last: &[u8]| {
        let logs = [batch(1, 1, PUT), batch(3, 1, last)].concat();
        check(name, &[logs], &known, &NEEDED).map(|report| report.warnings.len())
    };
    let ingested = || Manifest { ingested: [2].into(), ..manifest(9) };
    assert!(matches!(warnings("ingested", ingested(), PUT), Ok(0)));
    assert!(matches!(warnings("ingested-early", ingested(), EARLY), Ok(0)));
    assert!(matches!(warnings("other", Manifest { ingested: [4].into(), ..manifest(9) }, PUT), Ok(1)));
    let written = || Manifest { lone: [2].into(), ..manifest(9) };
    assert!(matches!(warnings("written", written(), PUT), Ok(0)));
    assert!(matches!(warnings("written-early", written(), EARLY), Ok(1)));
}

#[test]
fn a_flush_leaves_nothing_of_a_value_and_its_single_deletion() {
    const SINGLE_DELETION: &[u8] = b"\x07\x01k";
    const OTHER: &[u8] = b"\x01\x01o\x01v";
    let families = || [(0, Family { flushed_to: 5, ..family(5) })].into();
    let warnings = |name: &str, last: &[Vec<u8>]| {
        let log = [batch(7, 1, PUT)].into_iter().chain(last.iter().cloned()).collect::<Vec<_>>().concat();
        check(name, &[log], &Manifest { families: families(), ..manifest(9) }, &NEEDED)
            .map(|report| report.warnings.len())
    };
    assert!(matches!(warnings("gone", &[batch(8, 1, SINGLE_DELETION)]), Ok(0)));
    assert!(matches!(warnings("left", &[batch(8, 1, SINGLE_DELETION), batch(9, 1, OTHER)]), Ok(1)));
    assert!(matches!(warnings("again", &[batch(8, 1, SINGLE_DELETION), batch(9, 1, PUT)]), Ok(1)));
}

#[test]
fn a_batch_of_nothing_takes_a_number_only_with_transactions_that_are_written_before_they_are_committed() {
    const PREPARED: &[u8] = b"\x12";
    let code = |name: &str, last: &[u8]| {
        let log = [batch(1, 1, PUT), batch(2, 0, b""), batch(3, 1, PUT), batch(4, 0, last)].concat();
        check(name, &[log], &manifest(0), &NEEDED).map_err(|fault| fault.code)
    };
    assert!(matches!(code("prepared", PREPARED), Err("STORE_UNSUPPORTED")));
    assert!(matches!(code("lost", b""), Err("STORE_LOG_DAMAGED")));
    let nothing = [batch(1, 1, PUT), batch(2, 0, b""), batch(2, 1, PUT)].concat();
    assert!(check("nothing", &[nothing], &manifest(0), &NEEDED).is_ok());
}

#[test]
fn a_commit_at_the_end_whose_prepare_is_missing_is_told() {
    let warnings = |name: &str, last: Vec<u8>| {
        check(name, &[[batch(1, 1, PUT), last].concat()], &manifest(0), &NEEDED).map(|report| report.warnings.len())
    };
    assert!(matches!(warnings("commit", batch(2, 0, COMMIT)), Ok(1)));
    assert!(matches!(warnings("none", batch(2, 1, PUT)), Ok(0)));
}
