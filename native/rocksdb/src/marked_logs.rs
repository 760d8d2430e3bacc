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

use crate::changed::{LogStop, Stop};
use crate::error::Fault;
use crate::log_file::{read_log, LogError};
use crate::mark::Mark;
use crate::write_batch::{self, Unclear};

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
    let mut highest = mark.in_tables;
    let gone = |number: u64| mark.first_logs.iter().any(|(&family, &first)| number >= first && !counts(family, number));
    if !mark.logs.iter().any(|marked| gone(marked.log.number)) {
        return Ok(settled);
    }
    for marked in &mark.logs {
        let log = &marked.log;
        let Some(kept) = &marked.file else { return Err(Stop::Unclear("it had too many logs to keep them")) };
        let length = kept.metadata().map_err(|error| Fault::io("looking at", &log.path, &error))?.len();
        if length < log.size {
            return Err(Stop::Unclear("a log was cut off"));
        }
        let reader = BufReader::with_capacity(1 << 20, FromStart { file: kept, at: 0 });
        let read = read_log::<LogStop>(reader, Some(log.number as u32), |_, record, compressed| {
            if compressed {
                return Err(LogStop::Unclear("its logs are compressed"));
            }
            if let Some((first, count)) = write_batch::numbers(record) {
                highest = highest.max(first.saturating_add(count.into()).saturating_sub(1));
            }
            let mut room = true;
            write_batch::keys(record, |family, sequence, key| {
                if mark.first_logs.get(&family).is_none_or(|&first| log.number < first) || counts(family, log.number) {
                    return;
                }
                let Some(keys) = settled.get_mut(&family) else { return };
                let read = sequence <= mark.last;
                room &= add(family, key, !read);
                if room && read {
                    keys.insert(key.to_vec(), sequence);
                }
            })
            .map_err(Unclear::reason)?;
            if room {
                Ok(())
            } else {
                Err(LogStop::Unclear("too much was written"))
            }
        });
        match read {
            Ok(_) => {}
            Err(LogStop::Unclear(reason)) => return Err(Stop::Unclear(reason)),
            Err(LogStop::Log(LogError::Io(error))) => return Err(Fault::io("reading", &log.path, &error).into()),
            Err(LogStop::Log(LogError::Damaged { .. })) => return Err(Stop::Unclear("its log can't be read again")),
        }
    }
    if highest < mark.last {
        return Err(Stop::Unclear("its log can't be read again"));
    }
    Ok(settled)
}
