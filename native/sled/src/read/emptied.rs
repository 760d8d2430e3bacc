//! Segments of a log's file that are all zeros: which of them sled has left so.

use crate::files::snapshot::Snapshot;

/// The first of the segments of the file that are all zeros and that sled has not left so; `last` is the highest of those that were begun since
/// the snapshot, and all are numbered by their places in the file.
///
/// Sled writes zeros over the segments that are free when it opens a store, right after its snapshot. It then takes the lowest free one for each
/// new segment, or the next one at the file's end when there is none, and leaves what becomes free as it is (0.34's `initialize_from_snapshot`
/// and `next`), or cuts it off at the file's end (`truncate`). So an empty segment is none of those that the snapshot names, unless it is at the
/// end, and no segment behind it was begun since.
pub fn emptied(snapshot: Option<&Snapshot>, empty: &[u64], last: Option<u64>) -> Option<u64> {
    let is_lost = |&&number: &&u64| {
        snapshot.is_some_and(|snapshot| snapshot.used.contains(&number)) || last.is_some_and(|last| last > number)
    };
    empty.iter().find(is_lost).copied()
}
