use std::path::PathBuf;

use super::*;
use crate::files::family::Family;
use crate::files::log_counts::LogCounts;
use crate::files::manifest::Manifest;
use crate::files::options_file::OptionsFile;
use crate::files::table::checksum::mask;
use crate::read::log_check::tests::{batch, family, COMMIT, PUT};

/// A store with these logs and this MANIFEST, without tables.
struct Made {
    directory: PathBuf,
    point: Point,
}

impl Made {
    fn new(name: &str, logs: &[(u64, Vec<u8>)], manifest: Manifest) -> Self {
        let directory = std::env::temp_dir().join(format!("kgdump-logs-{name}-{}", std::process::id()));
        fs::create_dir(&directory).unwrap();
        for (number, bytes) in logs {
            fs::write(directory.join(format!("{number:06}.log")), bytes).unwrap();
        }
        let logs = list_logs(&directory, manifest.min_log_to_keep).unwrap();
        let (files, options) = (directory.clone(), Vec::new());
        let point = Point { files, manifest, options, newest_options: None, wal_directory: None, logs, growing: false };
        Self { directory, point }
    }

    fn read(&self) -> Outcome<LogReport> {
        read_logs(&self.directory, &self.point).map(|(_, report)| report)
    }

    fn is_refused(&self) -> bool {
        self.read().is_err_and(|fault| fault.code == "STORE_LOG_DAMAGED")
    }

    fn warns(&self, what: &str) -> bool {
        self.read().is_ok_and(|report| report.warnings.iter().any(|warning| warning.contains(what)))
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.directory));
    }
}

/// A MANIFEST of a family that needs the logs from number `first` on.
fn manifest(first: u64) -> Manifest {
    Manifest { families: [(0, family(first))].into(), number: 3, ..Manifest::before_all_edits() }
}

#[test]
fn a_log_that_is_not_needed_has_nothing_that_tables_lack() {
    let told = |flushed_to: u64| {
        let families = [(0, Family { flushed_to, ..family(9) })].into();
        let manifest = Manifest { families, last_sequence: 5, min_log_to_keep: 9, ..manifest(9) };
        let logs = [(8, batch(4, 1, PUT)), (12, Vec::new())];
        Made::new(&format!("let-go-{flushed_to}"), &logs, manifest).warns("1 entry is in logs up to")
    };
    assert_eq!([told(3), told(4)], [true, false]);
}

#[test]
fn a_log_that_is_kept_track_of_has_what_was_synced() {
    let log = batch(1, 1, PUT);
    let tracked = |synced: u64| {
        let mut manifest = manifest(4);
        let mut numbers = [4, 2, synced, 1].into_iter();
        manifest.tracked_logs.add(|| numbers.next()).unwrap();
        Made::new(&format!("tracked-{synced}"), &[(4, log.clone())], manifest).is_refused()
    };
    let size = log.len() as u64;
    assert!(!tracked(size) && tracked(size + 1));
}

#[test]
fn a_prepare_may_be_in_a_log_that_no_family_needs() {
    let prepare = batch(1, 1, &[b"\x09", PUT, b"\x0a\x01x"].concat());
    let made = Made::new("prepare", &[(4, prepare), (5, batch(1, 0, COMMIT))], manifest(5));
    let entries = made.read().map(|report| (report.two_phase, report.families.get(&0).map(LogCounts::entries)));
    assert!(matches!(entries, Ok((true, Some(1)))));
}

#[test]
fn a_log_that_is_not_needed_is_older_than_what_is() {
    let with = |sequence| {
        let kept = Manifest { min_log_to_keep: 4, ..manifest(4) };
        let logs = [(2, batch(sequence, 1, PUT)), (4, batch(5, 1, PUT))];
        Made::new(&format!("older-{sequence}"), &logs, kept).is_refused()
    };
    assert!(!with(4) && with(50));
}

#[test]
fn a_log_does_not_hold_another_one() {
    let with = |name: &str, number: u32, growing| {
        // What another log left, in a file that is used again and has nothing in it yet.
        let typed = [&[5][..], &number.to_le_bytes(), &[0; 12]].concat();
        let left = [&mask(crc32c::crc32c(&typed)).to_le_bytes()[..], &12_u16.to_le_bytes(), &typed].concat();
        let mut made = Made::new(name, &[(4, batch(1, 1, PUT)), (5, left)], manifest(4));
        made.point.growing = growing;
        made.is_refused()
    };
    assert!(!with("left-by-2", 2, false));
    assert!(with("left-by-4", 4, false));
    assert!(!with("copied-meanwhile", 4, true));
}

#[test]
fn logs_that_are_gone_are_told() {
    // One that is kept for a transaction.
    let mut made = Made::new("kept", &[(5, batch(1, 1, PUT))], Manifest { min_log_to_keep: 3, ..manifest(5) });
    assert!(!made.warns("keeps the log 000003.log"));
    let database = [("allow_2pc".to_owned(), "true".to_owned())].into();
    let mut options = OptionsFile::default();
    options.database = database;
    made.point.options.push(options);
    assert!(made.warns("keeps the log 000003.log"));
    // One that was there at the last opening.
    let told = |name: &str, list: &str| {
        let made = Made::new(name, &[(5, batch(1, 1, PUT))], manifest(4));
        fs::write(
            made.directory.join("LOG"),
            format!("{{\"event\": \"recovery_started\", \"wal_files\": [{list}]}}\n"),
        )
        .unwrap();
        made.warns("was there when the store was last opened")
    };
    assert!(told("diary-gone", "4, 5") && !told("diary-there", "3, 5"));
}

#[test]
fn only_the_newest_log_may_be_left_out() {
    // Logs that were begun, those of them that are there, and what is said of it.
    for (begun, there, wanted) in [
        (&[5][..], &[5][..], "nothing"),
        (&[5, 6], &[5], "left out"),
        (&[5], &[], "left out"),
        (&[4, 5], &[5], "missing"),
        (&[4, 5, 6], &[4, 6], "missing"),
        (&[4, 5, 6], &[5], "missing"),
        (&[4, 5], &[], "missing"),
    ] {
        let mut manifest = Manifest { tells_kept: true, last_sequence: 9, ..manifest(begun[0]) };
        begun.iter().for_each(|&log| manifest.named_logs.add(log, true, true));
        let logs: Vec<_> = there.iter().map(|&log| (log, batch(log, 1, PUT))).collect();
        let made = Made::new(&format!("begun-{begun:?}-{there:?}"), &logs, manifest);
        let said = match made.read() {
            Err(fault) if fault.message.contains("is missing") => "missing",
            Err(fault) => panic!("{begun:?}, {there:?}: {fault:?}"),
            Ok(report) if report.warnings.iter().any(|warning| warning.contains("leave out empty logs")) => "left out",
            Ok(_) => "nothing",
        };
        assert_eq!(said, wanted, "{begun:?}, {there:?}");
    }
}
