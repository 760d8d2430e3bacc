//! Replays a store's log into a table of its pages, and finds what is wrong with it: sled 0.34 takes damage for the end of its log, and
//! then drops records without a word, overwrites segments with zeros and deletes value files. Nothing here writes.
//!
//! What must hold in a store that was closed or flushed:
//! 1. every segment has a header with a right checksum, or is all zeros (free); no two have the same LSN;
//! 2. every segment but the one with the highest LSN is filled to its end with whole messages;
//! 3. from the highest LSN that a header says is stable, or from that of the snapshot if it is higher, segments follow
//!    each other without a gap: sled itself ends its log at one;
//!    and that place is not behind the end of the log;
//! 4. after the last whole message of the highest segment there is no trace of a further one;
//! 5. every value file that a page needs exists; before sled opens the store, each that the log names has a right checksum, too;
//! 6. each page is at least as new as the snapshot says, and the snapshot is not ahead of the log;
//! 7. segments that are empty are such as sled leaves empty (see segments.rs).
//!
//! A program that was killed while writing may leave a store that breaks 2, 3 or 4; sled repairs it by dropping what was
//! not flushed. That cannot be told from damage, so it is refused too, and the program that owns it shall open it first.
//! Not noticed: a log cut off exactly after a message while no snapshot names a later one, for that is what an older
//! state of the store looks like. The same is true of the header of the very last message, when it lies in a segment
//! that is used again and is overwritten: behind the end of the log such a segment holds what it held before.
//!
//! A batch whose last message is not there does not count, nor does what was written behind its beginning: sled ends its log there.

use std::collections::BTreeMap;
use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use super::fill::read_up_to;
use super::segments::Segments;
use super::snapshots;
use super::value_files;
use crate::fault::{Code, Outcome, SledFault};
use crate::files::conf::Settings;
use crate::files::message::{
    Found, Kind, MOST_LSN, Message, SEGMENT_HEADER, SHORTEST, ends_bare, message, segment_header,
};
use crate::files::table::{Place, Table};

/// What a log holds.
#[derive(Debug)]
pub struct Replay {
    pub table: Table,
    /// What is not as it should be and loses nothing.
    pub warnings: Vec<String>,
}

/// Reads the log of the store in `path` that was made with `settings`; the caller holds its lock, or has a copy to itself.
///
/// # Errors
/// STORE_DAMAGED with the file and what is wrong; IO_FAILED, PERMISSION_DENIED.
pub fn replay(path: &Path, settings: Settings) -> Outcome<Replay> {
    let db = path.join("db");
    let mut log = Log::open(path, settings, false)?;
    let mut warnings = Vec::new();
    let known = snapshots::known(path, settings, &mut warnings)?;
    let end = log.walk(known.lsn()).map_err(|f| f.at(&db))?;
    value_files::all_there(path, &log.table)?;
    known.agrees(&log.table, end, settings)?;
    warnings.extend(log.segments.check(&known, log.size).map_err(|f| f.at(&db))?);
    if log.batch_cut {
        warnings.push("the log ends in a batch that was not written whole: it is left out, as sled does".to_string());
    }
    if !log.segments.empty.is_empty() && known.snapshot.is_none() && known.unusable.is_some() {
        warnings.push(format!(
            "{} segments of its file db are empty and its snapshot cannot be used: if the disk lost one that was not empty, nothing shows it",
            log.segments.empty.len()
        ));
    }
    Ok(Replay { table: log.table, warnings })
}

/// Checks the store in `path` before sled opens it: what sled would take amiss is damage, too.
///
/// # Errors
/// As `replay`.
pub fn check(path: &Path, settings: Settings) -> Outcome<()> {
    let db = path.join("db");
    let mut log = Log::open(path, settings, true)?;
    let known = snapshots::taken(path, settings)?;
    let end = log.walk(known.lsn()).map_err(|f| f.at(&db))?;
    value_files::all_there(path, &log.table)?;
    known.agrees(&log.table, end, settings)?;
    log.segments.check(&known, log.size).map_err(|f| f.at(&db)).map(drop)
}

fn damaged(message: impl Into<String>) -> SledFault {
    SledFault::new(Code::StoreDamaged, message)
}

