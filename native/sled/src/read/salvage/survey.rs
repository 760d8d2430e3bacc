//! Reads a damaged log: each message that has a right checksum, wherever it lies, and each part of the log that has none.
//!
//! A message tells the number of its segment, so that a segment whose header is lost is read, too. Behind a damaged message the next sound one
//! is looked for byte by byte.

use std::collections::BTreeMap;
use std::fs::File;
use std::ops::Range;
use std::path::Path;

use crate::fault::{Outcome, SledFault};
use crate::files::message::{
    Found, Kind, MIN_ROOM, MOST_LSN, Message, SEGMENT_HEADER, ends_bare, message, segment_header,
};
use crate::files::table::Place;
use crate::read::fill::read_up_to;

/// A message about a page.
#[derive(Clone, Copy, Debug)]
pub struct Event {
    pub page: u64,
    pub kind: Kind,
    pub code: u8,
    pub place: Place,
}

/// A part of the file `db` that cannot be read.
#[derive(Clone, Debug)]
pub struct Lost {
    /// Where in the file, and how many bytes.
    pub offset: u64,
    pub length: u64,
    /// Where in the log; None when nothing tells.
    pub lsns: Option<(i64, i64)>,
    /// Whether it is all zeros, as sled leaves segments that it does not need.
    pub zeros: bool,
    /// Whether it begins with the header of a message of this segment.
    pub message: bool,
}

/// All that a log says.
#[derive(Debug, Default)]
pub struct Survey {
    /// By page, and for each by LSN.
    pub events: Vec<Event>,
    pub lost: Vec<Lost>,
    /// Numbers of the segments that were found, each with its place in the file, from 0.
    pub segments: BTreeMap<u64, u64>,
    /// The LSN behind the last message of the last segment.
    pub end: i64,
    /// Whether the last segment has room for more: then there is none behind it.
    pub tip_is_open: bool,
    /// Whether behind the last message there are zeros up to the end of its segment; else what is there may have been written later.
    pub tail_is_zeros: bool,
    /// Whether the file ends right behind the last message, as a file does that sled writes to, and one that was cut off there.
    pub ends_in_message: bool,
    /// The highest LSN that a segment's header calls stable: the log went so far at least, and from there on without a gap.
    pub stable: i64,
    /// Whether another segment may have been where one was found: one is there twice, or its beginning is lost, and what is left in it may be of an
    /// earlier use.
    pub is_unsure: bool,
    /// Whether the file ends where sled ends no file: segments may have lain behind it, wherever in the log they belong.
    pub is_cut: bool,
    /// Messages at the end that do not count: they belong to a batch that is not there as a whole, or were written behind its beginning.
    pub batch_cut: usize,
    /// Bytes of the file.
    pub length: u64,
}

/// Reads the log of a store with segments of that size.
///
/// # Errors
/// IO_FAILED, PERMISSION_DENIED.
pub fn survey(db: &Path, size: usize) -> Outcome<Survey> {
    let file = File::open(db).map_err(|e| SledFault::io(&e, "opening it").at(db))?;
    let length = file.metadata().map_err(|e| SledFault::io(&e, "looking at it").at(db))?.len();
    let mut reading = Reading { size, survey: Survey { length, ..Survey::default() }, batches: Vec::new() };
    let mut buffer = Vec::new();
    let mut offset = 0;
    while offset < length {
        buffer.resize(size, 0);
        let filled = read_up_to(&file, &mut buffer, offset).map_err(|e| SledFault::io(&e, "reading it").at(db))?;
        buffer.truncate(filled);
        reading.slot(&buffer, offset);
        offset += size as u64;
    }
    Ok(reading.finish())
}

struct Reading {
    size: usize,
    survey: Survey,
    /// LSN of each batch's beginning, and of its last byte.
    batches: Vec<(i64, i64)>,
}

impl Reading {
    /// Reads the place of a segment.
    fn slot(&mut self, buffer: &[u8], offset: u64) {
        let header = buffer.first_chunk::<SEGMENT_HEADER>().and_then(segment_header);
        let header = header.filter(|&(lsn, _)| (0..MOST_LSN).contains(&lsn) && lsn % self.size as i64 == 0);
        self.survey.stable = self.survey.stable.max(header.map_or(0, |(_, stable)| stable));
        let lsn = header.map(|(lsn, _)| lsn);
        let number = lsn.map(|lsn| lsn.unsigned_abs() / self.size as u64).or_else(|| self.number(buffer));
        let Some(number) = number else {
            let zeros = buffer.iter().all(|&b| b == 0);
            self.survey.is_cut |= buffer.len() < self.size;
            self.survey.lost.push(Lost { offset, length: buffer.len() as u64, lsns: None, zeros, message: false });
            return;
        };
        let Ok(lsn) = i64::try_from(number.saturating_mul(self.size as u64)) else { return };
        let begins = matches!(message(buffer, SEGMENT_HEADER, self.size, Some(number)), Found::Message(_));
        self.survey.is_unsure |=
            self.survey.segments.insert(number, offset / self.size as u64).is_some() || header.is_none() && !begins;
        self.segment(buffer, offset, lsn, number);
    }

