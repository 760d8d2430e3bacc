//! Segments of a log's file that are all zeros: which of them sled has left so.

use std::collections::BTreeSet;

use crate::files::snapshot::Snapshot;

/// What was written since the snapshot. Segments are numbered by their places in the file, from 0.
#[derive(Debug, Default)]
pub struct Since {
    /// The highest of the segments that were begun since and are there.
    pub last: Option<u64>,
    /// How many were begun, with those that are not there any more.
    pub begun: u64,
    /// Those that are there from before.
    pub older: BTreeSet<u64>,
}

impl Since {
    /// What a log tells whose segments lie at these places; `first` is the first one in the log that begins behind what the snapshot knows. Both
    /// count in segments.
    pub fn of(segments: impl Iterator<Item = (u64, u64)>, first: u64) -> Since {
        let mut since = Since::default();
        for (number, place) in segments {
            if number < first {
                since.older.insert(place);
            } else {
                since.last = since.last.max(Some(place));
                since.begun = since.begun.max(number - first + 1);
            }
        }
        since
    }
}

/// How sure it is that a disk made the zeros.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sureness {
    /// Sled leaves no such segment empty, unless it has cut it off.
    Sure,
    /// Sled may have left it empty, and may have written to it since.
    Perhaps,
}

/// The first of the segments of the file that are all zeros and that the log may have lost.
///
/// Sled writes zeros over the segments that are free when it opens a store, right after its snapshot. It then takes the lowest free one for each
/// new segment, or the next one at the file's end when there is none, and leaves what becomes free as it is (0.34's `initialize_from_snapshot`
/// and `next`), or cuts it off at the file's end (`truncate`). So an empty segment is none of those that the snapshot names, unless it is at the
/// end, and no segment behind it was begun since. That those that were begun had room in the free ones before it shows that it was never
/// reached; that they had none shows nothing, as what becomes free is used again.
pub fn emptied(snapshot: Option<&Snapshot>, empty: &[u64], since: &Since) -> Option<(u64, Sureness)> {
    let none = BTreeSet::new();
    let used = snapshot.map_or(&none, |snapshot| &snapshot.used);
    let taken: Vec<u64> = used.union(&since.older).copied().collect();
    let judged = |&number: &u64| {
        let free = number - taken.partition_point(|&before| before < number) as u64;
        if used.contains(&number) || since.last.is_some_and(|last| last > number) {
            Some((number, Sureness::Sure))
        } else {
            (since.begun > free).then_some((number, Sureness::Perhaps))
        }
    };
    let found: Vec<_> = empty.iter().filter_map(judged).collect();
    found.iter().find(|(_, sureness)| *sureness == Sureness::Sure).or(found.first()).copied()
}
