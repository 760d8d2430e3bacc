//! Loading whole families into a new store.
//!
//! Contract: a family is begun, gets its entries in order, and is ended before the next one is begun.

use std::path::Path;

use crate::error::{Fault, Outcome};
use crate::files::ages::Ages;
use crate::handle::Options;
use crate::sink::{for_each_entry, Sink};
use crate::tables::Tables;
use crate::write::by_age::ByAge;
use crate::write::sequence;
use crate::write::turned::Turned;

/// How a family is loaded: by tables in its order or the reverse of it, or by age.
pub enum Loading {
    Straight(Tables),
    Turned(Tables, Turned),
    ByAge(ByAge),
}

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
        let tables = Tables::new(Options::from_text(options)?, directory, self.begun);
        self.begun += 1;
        let loading = if turn { Loading::Turned(tables, Turned::default()) } else { Loading::Straight(tables) };
        self.loading = Some((family.to_vec(), loading));
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
    /// Errors: DUMP_ORDER_BROKEN, DUMP_ENTRIES_MALFORMED, NO_SPACE, IO_FAILED.
    pub fn load(&mut self, block: &[u8]) -> Outcome<()> {
        let Some((_, loading)) = &mut self.loading else {
            return Err(Fault::new("INTERNAL", "no family was begun"));
        };
        match loading {
            Loading::Straight(tables) => for_each_entry(block, |key, value| tables.put(key, value)),
            Loading::Turned(tables, turned) => for_each_entry(block, |key, value| turned.put(key, value, tables)),
            Loading::ByAge(by_age) => for_each_entry(block, |key, value| by_age.put(key, value)),
        }
    }

    /// Gives the family all that was loaded, at once; returns the number of its entries. `finish_loads` waits until it has them.
    ///
    /// Errors: as `load`, also those of families before.
    pub fn end_load(&mut self) -> Outcome<u64> {
        let Some((family, loading)) = self.loading.take() else {
            return Err(Fault::new("INTERNAL", "no family was begun"));
        };
        let handle = self.family(&family)?;
        match loading {
            Loading::Straight(tables) => self.ingesting.begin(&self.database, self.number(&family)?, tables),
            Loading::Turned(mut tables, mut turned) => {
                turned.write_table(&mut tables)?;
                self.ingesting.begin(&self.database, self.number(&family)?, tables)
            }
            Loading::ByAge(by_age) => {
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
                    self.times.note_written(&family, first, last, times);
                }
                Ok(entries)
            }
        }
    }

    /// Closes the store and gives its tables the ages that were noted.
    ///
    /// Errors: NO_SPACE, IO_FAILED.
    pub fn close_aged(mut self) -> Outcome<()> {
        self.ingesting.finish()?;
        self.flush(false)?;
        let (times, path) = (std::mem::take(&mut self.times), self.database.path().to_owned());
        drop(self);
        times.finish(&path)
    }
}
