//! Replays the records of write-ahead logs as RocksDB's recovery does: which entry takes which sequence number, and which transaction
//! is prepared, committed or rolled back.
//!
//! Entries of a prepared transaction (write policy "write committed") take no sequence numbers where they stand; they take them where the
//! commit stands, which may be in a later log. What is only prepared is no part of the store.
//!
//! Contract: pure; memory grows with what is prepared and not yet decided, as it does in RocksDB itself.

use std::collections::BTreeMap;

use crate::files::write_batch::{numbers, Kind, Operation, Operations, Policy, Unreadable, BATCH_HEADER};

/// A prepared transaction that is neither committed nor rolled back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prepared {
    /// Number of the log that it is in.
    pub log: u64,
    pub entries: u64,
    /// Its entries, as they stand in the log.
    operations: Vec<u8>,
}

/// One entry and where it stands.
#[derive(Debug, Clone, Copy)]
pub struct Entry<'a> {
    pub family: u32,
    pub sequence: u64,
    pub kind: Kind,
    pub key: &'a [u8],
    pub value: &'a [u8],
}

/// What a record did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Applied {
    /// Sequence number of its first entry.
    pub first: u64,
    /// How many sequence numbers it took.
    pub taken: u64,
    /// It commits a transaction whose prepare was not read: how many numbers that took is not known.
    pub unknown_commit: bool,
}

/// Why a record can't be replayed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReplayError {
    Unreadable(Unreadable),
    /// A transaction of another write policy.
    Policy(Policy),
    /// A transaction was prepared again before it was decided.
    PreparedTwice(Vec<u8>),
}

impl From<Unreadable> for ReplayError {
    fn from(error: Unreadable) -> Self {
        Self::Unreadable(error)
    }
}

/// What was read so far.
#[derive(Debug, Default)]
pub struct Replay {
    /// Prepared transactions by name.
    pub prepared: BTreeMap<Vec<u8>, Prepared>,
    /// Whether any mark of a transaction in two phases was met.
    pub two_phase: bool,
    /// Whether a batch was met that was written before its transaction was committed: all of its entries have one sequence number.
    pub early: bool,
}

