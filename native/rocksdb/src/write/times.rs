//! Gives the tables of a store that was loaded the ages that the dump tells of, as if RocksDB had made them then.
//!
//! RocksDB takes the time from the clock when it flushes or ingests a table, and its interface takes none from a caller. So the numbers are
//! put in their places afterwards: in MANIFEST, whose records are written again, and for FIFO families, which go by it, in the properties
//! of the tables, whose checksum is rebuilt. A time has the same length as another one, so that nothing moves.
//!
//! Contract: the store is closed and nobody has it open. What can't be changed stays as it is: the time of the load.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use crate::error::{Fault, Outcome, Reason as _};
use crate::files::ages::{is_time, Ages};
use crate::files::bytes::varint64;
use crate::files::layout::{fingerprint, table_path};
use crate::files::live_file::TableTimes;
use crate::files::log_file::{read_log, LogError, Piece};
use crate::files::log_writer::LogWriter;
use crate::files::manifest::{read_manifest, time_places};
use crate::files::new_table::TimePlaces;
use crate::files::table::checksum::context;
use crate::files::table::parts::properties_block;

/// Bytes of every time between 1978 and 3058.
const LENGTH: usize = 5;

/// What is known of the ages of what was loaded.
#[derive(Debug, Default)]
pub struct Times {
    /// By the family's name.
    families: HashMap<Vec<u8>, (Ages, bool)>,
    /// What was written age by age: family, first and last sequence number, times.
    written: Vec<(Vec<u8>, u64, u64, TableTimes)>,
}

impl Times {
    /// Notes the ages of a family, and whether it is one of FIFO compaction.
    pub fn note(&mut self, family: &[u8], ages: Ages, fifo: bool) {
        self.families.insert(family.to_vec(), (ages, fifo));
    }

    /// The ages of a family; none when they were not noted.
    pub fn ages(&self, family: &[u8]) -> Ages {
        self.families.get(family).map(|(ages, _)| ages.clone()).unwrap_or_default()
    }

    /// Notes the times of what a family got between two sequence numbers.
    pub fn note_written(&mut self, family: &[u8], first: u64, last: u64, times: TableTimes) {
        self.written.push((family.to_vec(), first, last, times));
    }

    /// Puts the times into the store's files.
    ///
    /// Errors: NO_SPACE, IO_FAILED; STORE_DAMAGED when what was just written can't be read.
    pub fn finish(&self, store: &Path) -> Outcome<()> {
        if self.families.is_empty() {
            return Ok(());
        }
        let path = store.join(fingerprint(store)?.manifest);
        let mut tables = HashMap::new();
        for family in read_manifest(&path)?.families.values() {
            let Some((ages, fifo)) = self.families.get(&family.name) else { continue };
            for (&number, file) in &family.tables {
                let (first, last) = file.sequences.unwrap_or_default();
                let of_age = |(name, from, to, _): &&(Vec<u8>, u64, u64, TableTimes)| {
                    *name == family.name && *from <= first && last <= *to
                };
                let written = self.written.iter().find(of_age).map(|&(.., times)| times);
                let times = written.unwrap_or_else(|| ages.between(file.first_key(), file.last_key()));
                if *fifo {
                    set_properties(&table_path(store, number), times)?;
                }
                tables.insert(number, times);
            }
        }
        rewrite(&path, &tables)
    }
}

/// Writes a MANIFEST again, with other times for some tables.
fn rewrite(path: &Path, tables: &HashMap<u64, TableTimes>) -> Outcome<()> {
    let io = |error: &std::io::Error| Fault::io("writing", path, error);
    let mut log = LogWriter::default();
    let file = File::open(path).map_err(|error| io(&error))?;
    read_log::<LogError>(file, None, |_, piece| {
        if let Piece::Record(record) = piece {
            let mut record = record.to_vec();
            for (number, places) in time_places(&record).unwrap_or_default() {
                if let Some(times) = tables.get(&number) {
                    set_places(&mut record, places, *times);
                }
            }
            log.add(&record);
        }
        Ok(())
    })
    .map_err(|error| match error {
        LogError::Io(error) => io(&error),
        LogError::Damaged { offset, reason } => {
            Fault::new("STORE_DAMAGED", format!("{} is damaged at byte {offset}: {reason}", path.display())).at(path)
        }
    })?;
    let staged = path.with_extension("dbtmp");
    fs::write(&staged, log.into_bytes()).map_err(|error| io(&error))?;
    let written = File::open(&staged).and_then(|file| file.sync_all()).and_then(|()| fs::rename(&staged, path));
    written.map_err(|error| io(&error))
}

fn set_places(record: &mut [u8], places: TimePlaces, times: TableTimes) {
    for (place, time) in [(places.oldest, times.oldest), (places.created, times.created)] {
        let Some((behind, length)) = place else { continue };
        let Some(end) = record.len().checked_sub(behind) else { continue };
        if let Some(bytes) = end.checked_sub(length).and_then(|start| record.get_mut(start..end)) {
            set_time(bytes, time);
        }
    }
}

/// Puts a time in the place of another one.
fn set_time(place: &mut [u8], time: u64) {
    if place.len() != LENGTH || !is_time(time) {
        return;
    }
    for (number, byte) in place.iter_mut().enumerate() {
        let more = if number + 1 < LENGTH { 0x80 } else { 0 };
        *byte = (time >> (7 * number)) as u8 & 0x7f | more;
    }
}

/// Sets the times among a table's properties.
fn set_properties(path: &Path, times: TableTimes) -> Outcome<()> {
    let io = |error: &std::io::Error| Fault::io("writing", path, error);
    let file = OpenOptions::new().read(true).write(true).open(path).map_err(|error| io(&error))?;
    let file = Arc::new(file);
    let Some((handle, check, mut block)) = properties_block(&file).map_err(|error| error.fault(path))? else {
        return Ok(());
    };
    for (name, time) in [
        ("rocksdb.creation.time", times.oldest),
        ("rocksdb.oldest.key.time", times.oldest),
        ("rocksdb.file.creation.time", times.created),
        ("rocksdb.newest.key.time", times.newest),
    ] {
        if let Some(place) = crate::files::table::properties::place_of(&block, name.as_bytes()) {
            let mut old = &block[place.clone()];
            if varint64(&mut old).is_some_and(is_time) && old.is_empty() {
                set_time(&mut block[place], time);
            }
        }
    }
    // Behind the block: that it is not compressed, and its checksum, which covers that too.
    block.push(0);
    let checksum = check.checksum.of(&block).wrapping_add(context(check.base, handle.offset));
    block.extend_from_slice(&checksum.to_le_bytes());
    file.write_all_at(&block, handle.offset).and_then(|()| file.sync_all()).map_err(|error| io(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_takes_the_place_of_another_only() {
        let mut place = [0x80, 0x80, 0x80, 0x80, 0x01];
        set_time(&mut place, 1_700_000_000);
        assert_eq!(varint64(&mut &place[..]), Some(1_700_000_000));
        let before = place;
        set_time(&mut place, 0);
        set_time(&mut place, u64::MAX);
        assert_eq!(place, before);
        set_time(&mut [1, 2], 1_700_000_000);
    }
}
