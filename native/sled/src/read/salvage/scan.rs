//! One pass over what is left of a tree, block by block, with the places where something may be missing.
//!
//! Contract: used by one thread at a time. A block never goes over such a place, as long as there are not too many of them.

use std::sync::Arc;

use super::history::Age;
use super::plan::Span;
use super::rescue::{Rescue, What};
use kgdump_shared::fill::Filled;

use crate::fault::{Code, Outcome, SledFault};
use crate::files::page::Page;
use crate::read::pages::BodyReader;
use crate::read::pass::{Entry, KeyRange, Pass};
use crate::read::scan::fill_block;

/// From so many blocks on, entries that something may be missing between share blocks.
const MOST_CUTS: u32 = 1000;

/// What one fill gave.
#[derive(Clone, Copy, Debug, Default)]
pub struct SalvageFilled {
    pub filled: Filled,
    /// Something may be missing before the first entry; at the end, behind the last.
    pub gap: bool,
    /// Entries of this block that may be older than what is lost, or removed since.
    pub doubtful: usize,
}

/// A pass over a tree, or over leaves without one.
pub struct SalvageScan {
    leaves: LeafPass,
    tree: usize,
    stretch: usize,
    /// Something may be missing since the last entry.
    gap: bool,
    cuts: u32,
    /// Reading has failed: what is behind that is not to be asked for.
    failed: bool,
}

impl std::fmt::Debug for SalvageScan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SalvageScan")
    }
}

impl SalvageScan {
    /// Begins a pass over the tree with this number in `Rescue::trees`.
    ///
    /// # Errors
    /// KEYSPACE_UNKNOWN, IO_FAILED, PERMISSION_DENIED.
    pub fn new(rescue: &Arc<Rescue>, tree: usize) -> Outcome<SalvageScan> {
        if tree >= rescue.trees.len() {
            return Err(SledFault::new(Code::KeyspaceUnknown, format!("there is no tree {tree}")).at(&rescue.path));
        }
        let reader = rescue.reader()?;
        let place = (tree, 0, 0);
        let leaves = LeafPass { rescue: Arc::clone(rescue), reader, page: Page::default(), place, at: 0, end: 0 };
        Ok(SalvageScan { leaves, tree, stretch: 0, gap: false, cuts: 0, failed: false })
    }

    /// Reads the next entries into the empty `block`: up to a place where something may be missing, and as `fill_block`.
    ///
    /// # Errors
    /// STORE_DAMAGED, IO_FAILED when an entry cannot be read; STORE_FAILED after that.
    pub fn fill(&mut self, block: &mut Vec<u8>, capacity: usize, target: usize) -> Outcome<SalvageFilled> {
        if std::mem::replace(&mut self.failed, true) {
            return Err(SledFault::new(Code::StoreFailed, "the scan has failed").at(&self.leaves.rescue.path));
        }
        let filled = self.go_on(block, capacity, target)?;
        self.failed = false;
        Ok(filled)
    }

    fn go_on(&mut self, block: &mut Vec<u8>, capacity: usize, target: usize) -> Outcome<SalvageFilled> {
        loop {
            let stretches = self.leaves.rescue.trees.get(self.tree).map(|tree| &tree.stretches[..]).unwrap_or_default();
            let sure = match stretches.get(self.stretch).map(|stretch| &stretch.what) {
                None => {
                    let filled = Filled { done: true, ..Filled::default() };
                    return Ok(SalvageFilled { filled, gap: std::mem::take(&mut self.gap), doubtful: 0 });
                }
                Some(What::Gap { .. }) => {
                    self.gap = true;
                    self.stretch += 1;
                    continue;
                }
                Some(What::Entries { age, .. }) => *age == Age::Newest,
            };
            // What is newer than an old leaf may have had more keys, anywhere in it.
            self.gap |= !sure;
            self.leaves.enter(self.tree, self.stretch);
            let most = if sure || self.cuts >= MOST_CUTS { usize::MAX } else { 1 };
            let mut filled = fill_block(block, &mut self.leaves, &KeyRange::default(), capacity, target, most)?;
            if std::mem::take(&mut filled.done) {
                self.stretch += 1;
            }
            if filled.stats.entries == 0 {
                if filled.needed > 0 {
                    return Ok(SalvageFilled { filled, ..SalvageFilled::default() });
                }
                continue;
            }
            let gap = std::mem::replace(&mut self.gap, !sure);
            self.cuts += u32::from(!sure);
            return Ok(SalvageFilled { filled, gap, doubtful: if sure { 0 } else { filled.stats.entries } });
        }
    }
}

/// A walk over the leaves of one stretch.
struct LeafPass {
    rescue: Arc<Rescue>,
    reader: BodyReader,
    page: Page,
    /// The tree, the stretch, and the leaf that comes next.
    place: (usize, usize, usize),
    at: usize,
    end: usize,
}

