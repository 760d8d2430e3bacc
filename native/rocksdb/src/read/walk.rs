//! One pass over a table that takes nothing for granted: every entry is looked at, in the order in which it is stored.
//!
//! RocksDB's iterator takes a key that is not greater than the one before it for an older version of that, and skips it with
//! status OK. Here the internal keys must ascend: by user key in the family's order, then by sequence number downwards.
//!
//! Contract: only reads; no memory grows with the entries; used by one thread.

use std::cmp::Ordering;
use std::path::Path;

use crate::error::{Fault, Outcome};
use crate::files::table::error::{Read, TableError};
use crate::files::table::{kind, InternalKey, TableFile};

/// In which order a family has its user keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyOrder {
    Bytewise,
    Reverse,
}

impl KeyOrder {
    /// How two user keys stand to each other.
    #[inline]
    pub fn compare(self, a: &[u8], b: &[u8]) -> Ordering {
        match self {
            Self::Bytewise => a.cmp(b),
            Self::Reverse => b.cmp(a),
        }
    }

    /// How two internal keys stand to each other.
    #[inline]
    pub fn compare_internal(self, a: InternalKey<'_>, b: InternalKey<'_>) -> Ordering {
        self.compare(a.user, b.user).then_with(|| (b.sequence, b.kind).cmp(&(a.sequence, a.kind)))
    }
}

/// What MANIFEST says of a table's content; what it does not say is not checked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TableBounds {
    /// Internal keys between which all of the table's lie, both inclusive.
    pub smallest: Option<Vec<u8>>,
    pub largest: Option<Vec<u8>>,
    /// Sequence numbers between which all of the table's lie, both inclusive.
    pub smallest_sequence: Option<u64>,
    pub largest_sequence: Option<u64>,
}

/// What a table holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Walked {
    /// Entries of all kinds but range deletions.
    pub entries: u64,
    /// Deletions of single keys among them.
    pub deletions: u64,
    /// Merge operands among them.
    pub merge_operands: u64,
    pub range_deletions: u64,
    /// Entries that are an older version of the key before them.
    pub older_versions: u64,
    /// 0 when there are no entries.
    pub smallest_sequence: u64,
    pub largest_sequence: u64,
}

/// Reads the whole table at `path` and checks it. `highest` is the largest sequence number that any table may hold.
///
/// Errors: STORE_DAMAGED with the table and the keys: an order that is not the family's, with the number of entries that an
/// iterator would hide; keys or sequence numbers outside of what MANIFEST says; another number of entries than the table's
/// properties have; whatever damage TableFile finds. STORE_UNSUPPORTED, IO_FAILED and their kind.
pub fn walk_table(path: &Path, order: KeyOrder, bounds: &TableBounds, highest: u64) -> Outcome<Walked> {
    let table = TableFile::open(path, bounds.largest_sequence)?;
    let mut walk = Walk::new(order, bounds, highest);
    table.for_each(|key, _| walk.entry(key)).map_err(|error| error.fault(path))?;
    table.for_each_range_deletion(|key, _| walk.range_deletion(key)).map_err(|error| error.fault(path))?;
    walk.finish(path, &table)
}