impl Replay {
    /// Replays a record of the log with the number `log`. `each` is called with every entry that takes a sequence number.
    pub fn apply(&mut self, log: u64, record: &[u8], mut each: impl FnMut(Entry<'_>)) -> Result<Applied, ReplayError> {
        let (first, said) = numbers(record).ok_or(Unreadable::Cut)?;
        let body = &record[BATCH_HEADER..];
        let mut operations = Operations::new(body);
        let mut applied = Applied { first, ..Applied::default() };
        let mut found = 0_u64;
        let mut section: Option<(usize, u64)> = None; // where its entries start, and how many there are
        loop {
            let at = body.len() - operations.left();
            let Some(operation) = operations.next()? else { break };
            self.early |= found > 0 && operation == Operation::Nothing;
            match operation {
                Operation::Entry { family, kind, key, value } => {
                    found += 1;
                    match &mut section {
                        Some((_, entries)) => *entries += 1,
                        None => {
                            let sequence = first.saturating_add(applied.taken);
                            each(Entry { family, sequence, kind, key, value });
                            applied.taken += 1;
                        }
                    }
                }
                Operation::BeginPrepare(policy) => {
                    self.two_phase = true;
                    if policy != Policy::Committed {
                        return Err(ReplayError::Policy(policy));
                    }
                    if section.is_some() {
                        return Err(Unreadable::Section.into());
                    }
                    section = Some((body.len() - operations.left(), 0));
                }
                Operation::EndPrepare(name) => {
                    let (start, entries) = section.take().ok_or(Unreadable::Section)?;
                    let prepared = Prepared { log, entries, operations: body[start..at].to_vec() };
                    if self.prepared.insert(name.to_vec(), prepared).is_some() {
                        return Err(ReplayError::PreparedTwice(name.to_vec()));
                    }
                }
                Operation::Commit(name) => {
                    self.two_phase = true;
                    match self.prepared.remove(name) {
                        Some(prepared) => replay_prepared(&prepared, &mut applied, &mut each)?,
                        None => applied.unknown_commit = true,
                    }
                }
                Operation::Rollback(name) => {
                    self.two_phase = true;
                    self.prepared.remove(name);
                }
                Operation::Note | Operation::Nothing => {}
            }
        }
        if section.is_some() {
            return Err(Unreadable::Section.into());
        }
        if found != u64::from(said) {
            return Err(Unreadable::WrongCount { said, found }.into());
        }
        Ok(applied)
    }
}

fn replay_prepared(
    prepared: &Prepared,
    applied: &mut Applied,
    each: &mut impl FnMut(Entry<'_>),
) -> Result<(), Unreadable> {
    let mut operations = Operations::new(&prepared.operations);
    while let Some(operation) = operations.next()? {
        if let Operation::Entry { family, kind, key, value } = operation {
            each(Entry { family, sequence: applied.first.saturating_add(applied.taken), kind, key, value });
            applied.taken += 1;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A batch with this first sequence number, number of entries and operations.
    fn batch(sequence: u8, count: u8, operations: &[u8]) -> Vec<u8> {
        [&[sequence, 0, 0, 0, 0, 0, 0, 0, count, 0, 0, 0], operations].concat()
    }

    type Told = Vec<(u32, u64, Vec<u8>)>;

    fn apply(replay: &mut Replay, log: u64, record: &[u8]) -> Result<(Applied, Told), ReplayError> {
        let mut told = Vec::new();
        let applied =
            replay.apply(log, record, |entry| told.push((entry.family, entry.sequence, entry.key.to_vec())))?;
        Ok((applied, told))
    }

    fn applied(first: u64, taken: u64) -> Applied {
        Applied { first, taken, unknown_commit: false }
    }

    #[test]
    fn entries_take_numbers_where_they_are_committed() {
        let mut replay = Replay::default();
        let put_a = b"\x01\x01a\x01v";
        let told = |list: &[(u32, u64, &str)]| -> Told {
            list.iter().map(|(family, sequence, key)| (*family, *sequence, key.as_bytes().to_vec())).collect()
        };
        assert_eq!(apply(&mut replay, 4, &batch(7, 1, put_a)), Ok((applied(7, 1), told(&[(0, 7, "a")]))));
        assert!(!replay.two_phase);
        // Nothing stands where a transaction's batch begins, or behind one that is written before it is committed.
        for (batch, early) in [(batch(8, 1, b"\x0d\x01\x01a\x01v"), false), (batch(8, 1, b"\x01\x01a\x01v\x0d"), true)]
        {
            let mut replay = Replay::default();
            apply(&mut replay, 4, &batch).unwrap();
            assert_eq!(replay.early, early);
        }
        // Two prepares around a write of another program's, in one record: only that one takes a number.
        let mixed = b"\x09\x05\x02\x01b\x01v\x04\x02\x01c\x0a\x01x\x01\x01d\x01v\x09\x01\x01e\x01v\x0a\x01y";
        assert_eq!(apply(&mut replay, 4, &batch(8, 4, mixed)), Ok((applied(8, 1), told(&[(0, 8, "d")]))));
        assert!(replay.two_phase);
        // A commit with a write of its own before it, in a later log.
        let committed = apply(&mut replay, 5, &batch(9, 1, b"\x01\x01f\x01v\x0b\x01x"));
        assert_eq!(committed, Ok((applied(9, 3), told(&[(0, 9, "f"), (2, 10, "b"), (2, 11, "c")]))));
        let left: Vec<_> =
            replay.prepared.iter().map(|(name, kept)| (name.as_slice(), kept.log, kept.entries)).collect();
        assert_eq!(left, [(&b"y"[..], 4, 1)]);
        assert_eq!(apply(&mut replay, 5, &batch(12, 0, b"\x0c\x01y")), Ok((applied(12, 0), Vec::new())));
        assert!(replay.prepared.is_empty());
        let unknown = apply(&mut replay, 5, &batch(12, 0, b"\x15\x03now\x01x"));
        assert_eq!(unknown, Ok((Applied { unknown_commit: true, ..applied(12, 0) }, Vec::new())));
    }

    #[test]
    fn what_is_no_whole_batch_is_refused() {
        let mut replay = Replay::default();
        let whole = batch(7, 2, b"\x01\x01a\x02xy\x04\x05\x01b");
        for end in 0..whole.len() {
            assert!(apply(&mut Replay::default(), 4, &whole[..end]).is_err(), "{end}");
        }
        let wrong = [
            (batch(7, 3, &whole[12..]), Unreadable::WrongCount { said: 3, found: 2 }),
            (batch(7, 1, &whole[12..]), Unreadable::WrongCount { said: 1, found: 2 }),
            (batch(7, 1, b"\x09\x01\x01a\x01v"), Unreadable::Section),
            (batch(7, 0, b"\x0a\x01x"), Unreadable::Section),
            (batch(7, 0, b"\x09\x09\x0a\x01x"), Unreadable::Section),
            (batch(7, 1, b"\x1a\x01a\x01v"), Unreadable::UnknownTag(0x1a)),
        ];
        for (record, error) in wrong {
            assert_eq!(apply(&mut replay, 4, &record), Err(error.into()));
        }
        for (tag, policy) in [(0x12, Policy::Prepared), (0x13, Policy::Unprepared)] {
            assert_eq!(apply(&mut replay, 4, &batch(7, 0, &[tag])), Err(ReplayError::Policy(policy)));
        }
        let twice = batch(7, 0, b"\x09\x0a\x01x\x09\x0a\x01x");
        assert_eq!(apply(&mut replay, 4, &twice), Err(ReplayError::PreparedTwice(b"x".to_vec())));
    }
}