impl LeafPass {
    /// Goes to the beginning of a stretch, when it is not within it.
    fn enter(&mut self, tree: usize, stretch: usize) {
        if (self.place.0, self.place.1) != (tree, stretch) {
            self.place = (tree, stretch, 0);
            (self.at, self.end) = (0, 0);
        }
    }
}

impl Pass for LeafPass {
    fn entry(&mut self, _range: &KeyRange) -> Outcome<Option<Entry<'_>>> {
        while self.at >= self.end {
            let (tree, stretch, next) = self.place;
            let stretch = self.rescue.trees.get(tree).and_then(|tree| tree.stretches.get(stretch));
            let leaf = match stretch.map(|stretch| &stretch.what) {
                Some(What::Entries { leaves, .. }) => leaves.get(next),
                _ => None,
            };
            let Some(leaf) = leaf else { return Ok(None) };
            (self.at, self.end) = self.rescue.leaf(&mut self.reader, leaf, &mut self.page)?;
            self.place.2 += 1;
        }
        match self.page.entry(self.at) {
            Some((suffix, value)) => Ok(Some((self.page.prefix(), suffix, value))),
            None => {
                Err(SledFault::new(Code::StoreDamaged, "reading the next entry: a leaf lost it").at(&self.rescue.path))
            }
        }
    }

    fn step(&mut self, _range: &KeyRange) {
        self.at += 1;
    }
}

/// A pass over the entries of a stretch.
#[derive(Debug)]
pub struct RescueWalk<'a> {
    rescue: &'a Rescue,
    reader: BodyReader,
    leaves: &'a [(u64, Span)],
    page: Page,
    at: usize,
    end: usize,
}

impl<'a> RescueWalk<'a> {
    /// A pass from the beginning.
    ///
    /// # Errors
    /// IO_FAILED, PERMISSION_DENIED.
    pub fn new(rescue: &'a Rescue, leaves: &'a [(u64, Span)]) -> Outcome<RescueWalk<'a>> {
        Ok(RescueWalk { rescue, reader: rescue.reader()?, leaves, page: Page::default(), at: 0, end: 0 })
    }

    /// The next entry: its key in two parts, and its value.
    ///
    /// # Errors
    /// IO_FAILED; STORE_DAMAGED when what was read before cannot be read any more.
    pub fn advance(&mut self) -> Outcome<Option<Entry<'_>>> {
        while self.at >= self.end {
            let Some((leaf, rest)) = self.leaves.split_first() else { return Ok(None) };
            self.leaves = rest;
            (self.at, self.end) = self.rescue.leaf(&mut self.reader, leaf, &mut self.page)?;
        }
        self.at += 1;
        let entry = self.page.entry(self.at - 1);
        Ok(entry.map(|(suffix, value)| (self.page.prefix(), suffix, value)))
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{Made, SIZE, two_leaves, unreadable};
    use super::*;
    use crate::files::made::segment;

    /// A fill: whether something may be missing before it, its entries, and how many of them are doubtful.
    type Told = (bool, usize, usize);

    /// The fills of a pass over a tree of two leaves, of which these have newer versions that cannot be read; so many cuts were made before.
    fn fills(old: &[u8], cuts: u32) -> Vec<Told> {
        let log = [&two_leaves()[..], &old.iter().map(|&page| unreadable(page)).collect::<Vec<_>>()].concat();
        let made = Made::new(&format!("fills-{old:?}-{cuts}"), &segment(SIZE, 0, &log));
        let mut scan = SalvageScan::new(&Arc::new(made.rescue()), 0).unwrap();
        scan.cuts = cuts;
        let mut found = Vec::new();
        loop {
            let SalvageFilled { filled, gap, doubtful } = scan.fill(&mut Vec::new(), 4096, 4096).unwrap();
            found.push((gap, filled.stats.entries, doubtful));
            if filled.done {
                return found;
            }
        }
    }

    #[test]
    fn before_and_behind_what_is_doubtful_something_may_be_missing() {
        let (one, end) = ((true, 1, 1), (true, 0, 0));
        let sure_end = (false, 0, 0);
        let cases: [(&[u8], &[Told], &[Told]); 4] = [
            (&[], &[(false, 3, 0), sure_end], &[(false, 3, 0), sure_end]),
            (&[6], &[one, one, (true, 1, 0), sure_end], &[(true, 2, 2), (true, 1, 0), sure_end]),
            (&[7], &[(false, 2, 0), one, end], &[(false, 2, 0), one, end]),
            (&[6, 7], &[one, one, one, end], &[(true, 3, 3), end]),
        ];
        for (old, cut, together) in cases {
            assert_eq!(fills(old, 0), cut, "{old:?}");
            // When there were too many cuts already, doubtful entries share a block.
            assert_eq!(fills(old, MOST_CUTS), together, "{old:?}");
        }
        assert_eq!(fills(&[6, 7], MOST_CUTS - 1), [one, (true, 2, 2), end]);
    }
}