struct Walk<'b> {
    order: KeyOrder,
    user_bounds: [Option<&'b [u8]>; 2],
    sequences: (u64, u64),
    highest: u64,
    walked: Walked,
    /// The first user key.
    first: Option<Vec<u8>>,
    /// The greatest internal key so far.
    greatest: Vec<u8>,
    hidden: u64,
    /// The first two keys that are in the wrong order.
    wrong_order: Option<(Vec<u8>, Vec<u8>)>,
    /// The first key that is where it can't be, and why.
    misplaced: Option<(Vec<u8>, &'static str, u64)>,
}

impl<'b> Walk<'b> {
    fn new(order: KeyOrder, bounds: &'b TableBounds, highest: u64) -> Self {
        let user = |key: &'b Option<Vec<u8>>| Some(InternalKey::parse(key.as_deref()?)?.user);
        Self {
            order,
            user_bounds: [user(&bounds.smallest), user(&bounds.largest)],
            sequences: (bounds.smallest_sequence.unwrap_or(0), bounds.largest_sequence.unwrap_or(u64::MAX)),
            highest,
            walked: Walked::default(),
            first: None,
            greatest: Vec::new(),
            hidden: 0,
            wrong_order: None,
            misplaced: None,
        }
    }

    #[inline]
    fn entry(&mut self, bytes: &[u8]) -> Read<()> {
        let Some(key) = InternalKey::parse(bytes) else { return Ok(()) }; // the table's reader refuses it
        match key.kind {
            kind::VALUE | kind::BLOB_INDEX | kind::WIDE_COLUMNS | kind::VALUE_WITH_WRITE_TIME => {}
            kind::DELETION | kind::SINGLE_DELETION | kind::DELETION_WITH_TIMESTAMP => self.walked.deletions += 1,
            kind::MERGE => self.walked.merge_operands += 1,
            other => return Err(TableError::newer(format!("it has entries of kind {other}"))),
        }
        self.count_sequence(key);
        self.walked.entries += 1;
        if self.first.is_none() {
            self.first = Some(key.user.to_vec());
        }
        match InternalKey::parse(&self.greatest) {
            Some(greatest) if self.order.compare_internal(key, greatest) != Ordering::Greater => {
                self.hidden += 1;
                if self.wrong_order.is_none() {
                    self.wrong_order = Some((greatest.user.to_vec(), key.user.to_vec()));
                }
                return Ok(());
            }
            Some(greatest) if greatest.user == key.user => self.walked.older_versions += 1,
            _ => {}
        }
        // Keys ascend, so it is enough to compare each with the bounds as long as none is misplaced.
        let [smallest, largest] = self.user_bounds;
        if smallest.is_some_and(|bound| self.order.compare(key.user, bound) == Ordering::Less)
            || largest.is_some_and(|bound| self.order.compare(key.user, bound) == Ordering::Greater)
        {
            self.misplace(key, "a key outside of those that MANIFEST has for it");
        }
        self.greatest.clear();
        self.greatest.extend_from_slice(bytes);
        Ok(())
    }

    fn range_deletion(&mut self, bytes: &[u8]) -> Read<()> {
        if let Some(key) = InternalKey::parse(bytes) {
            self.count_sequence(key);
        }
        self.walked.range_deletions += 1;
        Ok(())
    }

    #[inline]
    fn count_sequence(&mut self, key: InternalKey<'_>) {
        let sequence = key.sequence;
        let first = self.walked.entries + self.walked.range_deletions == 0;
        let walked = &mut self.walked;
        walked.smallest_sequence = if first { sequence } else { walked.smallest_sequence.min(sequence) };
        walked.largest_sequence = walked.largest_sequence.max(sequence);
        if sequence > self.highest {
            self.misplace(key, "a sequence number that the store has not given yet");
        } else if sequence < self.sequences.0 || sequence > self.sequences.1 {
            self.misplace(key, "a sequence number outside of those that MANIFEST has for it");
        }
    }

    #[cold]
    fn misplace(&mut self, key: InternalKey<'_>, what: &'static str) {
        self.misplaced.get_or_insert_with(|| (key.user.to_vec(), what, key.sequence));
    }

    /// A key at an end of the table that is not the one which MANIFEST has, what it does there, and that one. Removals of ranges may reach further than keys.
    fn other_end(&self) -> Option<(&[u8], &'static str, &[u8])> {
        if self.walked.range_deletions > 0 {
            return None;
        }
        let first = self.first.as_deref()?;
        let last = InternalKey::parse(&self.greatest)?.user;
        let [smallest, largest] = self.user_bounds;
        let ends = [(first, "begins", smallest), (last, "ends", largest)];
        ends.into_iter().find_map(|(key, what, told)| told.filter(|told| *told != key).map(|told| (key, what, told)))
    }

    fn finish(self, path: &Path, table: &TableFile) -> Outcome<Walked> {
        let damaged = |message: String| {
            Err(Fault::new("STORE_DAMAGED", message)
                .at(path)
                .hint("save what is sound with `kgdump recover`, or copy the store again from its origin or a backup"))
        };
        let name = path.display();
        if let Some((before, after)) = self.wrong_order {
            return damaged(format!(
                "the keys of the table {name} are not in order: \"{}\" is followed by \"{}\"; reading would hide {} of its {} entries",
                before.escape_ascii(),
                after.escape_ascii(),
                self.hidden,
                self.walked.entries,
            ));
        }
        if let Some((key, what, sequence)) = self.misplaced {
            return damaged(format!("the table {name} has {what}: key \"{}\", number {sequence}", key.escape_ascii()));
        }
        if let Some((key, what, told)) = self.other_end() {
            return damaged(format!(
                "the table {name} {what} with the key \"{}\", and should with \"{}\" by the store's MANIFEST: a key was changed",
                key.escape_ascii(),
                told.escape_ascii()
            ));
        }
        let (properties, walked) = (table.properties(), self.walked);
        // Older versions of RocksDB did not count removals of ranges everywhere.
        let differs = |told: Option<u64>, found: u64| {
            told.is_some_and(|told| told != found && told != found + walked.range_deletions)
        };
        let checks = [
            ("entries", properties.entries(), walked.entries),
            ("deletions", properties.deletions(), walked.deletions),
            ("merge operands", properties.merge_operands(), walked.merge_operands),
        ];
        for (what, told, found) in checks {
            if differs(told, found) {
                let told = told.unwrap_or(0);
                return damaged(format!(
                    "the table {name} has {found} {what}, and should have {told} by its own properties"
                ));
            }
        }
        Ok(walked)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::table::tests::write_table;
    use crate::files::temporary::Directory;

    fn internal(user: &[u8], sequence: u64, kind: u8) -> Vec<u8> {
        let mut key = user.to_vec();
        key.extend_from_slice(&(sequence << 8 | u64::from(kind)).to_le_bytes());
        key
    }

    #[test]
    fn a_sound_table_is_counted() {
        let directory = Directory::new("walk");
        let path = directory.0.join("1.sst");
        write_table(&path, "compression=kZSTD", 600);
        let walked = walk_table(&path, KeyOrder::Bytewise, &TableBounds::default(), 0).unwrap();
        let expected =
            Walked { entries: 600, deletions: 12, merge_operands: 12, range_deletions: 1, ..Walked::default() };
        assert_eq!(walked, expected);
        // In another order, all but the first are hidden.
        let fault = walk_table(&path, KeyOrder::Reverse, &TableBounds::default(), 0).unwrap_err();
        assert_eq!(fault.code, "STORE_DAMAGED");
        assert!(fault.message.contains("would hide 599 of its 600 entries"), "{}", fault.message);
        let bounds = TableBounds { largest: Some(internal(b"node", 0, 1)), ..TableBounds::default() };
        let fault = walk_table(&path, KeyOrder::Bytewise, &bounds, 0).unwrap_err();
        assert!(fault.message.contains("outside of those that MANIFEST has"), "{}", fault.message);
    }

    #[test]
    fn a_table_has_as_many_entries_as_it_says() {
        let directory = Directory::new("walk-counts");
        let path = directory.0.join("1.sst");
        write_table(&path, "compression=kNoCompression", 600);
        let table = TableFile::open(&path, None).unwrap();
        let walked = walk_table(&path, KeyOrder::Bytewise, &TableBounds::default(), 0).unwrap();
        // One may be a removal of a range, of which older versions count none.
        let told = |walked: Walked| {
            let bounds = TableBounds::default();
            let walk = Walk { walked, ..Walk::new(KeyOrder::Bytewise, &bounds, 0) };
            walk.finish(&path, &table).err().map(|fault| fault.message)
        };
        assert_eq!(told(walked), None);
        let others = [
            ("598 entries", Walked { entries: 598, ..walked }),
            ("10 deletions", Walked { deletions: 10, ..walked }),
            ("10 merge operands", Walked { merge_operands: 10, ..walked }),
        ];
        for (what, walked) in others {
            assert!(told(walked).is_some_and(|message| message.contains(what)), "{what}");
        }
    }

    #[test]
    fn what_can_not_be_is_an_error() {
        let bounds = TableBounds { smallest_sequence: Some(3), largest_sequence: Some(9), ..TableBounds::default() };
        let mut walk = Walk::new(KeyOrder::Bytewise, &bounds, 7);
        for (user, sequence) in [(b"a", 7), (b"a", 5), (b"b", 4)] {
            walk.entry(&internal(user, sequence, kind::VALUE)).unwrap();
        }
        assert!(walk.misplaced.is_none() && walk.wrong_order.is_none());
        assert_eq!(walk.walked.older_versions, 1);
        walk.entry(&internal(b"b", 6, kind::VALUE)).unwrap();
        assert_eq!((walk.hidden, walk.wrong_order.is_some()), (1, true));
        walk.entry(&internal(b"c", 8, kind::VALUE)).unwrap();
        assert_eq!(walk.misplaced.as_ref().map(|(key, _, _)| key.as_slice()), Some(&b"c"[..]));
        assert!(walk.entry(&internal(b"d", 5, 0x66)).is_err());
        for (sequence, is_one) in [(2, false), (3, true), (5, true), (6, false)] {
            let bounds = TableBounds { largest_sequence: Some(5), ..bounds.clone() };
            let mut walk = Walk::new(KeyOrder::Bytewise, &bounds, 7);
            walk.entry(&internal(b"a", sequence, kind::VALUE)).unwrap();
            let what = walk.misplaced.map(|(_, what, _)| what);
            assert_eq!(what.is_none(), is_one, "{sequence}: {what:?}");
            assert!(what.is_none_or(|what| what.contains("outside of those that MANIFEST has")), "{sequence}");
        }
    }
}
