//! What may be lost of a log: which parts of it are not there, and what a snapshot says of them.

use super::survey::{Lost, Survey};
use crate::files::snapshot::Snapshot;
use crate::read::emptied::{Since, emptied};

/// Parts of the log, by LSN, of which nothing is known; each from, inclusive, to, exclusive.
#[derive(Debug, Default)]
pub struct Loss {
    pub parts: Vec<(i64, i64)>,
    /// Parts that are there as a whole, the same way, in order.
    whole: Vec<(i64, i64)>,
    /// The highest end of what is lost; -1 when nothing is.
    end: i64,
}

impl Loss {
    /// What the log misses. A snapshot tells by itself what is lost before its place in the log.
    pub fn of(survey: &Survey, snapshot: Option<&Snapshot>, size: usize) -> Loss {
        let size = size as i64;
        let known = snapshot.map_or(0, |snapshot| snapshot.stable.max(0));
        let mut parts: Vec<(i64, i64)> = survey.lost.iter().filter_map(|lost| lost.lsns).collect();
        let number = |segment: u64| i64::try_from(segment).unwrap_or(i64::MAX / size);
        let tip = survey.segments.last_key_value().map_or(-1, |(&tip, _)| number(tip));
        // A disk may have made the zeros. Where sled has left them, only the segment that was begun last can be among them.
        let empty: Vec<u64> = survey
            .lost
            .iter()
            .filter(|lost| lost.lsns.is_none() && lost.zeros)
            .map(|lost| lost.offset / size.unsigned_abs())
            .collect();
        let noise = survey.lost.iter().any(|lost| lost.lsns.is_none() && !lost.zeros);
        // Sled writes a snapshot whenever it opens a store: where there is none, the file's end may be gone, too.
        let bare = survey.ends_in_message && snapshot.is_none();
        // Segments that are not there are used again, or were; or they lie where nothing can be read, or where the file was cut off.
        let damaged = noise || survey.is_cut || survey.is_unsure || bare;
        // Then the end of what seems to be the last segment may be damaged, too: only a snapshot tells, or zeros where there is noise.
        let is_end = if snapshot.is_some() { survey.tail_is_zeros || !noise } else { !damaged };
        let open = survey.tip_is_open && is_end;
        // What a segment held before looks like noise over its last messages.
        let littered = snapshot.is_none() && !survey.tail_is_zeros;
        let gapless = known.max(survey.stable) / size;
        let segments = survey.segments.iter().map(|(&number, &place)| (number, place));
        let since = Since::of(segments, known.unsigned_abs().div_ceil(size.unsigned_abs()));
        let zeroed = snapshot.is_none() && !empty.is_empty() || emptied(snapshot, &empty, &since).is_some();
        let first = if damaged || zeroed { known / size } else { gapless.min(tip + 1) };
        let mut expected = first;
        for (&segment, _) in survey.segments.range(first.unsigned_abs()..) {
            if number(segment) > expected {
                parts.push((expected * size, number(segment) * size));
            }
            expected = number(segment) + 1;
        }
        let cut = known.max(survey.stable) > (survey.end + size - 1) / size * size;
        let torn = survey.lost.iter().any(|lost| lost.lsns.is_some_and(|(from, _)| from >= survey.end));
        if (damaged || !empty.is_empty()) && !open || littered || cut || torn || survey.batch_cut > 0 {
            parts.push((survey.end, i64::MAX));
        }
        parts.sort_unstable();
        let whole = whole(survey.segments.keys().map(|&segment| number(segment) * size), size, &parts);
        // What was lost before a snapshot, that tells of each page.
        parts.retain(|&(_, to)| to > known);
        let end = parts.iter().map(|&(_, to)| to).max().unwrap_or(-1);
        Loss { parts, whole, end }
    }

    /// Whether all of the log from a message to another one is there.
    pub fn is_solid(&self, from: i64, to: i64) -> bool {
        let behind = self.whole.partition_point(|&(start, _)| start <= from);
        behind > 0 && to <= self.whole[behind - 1].1
    }

    /// Whether something may be lost behind a place of the log.
    pub fn behind(&self, lsn: i64) -> bool {
        self.end > lsn
    }
}

/// What is left of a log of segments that begin there, without the parts that are lost; all in order.
fn whole(segments: impl Iterator<Item = i64>, size: i64, lost: &[(i64, i64)]) -> Vec<(i64, i64)> {
    let mut runs: Vec<(i64, i64)> = Vec::new();
    for start in segments {
        match runs.last_mut() {
            Some(last) if last.1 == start => last.1 += size,
            _ => runs.push((start, start + size)),
        }
    }
    let mut whole = Vec::new();
    let mut lost = lost.iter().peekable();
    for (mut start, end) in runs {
        while let Some(&&(from, to)) = lost.peek().filter(|(from, _)| *from < end) {
            if from > start {
                whole.push((start, from));
            }
            start = start.max(to);
            if to > end {
                break;
            }
            lost.next();
        }
        if start < end {
            whole.push((start, end));
        }
    }
    whole
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_between_two_messages_is_there_when_each_byte_of_it_is() {
        const SIZE: i64 = 4;
        let parts = [(0, 1), (3, 4), (2, 9), (6, 7), (8, 12), (10, 17), (13, i64::MAX)];
        // Segments 0 to 4 without some, and each pair of lost parts.
        for segments in 0..1 << 5 {
            for (at, first) in parts.iter().enumerate() {
                for second in &parts[at..] {
                    let there = |place: i64| segments >> (place / SIZE) & 1 == 1;
                    let is_lost = |place: i64| [first, second].iter().any(|&&(from, to)| from <= place && place < to);
                    let mut lost = [*first, *second];
                    lost.sort_unstable();
                    let starts = (0..5).map(|number| number * SIZE).filter(|&start| there(start));
                    let loss = Loss { whole: whole(starts, SIZE, &lost), ..Loss::default() };
                    for from in 0..20 {
                        for to in from + 1..20 {
                            let expected = (from..to).all(|place| there(place) && !is_lost(place));
                            assert_eq!(loss.is_solid(from, to), expected, "{segments:b} {lost:?} {from} {to}");
                        }
                    }
                }
            }
        }
    }
}
