//! A point in a store's life: which table files and logs it had.
//!
//! Contract: a mark is made of what was read when the store was opened, and holds for all that was then scanned. It keeps the logs of that
//! time open, so that they can be read when they have been removed, unless they are too many; nothing else is read here.

use std::collections::BTreeMap;
use std::fs::File;
use std::sync::Arc;

use crate::error::{Fault, Outcome, Reason as _};
use crate::files::manifest::Manifest;
use crate::files::wal::{Log, LogReport};
use crate::read::descriptors::spare;

/// A mark of a store with more logs does not keep them.
const MOST_KEPT_LOGS: u64 = 64;
/// What part of the descriptors that are left logs may take.
const PART_FOR_LOGS: u64 = 4;

/// A log as it was.
#[derive(Debug, Clone)]
pub struct MarkedLog {
    pub log: Log,
    /// None when it was not kept.
    pub file: Option<Arc<File>>,
    /// How many records it had; a log whose file was used again has none of them.
    pub records: u64,
}

/// What a store was made of.
#[derive(Debug, Clone)]
pub struct Mark {
    pub database_id: Option<String>,
    /// Numbers and sizes of each family's live table files, by the family's id.
    pub families: BTreeMap<u32, BTreeMap<u64, u64>>,
    /// For each family the number of the first log that counts for it.
    pub first_logs: BTreeMap<u32, u64>,
    /// The logs that were read, in order.
    pub logs: Vec<MarkedLog>,
    /// Number of the newest OPTIONS file.
    pub options: Option<u64>,
    /// The last sequence number of all that were certainly read; a writer may have added more to the last log before it was scanned.
    pub last: u64,
}

impl Mark {
    /// The mark of a store with this MANIFEST, these logs, what was read of them, and OPTIONS files.
    ///
    /// Errors: NOT_FOUND when a log is gone, and what else opening it fails with.
    pub fn new(
        database_id: Option<String>,
        manifest: &Manifest,
        logs: &[Log],
        report: &LogReport,
        options: Option<u64>,
    ) -> Outcome<Self> {
        let tables = |family: &crate::files::family::Family| {
            family.tables.iter().map(|(&number, file)| (number, file.size)).collect()
        };
        let keep = logs.len() as u64 <= MOST_KEPT_LOGS.min(spare() / PART_FOR_LOGS);
        let open = |(log, &records): (&Log, &u64)| {
            let open = || File::open(&log.path).map_err(|error| Fault::io("opening", &log.path, &error));
            Ok(MarkedLog { log: log.clone(), file: keep.then(open).transpose()?.map(Arc::new), records })
        };
        Ok(Self {
            database_id,
            families: manifest.families.iter().map(|(&id, family)| (id, tables(family))).collect(),
            first_logs: manifest.families.iter().map(|(&id, family)| (id, family.log_number)).collect(),
            logs: logs.iter().zip(&report.records).map(open).collect::<Outcome<_>>()?,
            options,
            last: report.last_sequence,
        })
    }

    /// Whether a log was there.
    pub fn has_log(&self, number: u64) -> bool {
        self.logs.iter().any(|marked| marked.log.number == number)
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
        let (first_logs, logs) = (BTreeMap::from([(0, 5)]), Vec::new());
        Mark { database_id: Some("id".to_owned()), families, first_logs, logs, options: Some(4), last }
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
}
