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
use std::num::NonZeroU64;

use super::page_reader::PageReader;
use super::PageId;
use crate::binary_search::binary_search_lub;
use crate::{concurrency_control, pin, Acquire, Data, Error, Guard, IVec, Node, Tree};

/// Levels of a tree at most: sled's have no more than one for every 64 times as many pages.
const MOST_LEVELS: usize = 64;
/// How often a tree is looked at again that does not fit.
const TRIES: usize = 200;

/// Why a leaf cannot be read.
#[derive(Debug)]
pub enum LeafError {
    /// Sled could not read a page.
    Sled(Error),
    /// Pages do not fit each other or themselves: what, and which page.
    Misfit(&'static str, PageId),
}

impl From<Error> for LeafError {
    fn from(error: Error) -> LeafError {
        LeafError::Sled(error)
    }
}

type Found<T> = std::result::Result<T, LeafError>;

/// Which leaf is looked for.
#[derive(Clone, Copy, Debug)]
pub enum Target<'a> {
    /// The one in which this key is or would be.
    At(&'a [u8]),
    /// The one in which the keys right below this one are; the key is not empty.
    Before(&'a [u8]),
    /// The last one.
    Last,
}

impl Target<'_> {
    /// Whether a page that begins with `lo` is not beyond it.
    fn reaches(self, lo: &[u8]) -> bool {
        match self {
            Target::At(key) => lo <= key,
            Target::Before(key) => lo < key,
            Target::Last => true,
        }
    }
}

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
        if pid == PageId::max_value() {
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
            } else if kind.map_or(false, |kind| kind != node.data.is_index()) {
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

/// Where a child hangs: its pages have the keys from `lo` to `hi`.
struct Slot {
    pid: PageId,
    lo: IVec,
    hi: IVec,
    /// The page that is being merged into one of these.
    merging: Option<PageId>,
}

/// An index page without the child that is being merged.
struct Parent {
    node: Node,
    merging: Option<PageId>,
}

impl Parent {
    fn new(pid: PageId, mut node: Node) -> Found<Parent> {
        let merging = node.merging_child.take().map(NonZeroU64::get);
        if let (Some(child), Data::Index(index)) = (merging, &mut node.data) {
            match index.pointers.iter().position(|&pointer| pointer == child) {
                Some(at) if at > 0 => {
                    let _key = index.keys.remove(at);
                    let _pointer = index.pointers.remove(at);
                }
                _ => return Err(LeafError::Misfit("a page merges a child that it has not or that is its first", pid)),
            }
        }
        Ok(Parent { node, merging })
    }

    /// Whether a lookup of the target that came here would find its leaf below this page.
    fn covers(&self, target: Target<'_>) -> bool {
        target.reaches(&self.node.lo) && (self.node.hi.is_empty() || !target.reaches(&self.node.hi))
    }

    /// The child for a target that this page covers.
    fn slot(&self, target: Target<'_>) -> Found<Slot> {
        let none = LeafError::Misfit("an index page has no child for a key", 0);
        let index = match &self.node.data {
            Data::Index(index) => index,
            Data::Leaf(_) => return Err(none),
        };
        let prefix = prefix(&self.node);
        let at = match target {
            Target::At(key) => key.get(prefix.len()..).and_then(|suffix| binary_search_lub(suffix, &index.keys)),
            Target::Before(key) => {
                let suffix = key.get(prefix.len()..).unwrap_or_default();
                index.keys.partition_point(|k| &**k < suffix).checked_sub(1)
            }
            Target::Last => index.keys.len().checked_sub(1),
        };
        let whole = |suffix: &IVec| -> IVec { prefix.iter().chain(suffix.iter()).copied().collect() };
        let (at, lo) = at.and_then(|at| Some((at, index.keys.get(at)?))).ok_or(none)?;
        Ok(Slot {
            pid: index.pointers[at],
            lo: whole(lo),
            hi: index.keys.get(at + 1).map_or_else(|| self.node.hi.clone(), whole),
            merging: self.merging,
        })
    }
}

fn next(node: &Node) -> Option<PageId> {
    node.next.map(NonZeroU64::get)
}

fn prefix(node: &Node) -> &[u8] {
    node.lo.get(..node.prefix_len as usize).unwrap_or_default()
}

/// What must be true of a page whatever is around it; else what is not.
fn check(node: &Node) -> std::result::Result<(), &'static str> {
    let length = node.prefix_len as usize;
    let lo = match node.lo.get(length..) {
        Some(lo) => lo,
        None => return Err("a page's keys lose a prefix that is longer than its lo"),
    };
    // Without a bound no prefix is common to all keys.
    let hi = match node.hi.strip_prefix(prefix(node)) {
        Some(hi) if !node.hi.is_empty() => Some(hi),
        _ if node.hi.is_empty() && length == 0 => None,
        _ => return Err("a page's keys lose a prefix that not all of them have"),
    };
    if node.hi.is_empty() != node.next.is_none() {
        return Err("only the last page has no sibling, and only its keys have no bound");
    }
    let (keys, others) = match &node.data {
        Data::Leaf(leaf) => (&leaf.keys, leaf.values.len()),
        Data::Index(index) => (&index.keys, index.pointers.len()),
    };
    if keys.len() != others {
        return Err("a page has not as many keys as values");
    }
    let ascend = keys.windows(2).all(|pair| *pair[0] < *pair[1]);
    let within = keys.first().map_or(true, |first| **first >= *lo)
        && keys.last().map_or(true, |last| hi.map_or(true, |hi| **last < *hi))
        && hi.map_or(true, |hi| lo < hi);
    if !ascend || !within {
        return Err("a page's keys are out of order or beyond its bounds");
    }
    if !node.data.is_index() && node.merging_child.is_some() {
        return Err("a leaf merges a child");
    }
    if node.data.is_index() && keys.first().map_or(true, |first| **first != *lo) {
        return Err("an index page has no child for its first keys");
    }
    Ok(())
}
