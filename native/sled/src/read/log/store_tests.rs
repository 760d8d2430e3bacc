//! What a store's other files say of its log, and what is said of them.

use std::fs;
use std::path::PathBuf;

use super::*;
use crate::files::conf::{DEFAULTS, Settings};
use crate::files::made::{header, message_of, segment, snapshot, value_file};

const SIZE: usize = 256;
const SETTINGS: Settings = Settings { segment_size: SIZE, ..DEFAULTS };
/// The end of a log of one message with one byte, and its place.
const END: i64 = 29;
const AT: (i64, u64) = (20, 20);

/// A store of these files.
struct Made(PathBuf);

impl Made {
    fn new(name: &str, db: &[u8], files: &[(&str, Vec<u8>)]) -> Made {
        let directory = std::env::temp_dir().join(format!("kgdump-log-store-{name}-{}", std::process::id()));
        fs::create_dir_all(directory.join("blobs")).unwrap();
        fs::write(directory.join("db"), db).unwrap();
        for (name, bytes) in files {
            fs::write(directory.join(name), bytes).unwrap();
        }
        Made(directory)
    }

    /// The warnings when it is read without sled, or why it is not.
    fn read(&self) -> Result<Vec<String>, String> {
        replay(&self.0, SETTINGS).map(|replay| replay.warnings).map_err(|fault| fault.message)
    }

