//! What a recovery makes of stores that consist of a MANIFEST and logs.

use std::fs;

use super::*;
use crate::files::log_writer::LogWriter;
use crate::files::temporary::Directory;
use crate::read::log_check::tests::{batch, COMMIT, PUT};

/// Looks at a store with these logs, and a MANIFEST with this edit.
fn open(directory: &Directory, edit: &[u8], logs: &[(u64, Vec<u8>)]) -> Salvage {
    let write = |name: &str, bytes: &[u8]| fs::write(directory.0.join(name), bytes).unwrap();
    let mut manifest = LogWriter::default();
    manifest.add(edit);
    write("CURRENT", b"MANIFEST-000001\n");
    write("MANIFEST-000001", &manifest.into_bytes());
    logs.iter().for_each(|(number, bytes)| write(&format!("{number:06}.log"), bytes));
    Salvage::open(&directory.0, false).unwrap()
}

#[test]
fn a_transaction_that_was_prepared_in_a_log_which_no_family_needs_is_saved() {
    // The family needs logs from 5 on, the store keeps those from 3 on.
    const EDIT: &[u8] = &[2, 5, 10, 3, 3, 9, 4, 0];
    let prepare = batch(1, 1, &[b"\x09", PUT, b"\x0a\x01x"].concat());
    let directory = Directory::new("salvage-prepared");
    // One that is not kept is not read.
    let logs = [(2, batch(1, 1, PUT)), (3, prepare), (5, batch(2, 0, COMMIT))];
    let salvage = open(&directory, EDIT, &logs);
    assert_eq!((salvage.families[&0].versions, salvage.losses.len()), (1, 0), "{:?}", salvage.losses);
}

#[test]
fn a_table_that_is_missing_may_have_had_the_numbers_that_manifest_tells() {
    // Its first and its last internal key, and its numbers, which LevelDB does not tell.
    let table = |tag: u8, numbers: &[u8]| {
        let key = |user: u8| [&[9, user][..], &[0; 8]].concat();
        [&[tag, 0, 7, 50][..], &key(b'c'), &key(b'm'), numbers].concat()
    };
    for (edit, numbers) in [
        (table(100, &[4, 9]), (4, 9)),
        (table(100, &[6, 6]), (6, 6)),
        (table(100, &[0, 0]), (0, 0)),
        (table(7, &[]), (0, u64::MAX)),
    ] {
        let directory = Directory::new("salvage-numbers");
        let salvage = open(&directory, &edit, &[]);
        let [loss] = &salvage.losses[..] else { panic!("{:?}", salvage.losses) };
        let bounds = (loss.from.as_deref(), loss.to.as_deref());
        assert_eq!(((loss.lowest, loss.highest), bounds), (numbers, (Some(&b"c"[..]), Some(&b"m"[..]))));
    }
}