    /// The number of a segment without a header, by its messages: the highest one, as those of an earlier use may lie behind them.
    fn number(&self, buffer: &[u8]) -> Option<u64> {
        let mut found = None;
        let mut at = SEGMENT_HEADER;
        while at < buffer.len() {
            match message(buffer, at, self.size, None) {
                Found::Message(Message { number, next, .. }) => {
                    found = found.max(Some(number));
                    at = next;
                }
                _ => at += 1,
            }
        }
        found.filter(|&number| number < MOST_LSN.unsigned_abs() / self.size as u64)
    }

    fn segment(&mut self, buffer: &[u8], offset: u64, lsn: i64, number: u64) {
        let mut at = SEGMENT_HEADER;
        let mut ended = false;
        let fresh = offset == lsn.unsigned_abs();
        while at < self.size {
            match message(buffer, at, self.size, Some(number)) {
                Found::Message(message) => {
                    self.message(&message, at, offset, lsn);
                    at = message.next;
                }
                Found::End => {
                    ended = true;
                    break;
                }
                found @ (Found::Damaged | Found::Nothing) => {
                    let is_message = found == Found::Damaged;
                    let next = self.next_message(buffer, at + 1, number);
                    ended = next.is_none() && !is_message && ends_bare(buffer, at, self.size, fresh);
                    if ended {
                        break;
                    }
                    // Of the last segment the rest is what was not written yet; see `finish`.
                    self.lose(buffer, (offset, lsn), at..next.unwrap_or(self.size), is_message);
                    let Some(next) = next else { break };
                    at = next;
                }
            }
        }
        let end = lsn + at as i64;
        ended |= at >= self.size;
        let is_tip = end > self.survey.end;
        // Only the last segment may be short: as far as it was written. When sled opens a store, it fills that segment with zeros but for
        // the last byte, or begins the next one when there is just `MIN_ROOM` left.
        let missing = self.size - buffer.len();
        let filled = missing <= 1 || missing == MIN_ROOM;
        let whole = filled || is_tip && at == buffer.len();
        self.survey.is_cut |= !whole;
        if is_tip {
            self.survey.end = end;
            // What was behind a cut is not known.
            self.survey.tip_is_open = !ended && whole;
            self.survey.tail_is_zeros = buffer.get(at..).unwrap_or_default().iter().all(|&byte| byte == 0);
            self.survey.ends_in_message = !filled && whole;
        }
    }

    /// Where the next sound message of the segment, or its end, is.
    fn next_message(&self, buffer: &[u8], from: usize, number: u64) -> Option<usize> {
        // What is near the end of a segment is its end without being written.
        (from..buffer.len()).find(|&at| match message(buffer, at, self.size, Some(number)) {
            Found::Message(_) => true,
            Found::End => buffer.get(at..at + 5).is_some_and(|bytes| bytes[4] == 2),
            _ => false,
        })
    }

    fn lose(&mut self, buffer: &[u8], (offset, lsn): (u64, i64), part: Range<usize>, message: bool) {
        let bytes = buffer.get(part.start..part.end.min(buffer.len())).unwrap_or_default();
        self.survey.lost.push(Lost {
            offset: offset + part.start as u64,
            length: part.len() as u64,
            lsns: Some((lsn + part.start as i64, lsn + part.end as i64)),
            zeros: bytes.iter().all(|&b| b == 0),
            message,
        });
    }

    fn message(&mut self, message: &Message<'_>, at: usize, offset: u64, lsn: i64) {
        let Message { kind, code, page, body, next, .. } = *message;
        let place = Place {
            lsn: lsn + at as i64,
            at: offset + at as u64,
            size: u32::try_from(next - at).unwrap_or(u32::MAX),
            blob: false,
        };
        let id = body.first_chunk::<8>().map(|id| i64::from_le_bytes(*id));
        match kind {
            Kind::Other => {}
            Kind::Batch => self.batches.extend(id.map(|last| (place.lsn, last))),
            Kind::Replace { blob: true } | Kind::Link { blob: true } => {
                let at = id.unwrap_or(-1).unsigned_abs();
                self.survey.events.push(Event { page, kind, code, place: Place { at, blob: true, ..place } });
            }
            _ => self.survey.events.push(Event { page, kind, code, place }),
        }
    }

    /// Puts what was found in order.
    fn finish(mut self) -> Survey {
        let end = self.survey.end;
        // Behind the last message of the log there is nothing to be lost, save when it looks like something.
        self.survey.lost.retain(|lost| lost.lsns.is_none_or(|(from, _)| from != end || !is_tail(lost)));
        if let Some(&(cut, _)) = self.batches.iter().filter(|(_, last)| *last > end - 1).min() {
            let before = self.survey.events.len();
            self.survey.events.retain(|event| event.place.lsn < cut);
            self.survey.batch_cut = before - self.survey.events.len();
        }
        self.survey.events.sort_unstable_by_key(|event| (event.page, event.place.lsn));
        self.survey.events.dedup_by_key(|event| (event.page, event.place.lsn));
        self.survey
    }
}

/// Whether what lies behind the last message is what sled leaves there: zeros, or what a segment that is used again held before.
fn is_tail(lost: &Lost) -> bool {
    let fresh = lost.lsns.is_some_and(|(from, _)| from.unsigned_abs() == lost.offset);
    lost.zeros || !fresh && !lost.message
}
