//! What may be lost of a log: which parts of it are not there, and what a snapshot says of them.

use super::survey::{Lost, Survey};
use crate::files::snapshot::Snapshot;
use crate::read::emptied::{Since, emptied};

/// Parts of the log, by LSN, of which nothing is known; each from, inclusive, to, exclusive.
#[derive(Debug, Default)]
pub struct Loss {
    pub parts: Vec<(i64, i64)>,
    /// The same before what a snapshot knows; what was lost there, the snapshot tells of each page.
    before: Vec<(i64, i64)>,
}

impl Loss {
    /// What the log misses. A snapshot tells by itself what is lost before its place in the log.
    pub fn of(survey: &Survey, snapshot: Option<&Snapshot>, size: usize) -> Loss {
        let size = size as i64;
        let known = snapshot.map_or(0, |snapshot| snapshot.stable.max(0));
        let mut parts: Vec<(i64, i64)> = survey.lost.iter().filter_map(|lost| lost.lsns).collect();
        let number = |segment: u64| i64::try_from(segment).unwrap_or(i64::MAX / size);
        let tip = survey.segments.last_key_value().map_or(-1, |(&tip, _)| number(tip));
        // Segments that are not there are used again, or were; or they lie where nothing can be read, or where the file was cut off.
        let unread = survey.lost.iter().any(|lost| lost.lsns.is_none() && (!lost.zeros || snapshot.is_none()));
        // Sled writes a snapshot whenever it opens a store: where there is none, the file's end may be gone, too.
        let bare = survey.ends_in_message && snapshot.is_none();
        let nameless = unread || survey.is_cut || survey.is_unsure || bare;
        // Where something is damaged, the end of what seems to be the last segment may be: only a snapshot tells, or zeros where there is noise.
        let noise = survey.lost.iter().any(|lost| lost.lsns.is_none() && !lost.zeros);
        let damaged = noise || survey.is_cut || survey.is_unsure || bare;
        let is_end = if snapshot.is_some() { survey.tail_is_zeros || !noise } else { !damaged };
        let open = survey.tip_is_open && is_end;
        let gapless = known.max(survey.stable) / size;
        // A disk may have made the zeros. Where sled has left them, only the segment that was begun last can be among them.
        let empty: Vec<u64> = survey
            .lost
            .iter()
            .filter(|lost| lost.lsns.is_none() && lost.zeros)
            .map(|lost| lost.offset / size.unsigned_abs())
            .collect();
        let segments = survey.segments.iter().map(|(&number, &place)| (number, place));
        let since = Since::of(segments, known.unsigned_abs().div_ceil(size.unsigned_abs()));
        let zeroed = snapshot.is_none() && !empty.is_empty() || emptied(snapshot, &empty, &since).is_some();
        let first = if nameless || zeroed { known / size } else { gapless.min(tip + 1) };
        let mut expected = first;
        for (&segment, _) in survey.segments.range(first.unsigned_abs()..) {
            if number(segment) > expected {
                parts.push((expected * size, number(segment) * size));
            }
            expected = number(segment) + 1;
        }
        let cut = known.max(survey.stable) > (survey.end + size - 1) / size * size;
        let torn = survey.lost.iter().any(|lost| lost.lsns.is_some_and(|(from, _)| from >= survey.end));
        if (nameless || !empty.is_empty()) && !open || cut || torn || survey.batch_cut > 0 {
            parts.push((survey.end, i64::MAX));
        }
        parts.sort_unstable();
        let (parts, before) = parts.into_iter().partition(|&(_, to)| to > known);
        Loss { parts, before }
    }

    /// Whether all of the log between two places, and the segments that they lie in, is there.
    pub fn is_solid(&self, survey: &Survey, from: i64, to: i64, size: usize) -> bool {
        let lost = self.parts.iter().chain(&self.before).any(|&(start, end)| start < to && end > from);
        let segment = |lsn: i64| lsn.unsigned_abs() / size as u64;
        !lost && (segment(from)..=segment(to)).all(|number| survey.segments.contains_key(&number))
    }

    /// Whether something may be lost behind a place of the log.
    pub fn behind(&self, lsn: i64) -> bool {
        self.parts.iter().any(|&(_, end)| end > lsn)
    }
}

/// What a lost part of the file is, in words.
pub fn words(lost: &Lost) -> String {
    let what = match (lost.lsns, lost.zeros) {
        (None, true) => "is empty, as sled leaves segments, or a disk",
        (None, false) => "holds nothing that can be read",
        (Some(_), true) => "is zeros where messages were",
        (Some(_), false) => "is damaged",
    };
    format!("a part of {} bytes {what}", lost.length)
}
