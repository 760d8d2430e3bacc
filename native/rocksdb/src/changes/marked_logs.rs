//! What the logs of a mark held that they do not hold any more: entries that were written to tables since, or are gone.
//!
//! An entry that was only in a log can vanish without a trace: RocksDB leaves out of the next table what was removed or written over, and a
//! compaction of new tables leaves out removals that have nothing older below them.
//!
//! Contract: reads logs that a mark has kept open, which may have been removed.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::os::unix::fs::FileExt;

use crate::changes::log_keys::{keys_of_log, Stop};
use crate::changes::mark::Mark;
use crate::files::log_replay::{Entry, Replay};

/// Keys of one family, each with the sequence number of its last entry in the logs.
pub type LastEntries = HashMap<Vec<u8>, u64>;

/// Reads a file from its beginning whatever others have read of it.
struct FromStart<'a> {
    file: &'a File,
    at: u64,
}

impl Read for FromStart<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read_at(buffer, self.at)?;
        self.at += read as u64;
        Ok(read)
    }
}

/// The entries of `mark`'s logs that counted for their family then and do not count now, by the family's id.
///
/// `counts` is whether a log still counts for a family. `add` takes keys whose last entry may not have been read for the mark, and is false
/// when there is no room for more; it is told the bytes of all others, too, with none for the family.
pub fn settled(
    mark: &Mark,
    counts: impl Fn(u32, u64) -> bool,
    mut add: impl FnMut(u32, &[u8], bool) -> bool,
) -> Result<BTreeMap<u32, LastEntries>, Stop> {
    let mut settled: BTreeMap<u32, LastEntries> =
        mark.families.keys().map(|&family| (family, HashMap::new())).collect();
    let gone = |number: u64| mark.first_logs.iter().any(|(&family, &first)| number >= first && !counts(family, number));
    if !mark.logs.iter().any(|marked| gone(marked.log.number)) {
        return Ok(settled);
    }
    let mut replay = Replay::default();
    for marked in &mark.logs {
        let log = &marked.log;
        let Some(kept) = &marked.file else { return Err(Stop::Unclear("it had too many logs to keep them")) };
        let reader = BufReader::with_capacity(1 << 20, FromStart { file: kept, at: 0 });
        let records = keys_of_log(&mut replay, log, reader, |entry| {
            let Entry { family, sequence, key, .. } = entry;
            if mark.first_logs.get(&family).is_none_or(|&first| log.number < first) || counts(family, log.number) {
                return true;
            }
            let Some(keys) = settled.get_mut(&family) else { return true };
            let read = sequence <= mark.last;
            let room = add(family, key, !read);
            if room && read {
                keys.insert(key.to_vec(), sequence);
            }
            room
        })?;
        if records < marked.records {
            // Its file is another log's now.
            return Err(Stop::Unclear("a log was written over"));
        }
    }
    Ok(settled)
}
