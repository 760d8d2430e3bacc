//! What a store's snapshots say about its log: up to where it goes at least, and how new each page is at least.

use std::path::{Path, PathBuf};

use super::emptied::{Since, Sureness, emptied};
use crate::fault::{Code, Outcome, SledFault};
use crate::files::conf::{Settings, VERSION};
use crate::files::snapshot::{self, Snapshot};
use crate::files::table::Table;

/// What is known by snapshots.
#[derive(Debug, Default)]
pub struct Known {
    /// The newest that can be used.
    pub snapshot: Option<(PathBuf, Snapshot)>,
    /// The newest that cannot, and the LSN that is its name.
    pub unusable: Option<(i64, PathBuf)>,
}

/// The newest snapshot that can be used. Warns of those that cannot: the log says the same.
///
/// # Errors
/// IO_FAILED, PERMISSION_DENIED.
pub fn known(store: &Path, settings: Settings, warnings: &mut Vec<String>) -> Outcome<Known> {
    let listing = snapshot::list(store)?;
    let mut known = Known::default();
    for (lsn, path) in &listing.named {
        match snapshot::read(path, settings)? {
            Ok(snapshot) => {
                known.snapshot = Some((path.clone(), snapshot));
                break;
            }
            Err(why) => {
                warnings.push(passed_over(path, why, settings));
                known.unusable.get_or_insert((*lsn, path.clone()));
            }
        }
    }
    if let Some(taken) = listing.taken.filter(|taken| !listing.named.iter().any(|(_, path)| path == taken))
        && let Err(why) = snapshot::read(&taken, settings)?
    {
        warnings.push(passed_over(&taken, why, settings));
    }
    Ok(known)
}

fn passed_over(path: &Path, why: &str, settings: Settings) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    // Earlier versions pass over a snapshot with a wrong checksum themselves.
    let sled =
        if settings.version == VERSION { "; but sled does not open the store before that file is gone" } else { "" };
    format!("its snapshot {name} is not used: {why}. The log has all that a snapshot says{sled}")
}

/// The snapshot that sled would take.
///
/// # Errors
/// STORE_DAMAGED when sled could not use it; IO_FAILED, PERMISSION_DENIED.
pub fn taken(store: &Path, settings: Settings) -> Outcome<Known> {
    let Some(path) = snapshot::list(store)?.taken else { return Ok(Known::default()) };
    match snapshot::read(&path, settings)? {
        Ok(snapshot) => Ok(Known { snapshot: Some((path, snapshot)), unusable: None }),
        Err(why) => Err(SledFault::new(Code::StoreDamaged, format!("sled cannot use this snapshot: {why}"))
            .hint("only sled needs it, to open faster: move it away, and kgdump reads the log instead")
            .at(&path)),
    }
}

impl Known {
    /// The LSN up to which the log goes at least.
    pub fn lsn(&self) -> i64 {
        let usable = self.snapshot.as_ref().map_or(0, |(_, snapshot)| snapshot.stable);
        let unusable = self.unusable.as_ref().map_or(0, |(lsn, _)| *lsn);
        usable.max(unusable).max(0)
    }

    /// As `emptied`, of the newest snapshot: what an older one names may have become free since.
    pub fn emptied(&self, empty: &[u64], since: &Since) -> Option<(u64, Sureness)> {
        let newest = self.snapshot.as_ref().map(|(_, snapshot)| snapshot);
        let newest = newest.filter(|snapshot| self.unusable.as_ref().is_none_or(|(lsn, _)| *lsn <= snapshot.stable));
        emptied(newest, empty, since)
    }

    /// Compares with what the log says, which ends at `end`.
    ///
    /// # Errors
    /// STORE_DAMAGED.
    pub fn agrees(&self, table: &Table, end: i64, settings: Settings) -> Outcome<()> {
        // A snapshot may say that the log goes on with a segment that has not been begun.
        let size = settings.segment_size as i64;
        let next_segment = (end + size - 1) / size * size;
        let usable = self.snapshot.as_ref().map(|(path, snapshot)| (snapshot.stable, path));
        for (lsn, path) in usable.into_iter().chain(self.unusable.as_ref().map(|(lsn, path)| (*lsn, path))) {
            if lsn > end && lsn != next_segment {
                let message = "the log ends before the place that it names: the file db is cut off";
                return Err(SledFault::new(Code::StoreDamaged, message).at(path));
            }
        }
        let Some((path, snapshot)) = &self.snapshot else { return Ok(()) };
        match table.behind(&snapshot.table) {
            None => Ok(()),
            Some(page) => {
                let message = format!("the file db has lost a part of page {page} that it names");
                Err(SledFault::new(Code::StoreDamaged, message).at(path))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_segments_are_free_ones_that_were_not_taken_yet() {
        let used = [0, 1, 4].into();
        let snapshot = Snapshot { stable: 9000, table: Table::default(), used };
        let last = |last| Since { last, ..Since::default() };
        // Free when the snapshot was taken, and no segment behind them was begun since.
        assert_eq!(emptied(Some(&snapshot), &[2, 3, 7], &last(None)), None);
        assert_eq!(emptied(Some(&snapshot), &[3, 7], &last(Some(2))), None);
        // The lowest free one is taken first.
        assert_eq!(emptied(Some(&snapshot), &[2, 3, 7], &last(Some(3))), Some((2, Sureness::Sure)));
        // What the snapshot names was not free.
        assert_eq!(emptied(Some(&snapshot), &[2, 4], &last(None)), Some((4, Sureness::Sure)));
        assert_eq!(emptied(None, &[4], &last(None)), None);
        assert_eq!(emptied(None, &[4], &last(Some(5))), Some((4, Sureness::Sure)));
        // Those that were begun since had room in the free ones before it: 2, 3, 5 and 6; one of them still holds something older.
        let begun = |begun, older: &[u64]| Since { last: Some(6), begun, older: older.iter().copied().collect() };
        assert_eq!(emptied(Some(&snapshot), &[7], &begun(4, &[1, 4])), None);
        assert_eq!(emptied(Some(&snapshot), &[7], &begun(5, &[1, 4])), Some((7, Sureness::Perhaps)));
        assert_eq!(emptied(Some(&snapshot), &[7], &begun(4, &[1, 5])), Some((7, Sureness::Perhaps)));
        // A newer snapshot that cannot be used knew better which are free.
        let mut known = Known { snapshot: Some((PathBuf::new(), snapshot)), unusable: None };
        assert_eq!(known.emptied(&[4], &last(None)), Some((4, Sureness::Sure)));
        known.unusable = Some((9001, PathBuf::new()));
        assert_eq!(known.emptied(&[4], &last(None)), None);
        assert_eq!(known.emptied(&[4], &last(Some(5))), Some((4, Sureness::Sure)));
    }

    #[test]
    fn what_was_begun_since_is_counted_with_what_is_not_there_any_more() {
        let since = Since::of([(3, 1), (5, 7), (9, 2)].into_iter(), 5);
        assert_eq!((since.last, since.begun, since.older), (Some(7), 5, [1].into()));
        assert_eq!(Since::of([(3, 1)].into_iter(), 5).begun, 0);
    }
}
