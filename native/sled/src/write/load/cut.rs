//! Where a run of items is cut into pages.
//!
//! Sled splits a leaf of more than 16 entries and an index page of more than 256 children when it next passes, and merges
//! one of fewer than 4 or 64 into its left sibling (`Node::should_split`, `should_merge`). So that merely reading a loaded
//! tree rewrites nothing, every page has between `least` and `full` items; a page that is alone on its level may have
//! fewer. To keep that at the end, the last `least` items always wait. Within these bounds a page is cut when it would
//! exceed `limit`, since sled stores a longer one as a file of its own. Cuts depend on nothing but the items.

use std::collections::VecDeque;

/// How many items a page of one kind may have.
#[derive(Clone, Copy, Debug)]
pub struct Fan {
    pub full: usize,
    pub least: usize,
}

/// Entries of a leaf.
pub const LEAF: Fan = Fan { full: 16, least: 4 };
/// Children of an index page.
pub const INDEX: Fan = Fan { full: 256, least: 64 };

/// Decides how many of the items that wait become a page.
#[derive(Debug)]
pub struct Cutter {
    fan: Fan,
    limit: usize,
    /// Bytes of each item that waits.
    waiting: VecDeque<usize>,
    /// Bytes of all but the last `least`.
    settled: usize,
}

impl Cutter {
    pub fn new(fan: Fan, limit: usize) -> Cutter {
        Cutter { fan, limit, waiting: VecDeque::with_capacity(fan.full + fan.least), settled: 0 }
    }

    /// Takes note of one more item of `bytes`; returns how many of the first items shall become a page now.
    pub fn push(&mut self, bytes: usize) -> Option<usize> {
        self.waiting.push_back(bytes);
        let settled = self.waiting.len().saturating_sub(self.fan.least);
        let newest = *self.waiting.get(settled.checked_sub(1)?)?;
        self.settled = self.settled.saturating_add(newest);
        let count = if settled > self.fan.least && self.settled > self.limit {
            self.settled = newest;
            settled - 1
        } else if settled == self.fan.full {
            self.settled = 0;
            settled
        } else {
            return None;
        };
        self.waiting.drain(..count);
        Some(count)
    }

    /// How many items each of the last pages has; empty when none wait.
    pub fn finish(&mut self) -> Vec<usize> {
        let count = self.waiting.len();
        let bytes = self.waiting.drain(..).fold(0, usize::saturating_add);
        self.settled = 0;
        if count == 0 {
            Vec::new()
        } else if count <= self.fan.full && (bytes <= self.limit || count < 2 * self.fan.least) {
            vec![count]
        } else {
            vec![count - count / 2, count / 2]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(fan: Fan, limit: usize, items: &[usize]) -> Vec<usize> {
        let mut cutter = Cutter::new(fan, limit);
        let mut pages: Vec<usize> = items.iter().filter_map(|&bytes| cutter.push(bytes)).collect();
        pages.extend(cutter.finish());
        pages
    }

    #[test]
    fn every_number_of_items_is_cut_within_the_bounds() {
        for fan in [LEAF, INDEX] {
            for count in 0..4 * fan.full + 2 * fan.least {
                let pages = cut(fan, 1000, &vec![1; count]);
                assert_eq!(pages.iter().sum::<usize>(), count);
                assert!(pages.iter().all(|&n| n <= fan.full), "{count}: {pages:?}");
                assert!(pages.len() <= 1 || pages.iter().all(|&n| n >= fan.least), "{count}: {pages:?}");
                // Full but for the last two.
                assert!(pages.iter().rev().skip(2).all(|&n| n == fan.full), "{count}: {pages:?}");
            }
        }
    }

    #[test]
    fn big_items_make_short_pages_and_never_too_short_ones() {
        let mut seed = 88_172_645_463_325_252_u64;
        for round in 0..2000_usize {
            let items: Vec<usize> = (0..round % 90)
                .map(|_| {
                    seed ^= seed << 13;
                    seed ^= seed >> 7;
                    seed ^= seed << 17;
                    usize::try_from(if seed.is_multiple_of(5) { seed % 3000 } else { seed % 60 }).unwrap()
                })
                .collect();
            let pages = cut(LEAF, 1000, &items);
            assert_eq!(pages.iter().sum::<usize>(), items.len());
            let mut at = 0;
            for (i, &n) in pages.iter().enumerate() {
                let bytes: usize = items[at..at + n].iter().sum();
                at += n;
                assert!(n <= LEAF.full);
                assert!(n >= LEAF.least || pages.len() == 1, "{pages:?}");
                assert!(bytes <= 1000 || n < 2 * LEAF.least || i + 2 >= pages.len(), "{pages:?} {bytes}");
            }
        }
    }

    #[test]
    fn sizes_near_the_end_of_the_range_do_not_overflow() {
        let pages = cut(LEAF, usize::MAX - 1, &[usize::MAX; 40]);
        assert_eq!(pages.iter().sum::<usize>(), 40);
    }
}