    /// What it says to both who read it and who let sled open it.
    fn refused(&self) -> bool {
        let refused = self.read().is_err();
        assert_eq!(check(&self.0, SETTINGS).is_err(), refused);
        refused
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn page() -> Vec<u8> {
    segment(SIZE, 0, &[message_of(8, 0, 0, b"x")])
}

#[test]
fn a_snapshot_says_what_the_log_must_have() {
    let with = |name: &str, bytes| Made::new(name, &page(), &[("snap.000000000000001D", bytes)]);
    assert!(!with("same", snapshot(END, 0, &[&[AT]])).refused());
    // The log ends before it; it may end where the next segment would begin.
    assert!(with("further", snapshot(END + 1, 0, &[&[AT]])).refused());
    assert!(!with("next", snapshot(256, 0, &[&[AT]])).refused());
    // The log lacks a change, a page, or that one was given back.
    assert!(with("change", snapshot(END, 0, &[&[AT, (25, 25)]])).refused());
    assert!(with("page", snapshot(END, 0, &[&[AT], &[(24, 24)]])).refused());
    // The newest one counts.
    let older = ("snap.000000000000000A", snapshot(END, 0, &[&[AT]]));
    let newer = ("snap.000000000000001D", snapshot(END, 0, &[&[AT, (25, 25)]]));
    assert!(Made::new("newest", &page(), &[older, newer]).refused());
}

#[test]
fn a_segment_that_sled_has_written_to_is_not_empty() {
    let end = |number| message_of(2, number, 0, b"");
    let first = segment(SIZE, 512, &[message_of(6, 2, 0, b"x"), end(2)]);
    // The log was stable up to the end of that when the last segment was begun.
    let mut last = [header(768, 767), message_of(8, 3, 2, b"x")].concat();
    last.resize(SIZE, 0);
    let empty = vec![0; SIZE];
    let with = |name: &str, segments: &[&[u8]], stable, page| {
        let files = [("snap.000000000000012C", snapshot(stable, 0, &[&[page]]))];
        Made::new(name, &segments.concat(), &files)
    };
    // The snapshot knows the log up to the part at 256, which is not there any more.
    let [named, free] = [(276, 256), (276, 0)];
    assert!(with("named", &[&first, &empty, &last], 300, named).refused());
    // The lowest free segment is taken first.
    assert!(with("before", &[&first, &empty, &last], 300, free).refused());
    let at_end = [&first[..], &last, &empty];
    assert!(!with("free", &at_end, 300, free).refused());
    // Sled may have cut that off, and have made the file longer again.
    let told = with("cut-off", &at_end, 300, (276, 512)).read();
    assert!(told.is_ok_and(|warnings| warnings.len() == 1 && warnings[0].contains("empty from offset 512")));
    // It may have been the second of two that were begun since, which had no room before it; one more would have had.
    let told = with("begun", &at_end, 20, (20, 256)).read();
    assert!(told.is_ok_and(|warnings| warnings.len() == 1 && warnings[0].contains("empty from offset 512")));
    // Before an older one it may have been free all the time: nobody can see that it was not.
    let older = segment(SIZE, 256, &[message_of(6, 1, 0, b"x"), end(1)]);
    let third = segment(SIZE, 768, &[message_of(6, 3, 0, b"x"), end(3)]);
    let mut fourth = [header(1024, 1023), message_of(8, 4, 2, b"x")].concat();
    fourth.resize(SIZE, 0);
    assert_eq!(with("unseen", &[&third, &fourth, &empty, &older], 300, (276, 768)).read(), Ok(Vec::new()));
    // All of the log that was written since is there: nothing can have been lost.
    for (name, segments) in [("whole", [&first[..], &empty, &last]), ("whole-at-end", at_end)] {
        assert_eq!(with(name, &segments, 600, named).read(), Ok(Vec::new()), "{name}");
    }
}

#[test]
fn a_snapshot_that_cannot_be_used_is_told() {
    let mut wrong = snapshot(END, 0, &[&[AT, (25, 25)]]);
    let length = wrong.len() - 12;
    wrong[length] ^= 1;
    let made = Made::new("length", &page(), &[("snap.000000000000001D", wrong.clone())]);
    assert!(made.read().is_ok_and(|warnings| warnings.len() == 1 && warnings[0].contains("is not used")));
    assert!(check(&made.0, SETTINGS).is_err());
    let half = Made::new("half", &page(), &[("snap.00000000FFFFFFFF.generating", b"half".to_vec())]);
    assert!(half.read().is_ok_and(|warnings| warnings.len() == 1) && check(&half.0, SETTINGS).is_err());
    // Nothing tells then whether an empty segment was lost.
    let empty = [page(), vec![0; SIZE]].concat();
    let made = Made::new("empty", &empty, &[("snap.000000000000001D", wrong.clone())]);
    assert!(made.read().is_ok_and(|warnings| warnings.len() == 2 && warnings[1].contains("segments of its file db")));
    // What is before the place in its name need not be there.
    let later = [segment(SIZE, 0, &[message_of(2, 0, 0, b"")]), segment(SIZE, 512, &[])].concat();
    assert!(Made::new("gap", &later, &[]).read().is_err());
    let named = Made::new("gap-named", &later, &[("snap.0000000000000300", wrong.clone())]);
    assert!(named.read().is_ok());
    // Of several the newest says so, whatever can be used of them.
    let both = [("snap.000000000000001D", wrong.clone()), ("snap.0000000000000300", wrong)];
    let told = Made::new("gap-both", &later, &both).read();
    assert!(told.as_ref().is_ok_and(|warnings| warnings.len() == 2), "{told:?}");
}

#[test]
fn the_name_of_a_snapshot_that_cannot_be_used_says_how_far_the_log_went() {
    let sound = snapshot(END, 0, &[&[AT]]);
    let spoilt = |bytes: &[u8]| [&[bytes[0] ^ 1], &bytes[1..]].concat();
    for (lsn, is_cut) in [(END - 1, false), (END, false), (END + 1, true), (255, true), (256, false), (257, true)] {
        let newest = (format!("snap.{lsn:016X}"), spoilt(&sound));
        // Also when an older one can be used.
        for older in [None, Some(("snap.000000000000000A", sound.clone()))] {
            let what = format!("{lsn} {}", older.is_some());
            let files: Vec<_> = older.into_iter().chain([(&newest.0[..], newest.1.clone())]).collect();
            let read = Made::new(&format!("name-{}-{}", lsn, files.len()), &page(), &files).read();
            match read {
                Ok(warnings) => assert!(!is_cut && warnings.len() == 1, "{what}: {warnings:?}"),
                Err(why) => assert!(is_cut && why.contains("the file db is cut off"), "{what}: {why}"),
            }
        }
    }
}

#[test]
fn a_batch_that_is_not_whole_is_told() {
    let db = segment(SIZE, 0, &[message_of(8, 0, 0, b"x"), message_of(3, 0, 0, &1000_i64.to_le_bytes())]);
    let warnings = Made::new("batch", &db, &[]).read();
    assert!(warnings.is_ok_and(|warnings| warnings.len() == 1 && warnings[0].contains("batch")));
}

#[test]
fn value_files_are_there_and_sound() {
    let id = 77_i64.to_le_bytes();
    let base = segment(SIZE, 0, &[message_of(9, 0, 2, &id)]);
    let change = segment(SIZE, 0, &[message_of(8, 0, 2, b"x"), message_of(11, 0, 2, &id)]);
    for (name, db, kind) in [("base", base, 9), ("change", change, 11)] {
        assert!(Made::new(&format!("{name}-gone"), &db, &[]).refused());
        let with = |what: &str, bytes| Made::new(&format!("{name}-{what}"), &db, &[("blobs/77", bytes)]);
        assert!(!with("there", value_file(kind, b"value")).refused());
        // Sled would take these amiss when it opens the store; else they are met when they are read.
        let mut wrong = value_file(kind, b"value");
        wrong[7] ^= 1;
        for (what, bytes) in [("wrong", wrong), ("kind", value_file(8, b"value")), ("cut", vec![0; 3])] {
            let made = with(what, bytes);
            assert!(made.read().is_ok() && check(&made.0, SETTINGS).is_err(), "{name} {what}");
        }
    }
}
