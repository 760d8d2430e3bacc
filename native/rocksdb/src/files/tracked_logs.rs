//! The logs that MANIFEST keeps track of (`track_and_verify_wals_in_manifest`).
//!
//! Contract: pure.

use std::collections::BTreeMap;

/// Tags of an addition: its end, and how much of the log is surely on the disk (RocksDB's `wal_edit.h`).
const END: u64 = 1;
const SYNCED_SIZE: u64 = 2;

/// Logs by number, each with the bytes of it that are surely on the disk; none when that is not told.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrackedLogs {
    logs: BTreeMap<u64, Option<u64>>,
    first: u64,
}

impl TrackedLogs {
    /// Reads an addition: number, then tags with their values. None when it can't be understood.
    pub fn add(&mut self, mut varint: impl FnMut() -> Option<u64>) -> Option<()> {
        let number = varint()?;
        let mut synced = None;
        loop {
            match varint()? {
                END => break,
                SYNCED_SIZE => synced = Some(varint()?),
                _ => return None,
            }
        }
        if number >= self.first {
            let known = self.logs.entry(number).or_default();
            *known = (*known).max(synced);
        }
        Some(())
    }

    /// Forgets all logs before `number`.
    pub fn remove_before(&mut self, number: u64) {
        if number > self.first {
            self.first = number;
            self.logs = self.logs.split_off(&number);
        }
    }

    /// Logs that must be there, with the size that each must have at least.
    pub fn synced(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        self.logs.iter().filter_map(|(&number, &size)| Some((number, size?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logs_come_grow_and_go() {
        let mut logs = TrackedLogs::default();
        let add = |logs: &mut TrackedLogs, numbers: &[u64]| {
            let mut rest = numbers.iter().copied();
            logs.add(|| rest.next())
        };
        assert_eq!(add(&mut logs, &[4, END]), Some(()));
        assert_eq!(logs.synced().count(), 0);
        assert_eq!(add(&mut logs, &[4, SYNCED_SIZE, 100, END]), Some(()));
        assert_eq!(add(&mut logs, &[7, SYNCED_SIZE, 50, END]), Some(()));
        // Told late, an older size changes nothing.
        assert_eq!(add(&mut logs, &[4, SYNCED_SIZE, 80, END]), Some(()));
        assert_eq!(logs.synced().collect::<Vec<_>>(), [(4, 100), (7, 50)]);
        logs.remove_before(7);
        assert_eq!(add(&mut logs, &[4, SYNCED_SIZE, 200, END]), Some(()));
        assert_eq!(logs.synced().collect::<Vec<_>>(), [(7, 50)]);
        for wrong in [&[][..], &[9], &[9, SYNCED_SIZE], &[9, 3, 1, END]] {
            assert_eq!(add(&mut logs, wrong), None);
        }
    }
}
