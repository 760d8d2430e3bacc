//! A point in a store's life: which table files it had, and which sequence numbers were in its logs.
//!
//! Contract: pure. A mark is made of what was read when the store was opened, and holds for all that was then scanned.

use std::collections::BTreeMap;

use crate::manifest::Manifest;

/// What a store was made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    pub database_id: Option<String>,
    /// Numbers and sizes of each family's live table files, by the family's id.
    pub families: BTreeMap<u32, BTreeMap<u64, u64>>,
    /// The last sequence number that a table file may have held; all numbers from there to `last` were read from logs.
    pub in_tables: u64,
    /// The last sequence number of all.
    pub last: u64,
}

impl Mark {
    /// The mark of a store with this MANIFEST.
    pub fn new(database_id: Option<String>, manifest: &Manifest, last: u64) -> Self {
        let tables = |family: &crate::manifest::Family| {
            family.tables.iter().map(|(&number, file)| (number, file.size)).collect()
        };
        let families = manifest.families.iter().map(|(&id, family)| (id, tables(family))).collect();
        Self { database_id, families, in_tables: manifest.last_sequence, last }
    }

    /// Whether an entry with this number was there already when the mark was made: it was read from a log then.
    ///
    /// A smaller number says nothing of a table that came later: writes that go to no log are seen only when they are flushed,
    /// and a compaction may set numbers to 0.
    pub fn covers(&self, sequence: u64) -> bool {
        sequence > self.in_tables && sequence <= self.last
    }

    /// Tables that came since, by family; or what else happened, for which all has to be read.
    pub fn new_tables(&self, now: &Mark) -> Result<BTreeMap<u32, BTreeMap<u64, u64>>, &'static str> {
        if self.database_id.is_none() || self.database_id != now.database_id || now.last < self.last {
            return Err("it is not the same database");
        }
        if !self.families.keys().eq(now.families.keys()) {
            return Err("families were made or dropped");
        }
        let mut new = BTreeMap::new();
        for (id, tables) in &now.families {
            let before = &self.families[id];
            if !before.iter().all(|(number, size)| tables.get(number) == Some(size)) {
                return Err("table files were compacted");
            }
            new.insert(
                *id,
                tables
                    .iter()
                    .filter(|(number, _)| !before.contains_key(number))
                    .map(|(&number, &size)| (number, size))
                    .collect(),
            );
        }
        Ok(new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(tables: &[u64], last: u64) -> Mark {
        let families = BTreeMap::from([(0, tables.iter().map(|&number| (number, 100)).collect())]);
        Mark { database_id: Some("id".to_owned()), families, in_tables: 10, last }
    }

    #[test]
    fn only_new_tables_may_differ() {
        let before = mark(&[1, 2], 20);
        assert_eq!(before.new_tables(&mark(&[1, 2], 20)), Ok(BTreeMap::from([(0, BTreeMap::new())])));
        assert_eq!(before.new_tables(&mark(&[1, 2, 7], 30)), Ok(BTreeMap::from([(0, BTreeMap::from([(7, 100)]))])));
        assert!(before.new_tables(&mark(&[1, 7], 30)).is_err());
        assert!(before.new_tables(&mark(&[1, 2], 19)).is_err());
        let renamed = Mark { database_id: Some("other".to_owned()), ..mark(&[1, 2], 20) };
        assert!(before.new_tables(&renamed).is_err());
        let mut resized = mark(&[1, 2], 20);
        resized.families.insert(0, BTreeMap::from([(1, 100), (2, 99)]));
        assert!(before.new_tables(&resized).is_err());
        let mut grown = mark(&[1, 2], 20);
        grown.families.insert(1, BTreeMap::new());
        assert!(before.new_tables(&grown).is_err());
        let nameless = Mark { database_id: None, ..mark(&[1, 2], 20) };
        assert!(nameless.new_tables(&nameless).is_err());
    }

    #[test]
    fn what_was_read_from_a_log_is_covered() {
        let before = mark(&[1], 20);
        assert!(!before.covers(0) && !before.covers(10) && !before.covers(21));
        assert!(before.covers(11) && before.covers(20));
    }
}
