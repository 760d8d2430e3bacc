//! Loading whole families into a new store.
//!
//! Contract: a family is begun, gets its entries in order, and is ended before the next one is begun.

use std::ffi::CStr;
use std::path::Path;
use std::sync::Arc;

use crate::error::{Fault, Outcome};
use crate::files::ages::Ages;
use crate::write::by_age::ByAge;
use crate::write::loading::Loading;
use crate::write::sequence;
use crate::write::sink::Sink;
use crate::write::tables::Tables;

/// Properties that are 0 of a family that nothing was written to.
const HELD: [&CStr; 3] =
    [c"rocksdb.total-sst-files-size", c"rocksdb.num-entries-active-mem-table", c"rocksdb.num-entries-imm-mem-tables"];

impl Sink {
    /// Notes how old the tables of a family are that is loaded, as a dump tells it, and whether it is one of FIFO compaction. Closing the
    /// store with `close_aged` gives its tables these ages.
    ///
    /// Errors: USAGE for what is no such text.
    pub fn note_ages(&mut self, family: &[u8], ages: &str, fifo: bool) -> Outcome<()> {
        let ages = Ages::parse(ages)
            .ok_or_else(|| Fault::new("USAGE", "the ages of a family's tables can't be understood"))?;
        self.times.note(family, ages, fifo);
        Ok(())
    }

    /// Begins to load a family from entries in its order, or exactly the reverse with `turn`. `options` are those of the family,
    /// `directory` takes its tables until the store does, and must be on the same file system.
    ///
    /// Errors: KEYSPACE_UNKNOWN, USAGE.
    pub fn begin_load(&mut self, family: &[u8], options: &str, directory: &Path, turn: bool) -> Outcome<()> {
        self.family(family)?;
        let (begun, mut files) = (self.begun, 0);
        let name = move || {
            files += 1;
            format!("{begun:06}-{files:06}.sst")
        };
        let tables = Tables::new(self.options.get(options)?, directory, name);
        self.begun += 1;
        self.loading = Some((family.to_vec(), Loading::of(tables, turn)));
        Ok(())
    }

    /// Begins to load a family whose tables go by their ages, which were noted. `directory` takes what waits.
    ///
    /// Errors: KEYSPACE_UNKNOWN.
    pub fn begin_load_by_age(&mut self, family: &[u8], directory: &Path) -> Outcome<()> {
        self.family(family)?;
        let ages = self.times.ages(family);
        self.loading = Some((family.to_vec(), Loading::ByAge(ByAge::new(ages, directory))));
        Ok(())
    }

    /// Adds the entries of an encoded block to the family that was begun.
    ///
    /// Errors: DUMP_ORDER_BROKEN, DUMP_ENTRIES_MALFORMED, NO_SPACE, IO_FAILED; also those of taking in families before.
    pub fn load(&mut self, block: &[u8]) -> Outcome<()> {
        self.crew.check()?;
        let Some((family, loading)) = &mut self.loading else {
            return Err(Fault::new("INTERNAL", "no family was begun"));
        };
        loading.add(block).map_err(|fault| fault.of_family(family))
    }

    /// Gives the family all that was loaded, at once; returns the number of its entries. `finish_loads` waits until it has them.
    ///
    /// Errors: as `load`, also those of families before.
    pub fn end_load(&mut self) -> Outcome<u64> {
        self.crew.check()?;
        let Some((family, loading)) = self.loading.take() else {
            return Err(Fault::new("INTERNAL", "no family was begun"));
        };
        self.end_family(&family, loading).map_err(|fault| fault.of_family(&family))
    }

    fn end_family(&mut self, family: &[u8], loading: Loading) -> Outcome<u64> {
        let number = self.number(family)?;
        match loading {
            Loading::Straight(tables) => self.take_in(family, number, tables),
            Loading::Turned(mut tables, mut turned) => {
                turned.write_table(&mut tables)?;
                self.take_in(family, number, tables)
            }
            Loading::ByAge(by_age) => {
                let handle = self.database.family(number)?;
                let mut written = Vec::new();
                let mut first = self.latest_sequence_number() + 1;
                let entries = by_age.write_all(
                    handle,
                    |batch| self.write(batch),
                    |times| {
                        sequence::flush(&self.database, handle)?;
                        let last = self.latest_sequence_number();
                        written.push((first, last, times));
                        first = last + 1;
                        Ok(())
                    },
                )?;
                for (first, last, times) in written {
                    self.times.note_written(family, first, last, times);
                }
                Ok(entries)
            }
        }
    }

    /// Begins to finish the tables of a family, which has this name and number, and to take them into the store; the number of their entries.
    fn take_in(&mut self, name: &[u8], number: usize, tables: Tables) -> Outcome<u64> {
        let entries = tables.entries();
        if entries == 0 {
            return Ok(0);
        }
        let (database, name) = (Arc::clone(&self.database), name.to_vec());
        self.crew.give(move || {
            let fresh = HELD.iter().all(|property| database.number(number, property) == 0);
            let family = database.family(number)?;
            tables.ingest(&database, family, fresh).map_err(|fault| fault.of_family(&name))
        })?;
        Ok(entries)
    }

    /// Closes the store and gives its tables the ages that were noted.
    ///
    /// Errors: NO_SPACE, IO_FAILED.
    pub fn close_aged(mut self) -> Outcome<()> {
        self.crew.finish()?;
        self.flush(false)?;
        let (times, path) = (std::mem::take(&mut self.times), self.database.path().to_owned());
        drop(self);
        times.finish(&path)
    }
}
