//! The leaves of a tree, one after the other: compiled into a copy of sled 0.34.7 as a module of its page cache. kgdump's own
//! code; it uses what is private to the page cache and nothing else.
//!
//! Contract: a leaf is found as a lookup finds it, by descending from the root, and what is met must be what makes every
//! lookup of its keys come here, as far as pages say so:
//! - a child's lo is the key that its parent has for it, and its hi no higher than the next one;
//! - a page that was split and whose parent does not know it yet is reached by `next` from the part that was left of it;
//!   its lo is that one's hi. A page that is being merged counts as a part of its left sibling, as `Tree::merge_node` will have it;
//! - the keys of a page ascend, and lie from its lo to its hi; what lo and hi have in common covers the prefix that keys lose;
//! - the leaf after (before) a leaf has that one's hi for its lo, and is the one that its `next` names.
//!
//! So the leaves from an empty lo to an empty hi hold each entry of the tree once, in order. What does not fit is `Misfit`:
//! damage, unless somebody writes to the tree at the same time, so it is looked at again some times. Nothing is written: a split or
//! merge that sled would complete when it passes stays as it is. A reader belongs to one thread at a time; sled may
//! panic at damaged pages.
#![deny(unsafe_code)]
#![warn(warnings, clippy::all)]

use std::fmt;

use super::page_reader::PageReader;
use super::tree_page::{check, next, prefix, Found, Parent, Slot};
pub use super::tree_page::{LeafError, Target};
use super::PageId;
use crate::{concurrency_control, pin, Acquire, Data, Error, Guard, IVec, Node, Tree};

/// Levels of a tree at most: sled's have no more than one for every 64 times as many pages.
const MOST_LEVELS: usize = 64;
/// How often a tree is looked at again that does not fit.
const TRIES: usize = 200;

/// A leaf as it was when it was read.
pub struct Leaf {
    pid: PageId,
    node: Node,
}

impl fmt::Debug for Leaf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Leaf({})", self.pid)
    }
}

impl Leaf {
    /// No key of it is below this one.
    pub fn lo(&self) -> &[u8] {
        &self.node.lo
    }

    /// All keys of it are below this one; empty for the last leaf.
    pub fn hi(&self) -> &[u8] {
        &self.node.hi
    }

    /// The bytes with which all its keys begin and that `entry` leaves out.
    pub fn prefix(&self) -> &[u8] {
        prefix(&self.node)
    }

    /// How many entries it has.
    pub fn len(&self) -> usize {
        self.node.data.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// An entry by its number from 0: its key without the prefix, and its value.
    pub fn entry(&self, number: usize) -> Option<(&[u8], &[u8])> {
        let leaf = self.node.data.leaf_ref()?;
        Some((leaf.keys.get(number)?, leaf.values.get(number)?))
    }

    /// How many of its keys are below this one.
    pub fn below(&self, key: &[u8]) -> usize {
        let keys = self.node.data.leaf_ref().map_or(&[][..], |leaf| &leaf.keys);
        match key.strip_prefix(self.prefix()) {
            Some(suffix) => keys.partition_point(|k| &**k < suffix),
            None if key < self.prefix() => 0,
            None => keys.len(),
        }
    }
}

/// Reads the leaves of a tree.
pub struct LeafReader {
    tree: Tree,
    pages: PageReader,
    /// The index page above the leaf that was read last.
    parent: Option<Parent>,
}

impl fmt::Debug for LeafReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LeafReader")
    }
}

impl LeafReader {
    /// A reader of a tree, which it keeps open.
    pub fn new(tree: &Tree) -> LeafReader {
        LeafReader { tree: tree.clone(), pages: PageReader::new(&tree.context), parent: None }
    }

    /// Finds a leaf.
    ///
    /// # Errors
    /// `Misfit`; those of reading pages.
    pub fn find(&mut self, target: Target<'_>) -> Found<Leaf> {
        self.persist(|reader, guard| reader.descend(target, guard))
    }

    /// The leaf with the keys from `leaf.hi()` on; None after the last. When somebody writes to the tree it may begin before that.
    ///
    /// # Errors
    /// As `find`.
    pub fn after(&mut self, leaf: &Leaf) -> Found<Option<Leaf>> {
        if leaf.hi().is_empty() {
            return Ok(None);
        }
        let found = self.persist(|reader, guard| {
            let found = reader.descend(Target::At(leaf.hi()), guard)?;
            let fits = found.node.lo == leaf.node.hi && next(&leaf.node) == Some(found.pid);
            reader.accept(fits, leaf, guard)?;
            Ok(found)
        });
        found.map(Some)
    }

