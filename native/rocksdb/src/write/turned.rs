//! Entries in one order of keys for a family that has exactly the reverse.
//!
//! A run of entries that fills a table is kept, and then written from its end. The tables of all runs don't overlap, and the store takes
//! them in whatever order they come.
//!
//! Contract: used by one thread at a time; memory for one run, 64 MiB and a word for each entry; one that is larger is a table by itself.

use crate::error::{Fault, Outcome};
use crate::write::tables::{is_huge, Tables};

/// Bytes of keys and values of a run.
const RUN_BYTES: usize = 64 << 20;

/// The run that is being gathered.
#[derive(Debug, Default)]
pub struct Turned {
    bytes: Vec<u8>,
    /// Where each entry begins, and where its value does.
    entries: Vec<(usize, usize)>,
    /// The last key of the runs before.
    before: Option<Vec<u8>>,
}

impl Turned {
    /// Adds an entry; when the run is full, its table is written first.
    ///
    /// Errors: DUMP_ORDER_BROKEN for a key that does not come after the one before it, NO_SPACE, IO_FAILED.
    pub fn put(&mut self, key: &[u8], value: &[u8], tables: &mut Tables) -> Outcome<()> {
        if self.bytes.len() + key.len() + value.len() > RUN_BYTES {
            self.write_table(tables)?;
        }
        let last = self.entries.last().map(|&(key, value)| &self.bytes[key..value]).or(self.before.as_deref());
        // Whichever of the two orders the entries are in, a table takes the reverse only; here it is seen between two tables, too.
        if last.is_some_and(|last| last == key) {
            return Err(Fault::new("DUMP_ORDER_BROKEN", "a key comes twice"));
        }
        if is_huge(key, value) {
            self.write_table(tables)?;
            self.before = Some(key.to_vec());
            return tables.put(key, value);
        }
        let start = self.bytes.len();
        self.bytes.extend_from_slice(key);
        self.entries.push((start, self.bytes.len()));
        self.bytes.extend_from_slice(value);
        Ok(())
    }

    /// Writes what was gathered as a table of its own.
    ///
    /// Errors: as `put`.
    pub fn write_table(&mut self, tables: &mut Tables) -> Outcome<()> {
        let mut end = self.bytes.len();
        for &(key, value) in self.entries.iter().rev() {
            tables.put(&self.bytes[key..value], &self.bytes[value..end])?;
            end = key;
        }
        if let Some(&(key, value)) = self.entries.last() {
            self.before = Some(self.bytes[key..value].to_vec());
        }
        self.bytes.clear();
        self.entries.clear();
        tables.finish_table()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::files::temporary::Directory;
    use crate::handle::Options;

    #[test]
    fn a_key_that_comes_twice_is_seen_between_two_tables_too() {
        let directory = Directory::new("turned");
        for end_of_run in [false, true] {
            let mut number = 0;
            let name = move || {
                number += 1;
                format!("{end_of_run}-{number}.sst")
            };
            let mut tables = Tables::new(Arc::new(Options::new()), &directory.0, name);
            let mut turned = Turned::default();
            for key in [b"c", b"b", b"a"] {
                turned.put(key, b"value", &mut tables).unwrap();
            }
            if end_of_run {
                turned.write_table(&mut tables).unwrap();
            }
            let fault = turned.put(b"a", b"other", &mut tables).unwrap_err();
            assert_eq!(fault.code, "DUMP_ORDER_BROKEN");
            turned.put(b"0", b"value", &mut tables).unwrap();
        }
    }
}
