//! Whether RocksDB takes all that tables and logs have when it opens a store. It leaves out, with status OK, what is newer than the store's last
//! sequence number.

use std::collections::BTreeMap;
use std::path::Path;

use crate::error::{Fault, Outcome};
use crate::files::layout::table_path;
use crate::files::log_counts::LogCounts;
use crate::handle::Database;
use crate::read::judge::Plan;

/// Checks that no table that is to be read has entries which are newer than all that the store knows: they would not be shown.
///
/// Errors: STORE_DAMAGED with the table.
pub fn check_sequences(store: &Path, plans: &[Plan], last: u64) -> Outcome<()> {
    let selected = plans.iter().filter(|plan| plan.selected);
    let tables = selected.flat_map(|plan| &plan.tables);
    let newest = tables.filter_map(|(&number, file)| Some((file.sequences?.1, number))).max();
    let Some((sequence, number)) = newest.filter(|(sequence, _)| *sequence > last) else { return Ok(()) };
    let path = table_path(store, number);
    let message = format!(
        "the table {} has sequence numbers up to {sequence}, but MANIFEST and the logs end with {last}: what is newer would not be shown",
        path.display()
    );
    Err(Fault::new("STORE_DAMAGED", message)
        .at(&path)
        .hint("MANIFEST or logs have lost their end: save what is there with `kgdump recover`, or copy the store again from its origin"))
}

/// Checks that RocksDB took every entry that the logs have for the families that are to be read.
///
/// Errors: STORE_LOG_DAMAGED with the family and the numbers.
pub fn check_memory(store: &Path, database: &Database, plans: &[Plan], told: &BTreeMap<u32, LogCounts>) -> Outcome<()> {
    for (family, plan) in plans.iter().enumerate().filter(|(_, plan)| plan.selected) {
        let told = told.get(&plan.id).map_or(0, LogCounts::entries);
        let taken = in_memory(database, family);
        if taken < told {
            let message = format!(
                "the logs of {} have {told} entries for the family \"{}\", of which RocksDB took {taken}",
                store.display(),
                plan.name.escape_ascii()
            );
            return Err(Fault::new("STORE_LOG_DAMAGED", message)
                .at(store)
                .hint("let the store's program open it, flush and close it, then export it again"));
        }
    }
    Ok(())
}

/// How many entries of a family came from the logs.
pub fn in_memory(database: &Database, family: usize) -> u64 {
    database.number(family, c"rocksdb.num-entries-active-mem-table")
        + database.number(family, c"rocksdb.num-entries-imm-mem-tables")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::live_file::LiveFile;

    #[test]
    fn no_table_that_is_read_has_anything_newer_than_the_store_knows() {
        // The sequence numbers of a table, whether it is read, and whether that is taken by a store which ends with 5.
        for (sequences, selected, is_taken) in [
            (Some((1, 5)), true, true),
            (Some((5, 5)), true, true),
            (Some((1, 6)), true, false),
            (Some((6, 6)), true, false),
            (Some((1, 6)), false, true),
            (None, true, true),
        ] {
            let tables =
                [(7, LiveFile::between(b"a", b"b", Some((1, 2)))), (8, LiveFile::between(b"c", b"d", sequences))];
            let plan = Plan { selected, tables: tables.into(), ..Plan::of(0, b"default") };
            let checked = check_sequences(Path::new("store"), &[plan], 5);
            let wanted =
                if is_taken { Ok(()) } else { Err(Some(table_path(Path::new("store"), 8).display().to_string())) };
            assert_eq!(checked.map_err(|fault| fault.path), wanted, "{sequences:?}");
        }
    }
}