    /// The leaf with the keys below `leaf.lo()`; None before the first. When somebody writes to the tree it may end behind that.
    ///
    /// # Errors
    /// As `find`.
    pub fn before(&mut self, leaf: &Leaf) -> Found<Option<Leaf>> {
        if leaf.lo().is_empty() {
            return Ok(None);
        }
        let found = self.persist(|reader, guard| {
            let found = reader.descend(Target::Before(leaf.lo()), guard)?;
            let fits = found.node.hi == leaf.node.lo && next(&found.node) == Some(leaf.pid);
            reader.accept(fits, leaf, guard)?;
            Ok(found)
        });
        found.map(Some)
    }

    /// Does `look`, once more from the root when what it saw did not fit.
    fn persist<T>(&mut self, mut look: impl FnMut(&mut LeafReader, &Guard) -> Found<T>) -> Found<T> {
        let mut tries = 0;
        loop {
            let guard = pin();
            let cc = concurrency_control::read();
            let seen = look(self, &guard);
            drop(cc);
            drop(guard);
            match seen {
                Err(LeafError::Misfit(..)) if tries < TRIES => {
                    self.parent = None;
                    tries += 1;
                    std::thread::yield_now();
                }
                seen => return seen,
            }
        }
    }

    /// A neighbour that does not fit is one all the same when the leaf has changed since it was read.
    fn accept(&mut self, fits: bool, leaf: &Leaf, guard: &Guard) -> Found<()> {
        if fits {
            return Ok(());
        }
        match self.page(leaf.pid, guard)? {
            Some(now)
                if !now.merging && now.lo == leaf.node.lo && now.hi == leaf.node.hi && now.next == leaf.node.next =>
            {
                Err(LeafError::Misfit("a leaf is not the neighbour of the one before", leaf.pid))
            }
            _ => Ok(()),
        }
    }

    fn page(&mut self, pid: PageId, guard: &Guard) -> Found<Option<Node>> {
        let cache = &self.tree.context.pagecache;
        Ok(self.pages.page(cache, pid, guard)?)
    }

    fn descend(&mut self, target: Target<'_>, guard: &Guard) -> Found<Leaf> {
        let mut slot = match &self.parent {
            Some(parent) if parent.covers(target) => parent.slot(target)?,
            _ => self.root()?,
        };
        for _ in 0..MOST_LEVELS {
            let (pid, node) = self.settle(&slot, target, guard)?;
            match node.data {
                Data::Leaf(_) => return Ok(Leaf { pid, node }),
                Data::Index(_) => {
                    let parent = Parent::new(pid, node)?;
                    slot = parent.slot(target)?;
                    self.parent = Some(parent);
                }
            }
        }
        Err(LeafError::Misfit("the tree has too many levels", slot.pid))
    }

    fn root(&self) -> Found<Slot> {
        let pid = self.tree.root.load(Acquire);
        if pid == PageId::MAX {
            return Err(LeafError::Sled(Error::CollectionNotFound(self.tree.tree_id.clone())));
        }
        Ok(Slot { pid, lo: IVec::default(), hi: IVec::default(), merging: None })
    }

    /// The page that a slot leads to for a target: its child, or one that was split off the child.
    fn settle(&mut self, slot: &Slot, target: Target<'_>, guard: &Guard) -> Found<(PageId, Node)> {
        let mut pid = slot.pid;
        let mut lo = slot.lo.clone();
        let mut kind = None;
        // Ends, as the pages' los ascend.
        loop {
            let node = self.page(pid, guard)?.ok_or(LeafError::Misfit("a page is missing", pid))?;
            check(&node).map_err(|what| LeafError::Misfit(what, pid))?;
            let misfit = if node.lo != lo {
                Some("a page does not begin where it should")
            } else if !slot.hi.is_empty() && (node.hi.is_empty() || node.hi > slot.hi) {
                Some("a page goes beyond its parent's next child")
            } else if node.merging && slot.merging != Some(pid) {
                Some("a page is being merged and its parent does not know it")
            } else if kind.is_some_and(|kind| kind != node.data.is_index()) {
                Some("a leaf and an index page are siblings")
            } else {
                None
            };
            if let Some(what) = misfit {
                return Err(LeafError::Misfit(what, pid));
            }
            if node.hi.is_empty() || !target.reaches(&node.hi) {
                return Ok((pid, node));
            }
            kind = Some(node.data.is_index());
            pid = next(&node).ok_or(LeafError::Misfit("a page has no sibling", pid))?;
            lo = node.hi;
        }
    }
}
