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
