//! Segments of a log's file that are all zeros: which of them the disk must have lost.

use std::collections::BTreeMap;

use super::emptied::{Since, Sureness};
use super::snapshots::Known;
use crate::fault::{Code, Outcome, SledFault};

/// What is known of the segments of a file, which are numbered by their places from 0.
#[derive(Debug, Default)]
pub struct Segments {
    /// Those that are all zeros.
    pub empty: Vec<u64>,
    since: Since,
    /// The last one with a header.
    highest: Option<u64>,
    /// Whether a part of the log since the snapshot is not there: its segment was used again, or cut off, or the disk has lost it.
    is_gappy: bool,
}

impl Segments {
    /// Notes the offset of each segment with a header, by its LSN; each has `size` bytes, and the snapshot knows the log up to `known`.
    pub fn note(&mut self, found: &BTreeMap<i64, u64>, known: i64, size: usize) {
        let numbered = found.iter().map(|(lsn, offset)| (lsn.unsigned_abs() / size as u64, offset / size as u64));
        self.since = Since::of(numbered.clone(), known.unsigned_abs().div_ceil(size as u64));
        self.highest = numbered.map(|(_, place)| place).max();
        let first = known / size as i64 * size as i64;
        let begun = found.last_key_value().map_or(0, |(tip, _)| (tip - first) / size as i64 + 1);
        self.is_gappy = begun > found.range(first..).count() as i64;
    }

    /// Fails when one is empty that sled has not left so, and something newer may have been in it; a warning when sled may have.
    ///
    /// # Errors
    /// STORE_DAMAGED.
    pub fn check(&self, known: &Known, size: usize) -> Outcome<Option<String>> {
        let lost = known.emptied(&self.empty, &self.since).filter(|_| self.is_gappy);
        let Some((number, sureness)) = lost else { return Ok(None) };
        let offset = number * size as u64;
        if Some(number) > self.highest {
            // Sled cuts the file from several threads, and writes zeros to what it has cut off: where a later cut comes first, the file is longer again.
            return Ok(Some(format!(
                "the end of its file db is empty from offset {offset} on, as sled may leave what it cuts off: if the disk lost something there, nothing shows it"
            )));
        }
        if sureness == Sureness::Perhaps {
            return Ok(None);
        }
        let what = format!("the segment at offset {offset} is empty, and sled has written to it: the disk has lost it");
        Err(SledFault::new(Code::StoreDamaged, what))
    }
}
