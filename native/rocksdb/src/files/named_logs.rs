//! Log numbers that edits of a MANIFEST name as those from which on a family needs logs, and what that tells of the logs.
//!
//! Contract: pure.

use std::collections::BTreeMap;

/// What is known of a log number that an edit named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogName {
    /// It was named before MANIFEST was begun: it may be of a log, or as in `Opening`.
    Former,
    /// An opening named it: it is behind all logs that there were, and no log need have it.
    Opening,
    /// RocksDB had begun it.
    Begun,
}

/// All numbers that were named.
#[derive(Debug, Default)]
pub struct NamedLogs(BTreeMap<u64, LogName>);

impl NamedLogs {
    /// An edit names `log`. `tells_next_file` is whether it has the number of the next file, which what was there before MANIFEST is told
    /// without; `is_begun` whether the log was there for certain, as when a family is made, or the number is greater than MANIFEST's: what
    /// an opening names is below the number of the MANIFEST that it begins.
    pub fn add(&mut self, log: u64, tells_next_file: bool, is_begun: bool) {
        let name = match tells_next_file {
            _ if is_begun => LogName::Begun,
            true => LogName::Opening,
            false => LogName::Former,
        };
        let known = self.0.entry(log).or_insert(name);
        *known = name.max(*known);
    }

    /// What is known of a number.
    pub fn get(&self, log: u64) -> Option<LogName> {
        self.0.get(&log).copied()
    }

    /// The logs that were there when they were named.
    pub fn begun(&self) -> impl Iterator<Item = u64> + '_ {
        self.of(LogName::Begun)
    }

    /// The numbers that an opening named: one more than that of the newest log it read.
    pub fn openings(&self) -> impl Iterator<Item = u64> + '_ {
        self.of(LogName::Opening)
    }

    /// The numbers that were named before MANIFEST was begun.
    pub fn formers(&self) -> impl Iterator<Item = u64> + '_ {
        self.of(LogName::Former)
    }

    fn of(&self, kind: LogName) -> impl Iterator<Item = u64> + '_ {
        self.0.iter().filter(move |(_, &name)| name == kind).map(|(&log, _)| log)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_surest_word_counts() {
        let mut named = NamedLogs::default();
        named.add(4, false, false);
        named.add(4, true, false);
        named.add(9, false, true);
        named.add(9, true, false);
        assert_eq!((named.get(4), named.get(9), named.get(5)), (Some(LogName::Opening), Some(LogName::Begun), None));
        assert_eq!(named.begun().collect::<Vec<_>>(), [9]);
        assert_eq!(named.openings().collect::<Vec<_>>(), [4]);
    }
}
