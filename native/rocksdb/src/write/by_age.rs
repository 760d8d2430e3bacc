//! Loads a family whose tables go by their age: FIFO compaction lets the oldest go, whatever its keys.
//!
//! Entries come in the order of their keys. Each is put to those of the newest table that may have held it, so that none goes before its
//! time, and waits in a file. When all are there they are written age by age, as the original got them, a table or more for each.
//!
//! Contract: used by one thread at a time; memory for a buffer of each age, or one entry that is larger. The files lie in a directory of
//! the caller's, and go with it.

use std::fs::{File, OpenOptions};
use std::io::{BufReader, Read, Write};
use std::path::{Path, PathBuf};

use crate::error::{Fault, Outcome, Reason as _};
use crate::ffi;
use crate::files::ages::Ages;
use crate::files::live_file::TableTimes;
use crate::write::batch::Batch;

/// Bytes of one age that wait in memory.
const BUFFER: usize = 64 << 10;
/// Bytes that are written at once.
const BATCH: usize = 4 << 20;
/// Before each entry: the lengths of its key and its value.
const LENGTHS: usize = 8;

/// The entries so far, by their age.
pub struct ByAge {
    ages: Ages,
    /// One for each age, and one for entries that no table held: they are the newest.
    waiting: Vec<Waiting>,
    entries: u64,
}

struct Waiting {
    path: PathBuf,
    buffer: Vec<u8>,
    in_file: bool,
}

impl ByAge {
    /// No entry yet. `directory` takes the files.
    pub fn new(ages: Ages, directory: &Path) -> Self {
        let waiting = (0..=ages.0.len()).map(|number| Waiting {
            path: directory.join(format!("{number:06}.age")),
            buffer: Vec::new(),
            in_file: false,
        });
        Self { waiting: waiting.collect(), ages, entries: 0 }
    }

    /// Adds an entry.
    ///
    /// Errors: NO_SPACE, IO_FAILED.
    pub fn put(&mut self, key: &[u8], value: &[u8]) -> Outcome<()> {
        let age = self.ages.last_with(key).unwrap_or(self.ages.0.len());
        let Some(waiting) = self.waiting.get_mut(age) else {
            return Err(Fault::new("INTERNAL", "there is no such age"));
        };
        let too_long = |_| Fault::new("STORE_UNSUPPORTED", "a key or a value has 4 GiB or more");
        for length in [key.len(), value.len()] {
            waiting.buffer.extend_from_slice(&u32::try_from(length).map_err(too_long)?.to_le_bytes());
        }
        waiting.buffer.extend_from_slice(key);
        waiting.buffer.extend_from_slice(value);
        self.entries += 1;
        if waiting.buffer.len() >= BUFFER {
            waiting.write_out()?;
        }
        Ok(())
    }

    /// Writes all, from the oldest on. `write` writes a batch; `end_of_age` makes tables of what was written, whose times are given.
    /// The number of entries.
    ///
    /// Errors: those of both, and of reading the files.
    pub fn write_all(
        mut self,
        family: *mut ffi::rocksdb_column_family_handle_t,
        write: impl Fn(&Batch) -> Outcome<()>,
        mut end_of_age: impl FnMut(TableTimes) -> Outcome<()>,
    ) -> Outcome<u64> {
        for number in 0..self.waiting.len() {
            let waiting = &mut self.waiting[number];
            if !waiting.in_file && waiting.buffer.is_empty() {
                continue;
            }
            let (mut batch, mut bytes) = (Batch::new(), 0);
            waiting.for_each(|key, value| {
                batch.put(family, key, value);
                bytes += key.len() + value.len() + LENGTHS;
                if bytes >= BATCH {
                    write(&batch)?;
                    (batch, bytes) = (Batch::new(), 0);
                }
                Ok(())
            })?;
            write(&batch)?;
            end_of_age(self.ages.0.get(number).map(|range| range.times).unwrap_or_default())?;
        }
        Ok(self.entries)
    }
}

impl Waiting {
    fn fault(&self, error: &std::io::Error) -> Fault {
        Fault::io("using", &self.path, error)
    }

    fn write_out(&mut self) -> Outcome<()> {
        let mut file =
            OpenOptions::new().append(true).create(true).open(&self.path).map_err(|error| self.fault(&error))?;
        file.write_all(&self.buffer).map_err(|error| self.fault(&error))?;
        self.in_file = true;
        self.buffer = Vec::new();
        Ok(())
    }

    /// Gives all entries to `each`; nothing is left of them then.
    fn for_each(&mut self, mut each: impl FnMut(&[u8], &[u8]) -> Outcome<()>) -> Outcome<()> {
        let (mut key, mut value) = (Vec::new(), Vec::new());
        if self.in_file {
            self.write_out()?;
            let file = File::open(&self.path).map_err(|error| self.fault(&error))?;
            let mut left = file.metadata().map_err(|error| self.fault(&error))?.len();
            let mut input = BufReader::with_capacity(BUFFER, file);
            while left > 0 {
                left -= take(&mut input, &mut key, &mut value).map_err(|error| self.fault(&error))?;
                each(&key, &value)?;
            }
            return std::fs::remove_file(&self.path).map_err(|error| self.fault(&error));
        }
        let buffer = std::mem::take(&mut self.buffer);
        let mut rest = buffer.as_slice();
        while !rest.is_empty() {
            take(&mut rest, &mut key, &mut value).map_err(|error| self.fault(&error))?;
            each(&key, &value)?;
        }
        Ok(())
    }
}

/// Reads one entry; how many bytes it took.
fn take(input: &mut impl Read, key: &mut Vec<u8>, value: &mut Vec<u8>) -> std::io::Result<u64> {
    let mut lengths = [0; LENGTHS];
    input.read_exact(&mut lengths)?;
    let mut taken = LENGTHS as u64;
    for (number, into) in [key, value].into_iter().enumerate() {
        let mut length = [0; 4];
        length.copy_from_slice(&lengths[4 * number..4 * number + 4]);
        into.resize(u32::from_le_bytes(length) as usize, 0);
        input.read_exact(into)?;
        taken += into.len() as u64;
    }
    Ok(taken)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::temporary::Directory;

    /// Numbers of entries with some bytes each: none, what stays in memory, what goes to the file exactly, and more than that.
    #[test]
    fn all_entries_of_an_age_come_back_in_order_whether_they_were_in_the_file_or_not() {
        let directory = Directory::new("by-age");
        for (count, length) in
            [(0, 0), (1, 0), (100, 50), (64, 1024 - LENGTHS - 4), (65, 1024 - LENGTHS - 4), (5000, 90)]
        {
            let mut ages = ByAge::new(Ages(Vec::new()), &directory.0);
            let key = |number: u32| number.to_be_bytes();
            for number in 0..count {
                ages.put(&key(number), &vec![number as u8; length]).unwrap();
            }
            let waiting = &mut ages.waiting[0];
            assert_eq!(waiting.in_file, count as usize * length > BUFFER - (1 << 10), "{count}");
            let mut found = Vec::new();
            let each = |key: &[u8], value: &[u8]| {
                found.push((key.to_vec(), value.to_vec()));
                Ok(())
            };
            waiting.for_each(each).unwrap();
            let wanted: Vec<_> = (0..count).map(|number| (key(number).to_vec(), vec![number as u8; length])).collect();
            assert!(found == wanted, "{count} of {length}: {}", found.len());
            assert!(!waiting.path.exists());
        }
    }
}
