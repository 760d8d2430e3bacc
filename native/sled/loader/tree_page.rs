//! What one page of a tree says, and what must be true of it: compiled into a copy of sled 0.34.7 as a module of its page cache.
//! kgdump's own code, a part of `leaves`.
#![deny(unsafe_code)]
#![warn(warnings, clippy::all)]

use std::num::NonZeroU64;

use super::PageId;
use crate::binary_search::binary_search_lub;
use crate::{Data, Error, IVec, Node};

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

/// What was looked for, or why it cannot be read.
pub(super) type Found<T> = std::result::Result<T, LeafError>;

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
    pub(super) fn reaches(self, lo: &[u8]) -> bool {
        match self {
            Target::At(key) => lo <= key,
            Target::Before(key) => lo < key,
            Target::Last => true,
        }
    }
}

/// Where a child hangs: its pages have the keys from `lo` to `hi`.
pub(super) struct Slot {
    pub(super) pid: PageId,
    pub(super) lo: IVec,
    pub(super) hi: IVec,
    /// The page that is being merged into one of these.
    pub(super) merging: Option<PageId>,
}

/// An index page without the child that is being merged.
pub(super) struct Parent {
    node: Node,
    merging: Option<PageId>,
}

impl Parent {
    pub(super) fn new(pid: PageId, mut node: Node) -> Found<Parent> {
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
    pub(super) fn covers(&self, target: Target<'_>) -> bool {
        target.reaches(&self.node.lo) && (self.node.hi.is_empty() || !target.reaches(&self.node.hi))
    }

    /// The child for a target that this page covers.
    pub(super) fn slot(&self, target: Target<'_>) -> Found<Slot> {
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

/// The page to the right of one.
pub(super) fn next(node: &Node) -> Option<PageId> {
    node.next.map(NonZeroU64::get)
}

/// The bytes that a page's keys begin with and that are left out of it.
pub(super) fn prefix(node: &Node) -> &[u8] {
    node.lo.get(..node.prefix_len as usize).unwrap_or_default()
}

/// What must be true of a page whatever is around it; else what is not.
pub(super) fn check(node: &Node) -> std::result::Result<(), &'static str> {
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
    let within = keys.first().is_none_or(|first| **first >= *lo)
        && keys.last().is_none_or(|last| hi.is_none_or(|hi| **last < *hi))
        && hi.is_none_or(|hi| lo < hi);
    if !ascend || !within {
        return Err("a page's keys are out of order or beyond its bounds");
    }
    if !node.data.is_index() && node.merging_child.is_some() {
        return Err("a leaf merges a child");
    }
    if node.data.is_index() && keys.first().is_none_or(|first| **first != *lo) {
        return Err("an index page has no child for its first keys");
    }
    Ok(())
}
