//! All versions of all keys of a family, from all runs, in the family's order.
//!
//! Contract: memory is one block for each run that is being read.

use std::cmp::Ordering;

use crate::files::table::error::TableError;
use crate::files::table::InternalKey;
use crate::read::walk::KeyOrder;

use super::run::Cursor;

/// A merge of runs: a heap of cursors, the one with the least key on top.
pub struct Merge {
    order: KeyOrder,
    heap: Vec<Cursor>,
    /// What could not be read any more, by the rank of its run and the last key that was read of it.
    pub failures: Vec<(u64, Vec<u8>, TableError)>,
}

impl Merge {
    pub fn new(order: KeyOrder, cursors: Vec<Cursor>) -> Self {
        let mut merge = Self { order, heap: cursors, failures: Vec::new() };
        merge.heap.retain(|cursor| !cursor.key.is_empty());
        for at in (0..merge.heap.len() / 2).rev() {
            merge.sift(at);
        }
        merge
    }

    /// The least entry that is left.
    pub fn top(&mut self) -> Option<&mut Cursor> {
        self.heap.first_mut()
    }

    /// The key of the least entry that is left.
    pub fn key(&self) -> Option<InternalKey<'_>> {
        self.heap.first().and_then(|cursor| InternalKey::parse(&cursor.key))
    }

    /// Goes on behind the least entry.
    pub fn pop(&mut self) {
        let Some(cursor) = self.heap.first_mut() else { return };
        let before = cursor.key.clone();
        if let Err(error) = cursor.advance() {
            let rank = cursor.rank;
            cursor.key.clear();
            self.failures.push((rank, before, error));
        }
        if self.heap.first().is_some_and(|cursor| cursor.key.is_empty()) {
            self.heap.swap_remove(0);
        }
        self.sift(0);
    }

    fn less(&self, a: usize, b: usize) -> bool {
        let (a, b) = (&self.heap[a], &self.heap[b]);
        let order = match (InternalKey::parse(&a.key), InternalKey::parse(&b.key)) {
            (Some(x), Some(y)) => self.order.compare_internal(x, y),
            (x, y) => x.is_some().cmp(&y.is_some()),
        };
        order.then(b.rank.cmp(&a.rank)) == Ordering::Less
    }

    fn sift(&mut self, mut at: usize) {
        loop {
            let mut least = at;
            for child in [2 * at + 1, 2 * at + 2] {
                if child < self.heap.len() && self.less(child, least) {
                    least = child;
                }
            }
            if least == at {
                return;
            }
            self.heap.swap(at, least);
            at = least;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::read::salvage::run::MemoryRun;

    #[test]
    fn of_entries_with_the_same_number_that_of_the_newest_run_comes_first() {
        let run = |rank, entries: &[(&[u8], u64)]| {
            let mut run = MemoryRun::default();
            for (key, sequence) in entries {
                run.push(&[key, &(sequence << 8 | 1).to_le_bytes()[..]].concat(), b"value");
            }
            Cursor::over_memory(rank, Arc::new(run))
        };
        let runs: [&[(&[u8], u64)]; 4] =
            [&[(b"a", 0), (b"b", 3)], &[(b"a", 0), (b"b", 9)], &[(b"a", 4), (b"b", 3)], &[(b"a", 0)]];
        // Whatever the order in which they are given.
        for first in 0..runs.len() {
            let ranks = (0..runs.len()).map(|step| (first + step) % runs.len());
            let mut merge = Merge::new(KeyOrder::Bytewise, ranks.map(|rank| run(rank as u64, runs[rank])).collect());
            let mut found = Vec::new();
            while let Some(cursor) = merge.top() {
                let key = InternalKey::parse(&cursor.key).unwrap();
                found.push((key.user[0] as char, key.sequence, cursor.rank));
                merge.pop();
            }
            assert_eq!(
                found,
                [('a', 4, 2), ('a', 0, 3), ('a', 0, 1), ('a', 0, 0), ('b', 9, 1), ('b', 3, 2), ('b', 3, 0)]
            );
        }
    }
}
