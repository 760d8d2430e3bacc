//! Sequence numbers that are in no log: what is said of them, and when nothing is.
//!
//! Contract: pure.

use std::ops::Range;

use crate::files::manifest::Manifest;
use crate::files::wal::Log;

/// How many of a kind are named, each in a warning of its own.
const MOST_NAMED: usize = 20;

/// Numbers that are in no log and may be in tables.
#[derive(Default)]
pub struct Doubts {
    known: Vec<String>,
    /// Those that only count when transactions are written before they are committed.
    early: Vec<String>,
}

impl Doubts {
    /// Adds numbers that no file has, before a log that is only supposed to be the oldest one that is needed.
    pub fn add_before(&mut self, log: &Log, numbers: Range<u64>) {
        self.known.push(format!(
            "sequence numbers {} to {} are in no file, before the log {}: a flush left nothing of them, or a log is missing",
            numbers.start,
            numbers.end - 1,
            log.path.display()
        ));
    }

    /// Adds numbers between two records, before this byte of a log: they should be in tables. Nothing is said when they are those of tables that
    /// were ingested, even if they were compacted since. Those of other tables that had one number are named when transactions are written before
    /// they are committed.
    pub fn add_gap(
        &mut self,
        manifest: &Manifest,
        (log, offset): (&Log, u64),
        numbers: Range<u64>,
        unknown_commit: bool,
    ) {
        let Manifest { ingested, lone, .. } = manifest;
        if numbers.clone().all(|number| ingested.contains(&number)) {
            return;
        }
        let is_early = numbers.clone().all(|number| ingested.contains(&number) || lone.contains(&number));
        let why = if unknown_commit {
            "a transaction whose prepare is in no log took them"
        } else {
            "the store's program wrote them without a log or ingested them"
        };
        let doubts = if is_early { &mut self.early } else { &mut self.known };
        doubts.push(format!(
            "sequence numbers {} to {} are in no log, before byte {offset} of the log {}: they are in tables when {why}; otherwise a log is missing",
            numbers.start,
            numbers.end - 1,
            log.path.display()
        ));
    }

    /// Adds that the last write of all commits a transaction whose prepare was not read.
    pub fn add_last_commit(&mut self) {
        self.known.push(
            "the last write in the logs commits a transaction whose prepare is in no log: it had no entries, or they are in tables, or a log is missing"
                .to_owned(),
        );
    }

    /// What is said of them; `early` tells whether transactions are written before they are committed.
    pub fn warnings(self, early: bool) -> Vec<String> {
        let more = if early { self.early } else { Vec::new() };
        let all: Vec<_> = self.known.into_iter().chain(more).collect();
        some_named(all.into_iter(), "gaps are in the numbers of the logs")
    }
}

/// The first of some sentences, and how many more there are.
pub fn some_named(sentences: impl ExactSizeIterator<Item = String>, what: &str) -> Vec<String> {
    let more = sentences.len().saturating_sub(MOST_NAMED);
    let rest = (more > 0).then(|| format!("{more} more {what}"));
    sentences.take(MOST_NAMED).chain(rest).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_not_named_is_counted() {
        for count in 0..=MOST_NAMED + 3 {
            let told = some_named((0..count).map(|number| format!("gap {number}")), "gaps");
            let named = told.iter().filter(|line| line.starts_with("gap ")).count();
            let rest = told.iter().find_map(|line| line.strip_suffix(" more gaps"));
            assert_eq!(named, count.min(MOST_NAMED));
            assert_eq!(rest.map_or(0, |rest| rest.parse().unwrap()), count - named, "{told:?}");
        }
    }
}
