//! Range deletions in logs that are older than a table which was ingested into their range.
//!
//! RocksDB flushes what is in memory before it ingests a table that overlaps with it (`IngestExternalFile`). So when such a range deletion is in
//! a log and in no table, MANIFEST has lost the edit of that flush. RocksDB would show too little then: a range deletion in memory hides what
//! is in tables, whatever its number is.
//!
//! Contract: pure.

use std::collections::BTreeMap;

use crate::files::live_file::LiveFile;
use crate::files::log_replay::Entry;
use crate::files::manifest::Manifest;
use crate::files::write_batch::Kind;
use crate::read::comparators::{alias_of, BYTEWISE, REVERSE_BYTEWISE};

/// The tables that were ingested, as far as MANIFEST tells, of the families whose order is known.
pub struct Ingested<'a>(BTreeMap<u32, Tables<'a>>);

struct Tables<'a> {
    is_reverse: bool,
    /// Each with its sequence number and its own number, in the order of the former.
    all: Vec<(u64, u64, &'a LiveFile)>,
}

impl<'a> Ingested<'a> {
    pub fn new(manifest: &'a Manifest) -> Self {
        let mut families = BTreeMap::new();
        if manifest.ingested.is_empty() {
            return Self(families);
        }
        for (&id, family) in &manifest.families {
            let Some(is_reverse) = is_reverse(family.comparator.as_deref()) else { continue };
            let ingested = family.tables.iter().filter_map(|(&number, file)| {
                let (first, last) = file.sequences?;
                (first == last && manifest.ingested.contains(&first)).then_some((first, number, file))
            });
            let mut all: Vec<_> = ingested.collect();
            all.sort_unstable_by_key(|(sequence, ..)| *sequence);
            families.insert(id, Tables { is_reverse, all });
        }
        Self(families)
    }

    /// The number of a table that was ingested into the range of a range deletion after it; none for any other entry.
    pub fn overtakes(&self, entry: &Entry<'_>) -> Option<u64> {
        if entry.kind != Kind::RangeDeletion {
            return None;
        }
        let Tables { is_reverse, all } = self.0.get(&entry.family)?;
        let newer = all.partition_point(|(sequence, ..)| *sequence <= entry.sequence);
        let (first, end) = (entry.key, entry.value);
        let overlaps = |file: &LiveFile| match is_reverse {
            true => first >= file.last_key() && end < file.first_key(),
            false => first <= file.last_key() && end > file.first_key(),
        };
        all[newer..].iter().find(|(_, _, file)| overlaps(file)).map(|(_, number, _)| *number)
    }
}

/// Whether keys come in reverse byte order; none when their order is not known.
fn is_reverse(comparator: Option<&[u8]>) -> Option<bool> {
    let name = comparator.map_or(Ok(BYTEWISE), std::str::from_utf8).ok()?;
    match name {
        BYTEWISE => Some(false),
        REVERSE_BYTEWISE => Some(true),
        _ => alias_of(name).map(|alias| alias.reverse),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::family::Family;

    #[test]
    fn a_range_deletion_is_newer_than_what_was_ingested_into_its_range() {
        let overtakes = |comparator: &[u8], first: &[u8], end: &[u8], sequence, kind| {
            let mut bounds = [&b"f"[..], b"m"];
            if comparator == REVERSE_BYTEWISE.as_bytes() {
                bounds.reverse();
            }
            // One that was ingested, and two that were not.
            let tables = [(9, (7, 7)), (10, (8, 8)), (11, (1, 7))];
            let tables = tables
                .map(|(number, sequences)| (number, LiveFile::between(bounds[0], bounds[1], Some(sequences))))
                .into();
            let family = Family { comparator: Some(comparator.to_vec()), tables, ..Family::default() };
            let manifest = Manifest { families: [(3, family)].into(), ingested: [7].into(), ..Manifest::default() };
            let entry = Entry { family: 3, sequence, kind, key: first, value: end };
            Ingested::new(&manifest).overtakes(&entry)
        };
        let bytewise = |first: &[u8], end: &[u8], sequence| {
            overtakes(BYTEWISE.as_bytes(), first, end, sequence, Kind::RangeDeletion)
        };
        assert_eq!(bytewise(b"a", b"g", 6), Some(9));
        assert_eq!((bytewise(b"a", b"f", 6), bytewise(b"m", b"n", 6), bytewise(b"n", b"o", 6)), (None, Some(9), None));
        assert_eq!(bytewise(b"a", b"g", 7), None);
        let reverse =
            |first: &[u8], end: &[u8]| overtakes(REVERSE_BYTEWISE.as_bytes(), first, end, 6, Kind::RangeDeletion);
        assert_eq!((reverse(b"z", b"g"), reverse(b"z", b"m"), reverse(b"f", b"a")), (Some(9), None, Some(9)));
        assert_eq!(reverse(b"e", b"a"), None);
        assert_eq!(overtakes(b"other", b"a", b"z", 6, Kind::RangeDeletion), None);
        assert_eq!(overtakes(BYTEWISE.as_bytes(), b"g", b"g", 6, Kind::Put), None);
    }
}