struct Log<'a> {
    store: &'a Path,
    file: File,
    size: usize,
    buffer: Vec<u8>,
    table: Table,
    /// Whether each value file is read, and not only those that a page needs looked for.
    every_value_file: bool,
    /// The place behind the last message.
    end: i64,
    /// Ids of pages are below this: each page has a message in the log, that it was given back at least.
    pages: u64,
    /// A batch at the end is not whole: what is from here on does not count.
    batch_cut: bool,
    segments: Segments,
}

impl<'a> Log<'a> {
    fn open(store: &'a Path, settings: Settings, every_value_file: bool) -> Outcome<Log<'a>> {
        let db = store.join("db");
        let file = File::open(&db).map_err(|e| SledFault::io(&e, "opening it").at(&db))?;
        Ok(Log::of(store, file, settings.segment_size, every_value_file))
    }

    fn of(store: &'a Path, file: File, size: usize, every_value_file: bool) -> Log<'a> {
        let (buffer, table) = (Vec::new(), Table::default());
        Log {
            store,
            file,
            size,
            buffer,
            table,
            every_value_file,
            end: 0,
            pages: 0,
            batch_cut: false,
            segments: Segments::default(),
        }
    }

    /// Reads every segment in the order of the log, of which the snapshot covers all before `known`; returns the LSN at which
    /// the log ends.
    fn walk(&mut self, known: i64) -> Outcome<i64> {
        let (segments, stable) = self.headers()?;
        let size = self.size as i64;
        let Some((&tip, &tip_offset)) = segments.last_key_value() else {
            return Err(damaged("it holds no segment of a log"));
        };
        let mut expected = stable.max(known) / size * size;
        for (&lsn, _) in segments.range(expected..) {
            if lsn != expected {
                return Err(torn(format!("the part of the log at {expected} is missing")));
            }
            expected += size;
        }
        // Where the log ends tells which batches are whole.
        self.end = self.last_message(tip, tip_offset)?;
        self.segments.note(&segments, known, self.size);
        let mut end = 0;
        for (lsn, offset) in segments {
            end = lsn + self.segment(lsn, offset, lsn == tip)? as i64;
        }
        // Sled calls stable only what it has written.
        if stable > (end + size - 1) / size * size {
            return Err(torn(format!("the log ends at {end}, and was written up to {stable} at least")));
        }
        Ok(end)
    }

    /// Offset of each segment by its LSN, and the highest stable LSN.
    fn headers(&mut self) -> Outcome<(BTreeMap<i64, u64>, i64)> {
        let length = self.file.metadata().map_err(|e| SledFault::io(&e, "looking at it"))?.len();
        self.pages = length / SHORTEST;
        let mut segments = BTreeMap::new();
        let mut stable = 0;
        let mut offset = 0;
        while offset + (SEGMENT_HEADER as u64) <= length {
            let mut header = [0; SEGMENT_HEADER];
            self.file.read_exact_at(&mut header, offset).map_err(|e| SledFault::io(&e, "reading it"))?;
            match segment_header(&header) {
                Some((lsn, seen)) if (0..MOST_LSN).contains(&lsn) && lsn % self.size as i64 == 0 => {
                    stable = stable.max(seen);
                    if segments.insert(lsn, offset).is_some() {
                        return Err(damaged(format!("the segment at offset {offset} is there twice")));
                    }
                }
                None if header == [0; SEGMENT_HEADER] => {
                    self.load(offset)?;
                    if self.buffer.iter().any(|&b| b != 0) {
                        return Err(torn(format!("the segment at offset {offset} has lost its header")));
                    }
                    self.segments.empty.push(offset / self.size as u64);
                }
                _ => return Err(damaged(format!("the header of the segment at offset {offset} is damaged"))),
            }
            offset += self.size as u64;
        }
        Ok((segments, stable))
    }

    /// The LSN behind the last message of the last segment.
    fn last_message(&mut self, lsn: i64, offset: u64) -> Outcome<i64> {
        self.load(offset)?;
        let mut at = SEGMENT_HEADER;
        while let Found::Message(Message { next, .. }) = message(&self.buffer, at, self.size, self.number(lsn)) {
            at = next;
        }
        Ok(lsn + at as i64)
    }

    fn number(&self, lsn: i64) -> Option<u64> {
        Some(lsn.unsigned_abs() / self.size as u64)
    }

    /// Reads the messages of one segment; returns how far into it they go.
    fn segment(&mut self, lsn: i64, offset: u64, tip: bool) -> Outcome<usize> {
        self.load(offset)?;
        let buffer = std::mem::take(&mut self.buffer);
        let read = self.messages(&buffer, lsn, offset, tip);
        self.buffer = buffer;
        read
    }

    fn messages(&mut self, buffer: &[u8], lsn: i64, offset: u64, tip: bool) -> Outcome<usize> {
        let number = self.number(lsn);
        // A segment that is used for the first time lies at its LSN, and what is not written of it yet is zeros; one that
        // is used again still has old messages behind the new ones.
        let fresh = offset == lsn.unsigned_abs();
        let mut at = SEGMENT_HEADER;
        loop {
            match message(buffer, at, self.size, number) {
                Found::Message(message) => {
                    let place = Place {
                        lsn: lsn + at as i64,
                        at: offset + at as u64,
                        size: u32::try_from(message.next - at).unwrap_or(u32::MAX),
                        blob: false,
                    };
                    self.message(&message, place)?;
                    at = message.next;
                }
                Found::End => return Ok(self.size),
                Found::Nothing if tip => break,
                Found::Nothing if ends_bare(buffer, at, self.size, fresh) => return Ok(self.size),
                Found::Damaged | Found::Nothing => {
                    return Err(torn(format!("the message at offset {} is damaged or cut off", offset + at as u64)));
                }
            }
        }
        let rest = buffer.get(at..).unwrap_or_default();
        let more = if fresh {
            rest.iter().any(|&b| b != 0)
        } else {
            (at..buffer.len()).any(|i| matches!(message(buffer, i, self.size, number), Found::Message { .. }))
        };
        if more {
            return Err(torn(format!("the log goes on behind the damaged message at offset {}", offset + at as u64)));
        }
        Ok(at)
    }

    fn message(&mut self, message: &Message<'_>, place: Place) -> Outcome<()> {
        let Message { kind, code, page, body, .. } = *message;
        let place = match kind {
            Kind::Other => return Ok(()),
            Kind::Batch => {
                let last = body.first_chunk::<8>().map(|last| i64::from_le_bytes(*last));
                self.batch_cut |= last.is_none_or(|last| last > self.end - 1);
                return Ok(());
            }
            Kind::Replace { blob: true } | Kind::Link { blob: true } => {
                let id = body.first_chunk::<8>().map(|id| i64::from_le_bytes(*id)).filter(|&id| id >= 0);
                let Some(id) = id else {
                    return Err(damaged(format!("the log names no file for a value of page {page}")));
                };
                if self.every_value_file {
                    value_files::check(self.store, id, code)?;
                }
                Place { at: id.unsigned_abs(), blob: true, ..place }
            }
            _ => place,
        };
        let grows = !matches!(kind, Kind::Link { .. });
        if grows && page >= self.pages || !self.batch_cut && !self.table.apply(page, kind, place) {
            return Err(damaged(format!("the log has a page {page}")));
        }
        Ok(())
    }

    /// Reads the segment at `offset` into the buffer, as far as the file goes.
    fn load(&mut self, offset: u64) -> Outcome<()> {
        self.buffer.resize(self.size, 0);
        let filled = read_up_to(&self.file, &mut self.buffer, offset)
            .map_err(|e| SledFault::io(&e, &format!("reading it at offset {offset}")))?;
        self.buffer.truncate(filled);
        Ok(())
    }
}

/// Damage that a killed writer may have left as well.
fn torn(message: String) -> SledFault {
    damaged(format!("{message} (damage, or its program was killed while writing)")).hint(
        "if its program was killed, let that program open and close it once: sled drops what was not written whole; if not, save what is sound with `kgdump recover`, or restore a backup",
    )
}

#[cfg(test)]
mod store_tests;
#[cfg(test)]
mod tests;
