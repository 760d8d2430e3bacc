//! How old a family's tables are.
//!
//! Contract: only reads. A table whose age can't be told counts as one of unknown age; what reads it later finds what is wrong with it.

use crate::files::ages::{AgedRange, Ages};
use crate::files::layout::table_path;
use crate::files::live_file::{LiveFile, TableTimes};
use crate::files::table::TableFile;
use crate::read::judge::Plan;
use crate::read::store::Store;

/// The ages of a family's tables as text, for a dump; empty when none is known.
pub fn family_ages(store: &Store, plan: &Plan) -> String {
    let style = plan.options.as_ref().and_then(|options| options.values.get("compaction_style"));
    let fifo = style.is_some_and(|style| style == "kCompactionStyleFIFO");
    let mut tables: Vec<(&u64, &LiveFile)> = plan.tables.iter().collect();
    if fifo {
        // The lowest level goes first, and in level 0 what was written first.
        tables.sort_by_key(|(&number, file)| {
            (std::cmp::Reverse(file.level), file.sequences.map(|(_, last)| last), number)
        });
    } else {
        tables.sort_by(|(_, one), (_, other)| one.first_key().cmp(other.first_key()));
    }
    let ranges = tables.into_iter().map(|(&number, file)| {
        let from_table = || table_times(store, number);
        let times = if fifo || file.times.created == 0 { told(file.times, from_table()) } else { file.times };
        AgedRange::new(times, file.first_key(), file.last_key())
    });
    Ages(ranges.collect()).text()
}

/// What MANIFEST tells, and where it does not, the table. Only that one tells of its newest key; before RocksDB 9.10 it did not, and FIFO
/// went by the time of its oldest one.
fn told(manifest: TableTimes, table: TableTimes) -> TableTimes {
    let or = |one, other| if one == 0 { other } else { one };
    TableTimes {
        oldest: or(table.oldest, manifest.oldest),
        created: or(manifest.created, table.created),
        newest: or(table.newest, table.oldest),
    }
}

fn table_times(store: &Store, number: u64) -> TableTimes {
    let Ok(table) = TableFile::open(&table_path(store.database.path(), number), None) else {
        return TableTimes::default();
    };
    let time = |name| table.properties().number(name).filter(|&time| time != u64::MAX).unwrap_or(0);
    TableTimes { oldest: time("creation.time"), created: time("file.creation.time"), newest: time("newest.key.time") }
}
