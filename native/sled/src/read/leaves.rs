//! The leaves of a tree, one after the other.
//!
//! A leaf is found as a lookup of sled's finds it, by descending from the root, and what is met must be what makes every lookup of its
//! keys come here, as far as pages say so:
//! - a child's lo is the key that its parent has for it, and its hi no higher than the next one;
//! - a page that was split and whose parent does not know it yet is reached by `next` from the part that was left of it;
//!   its lo is that one's hi. A page that is being merged counts as a part of its left sibling, as sled's `merge_node` will have it;
//! - the keys of a page ascend, and lie from its lo to its hi; what lo and hi have in common covers the prefix that keys lose;
//! - the leaf after (before) a leaf has that one's hi for its lo, and is the one that its `next` names.
//!
//! So the leaves from an empty lo to an empty hi hold each entry of the tree once, in order. What does not fit is damage.

use std::sync::Arc;

use super::pages::{Files, PageReader};
use super::parent::{Parent, Slot, Target, misfit};
use crate::fault::Outcome;
use crate::files::page::Page;

/// Levels of a tree at most: sled's have no more than one for every 64 times as many pages.
const MOST_LEVELS: usize = 64;

/// A leaf with its page's id.
#[derive(Debug, Default)]
pub struct Leaf {
    pub id: u64,
    pub page: Page,
}

/// Reads the leaves of a tree. Belongs to one thread at a time.
#[derive(Debug)]
pub struct LeafReader {
    root: u64,
    pages: PageReader,
    /// The index page above the leaf that was read last.
    parent: Option<Parent>,
    /// Memory for the next page.
    spare: Page,
}

impl LeafReader {
    /// A reader of the tree with that root.
    ///
    /// # Errors
    /// IO_FAILED, PERMISSION_DENIED.
    pub fn new(files: &Arc<Files>, root: u64) -> Outcome<LeafReader> {
        Ok(LeafReader { root, pages: PageReader::new(files)?, parent: None, spare: Page::default() })
    }

    /// Finds a leaf.
    ///
    /// # Errors
    /// STORE_DAMAGED, IO_FAILED.
    pub fn find(&mut self, target: Target<'_>) -> Outcome<Leaf> {
        let mut slot = match &self.parent {
            Some(parent) if parent.covers(target) => parent.slot(target)?,
            _ => Slot { id: self.root, lo: Vec::new(), hi: Vec::new(), merging: None },
        };
        for _ in 0..MOST_LEVELS {
            let (id, page) = self.settle(&slot, target)?;
            if !page.is_index() {
                return Ok(Leaf { id, page });
            }
            let parent = Parent::new(id, page)?;
            slot = parent.slot(target)?;
            self.parent = Some(parent);
        }
        Err(misfit("the tree has too many levels", slot.id))
    }

    /// The leaf with the keys from the leaf's hi on; None after the last.
    ///
    /// # Errors
    /// As `find`.
    pub fn after(&mut self, leaf: &Leaf) -> Outcome<Option<Leaf>> {
        if leaf.page.hi().is_empty() {
            return Ok(None);
        }
        let found = self.find(Target::At(leaf.page.hi()))?;
        if found.page.lo() != leaf.page.hi() || leaf.page.next != Some(found.id) {
            return Err(misfit("a leaf is not the neighbour of the one before", leaf.id));
        }
        Ok(Some(found))
    }

    /// The leaf with the keys below the leaf's lo; None before the first.
    ///
    /// # Errors
    /// As `find`.
    pub fn before(&mut self, leaf: &Leaf) -> Outcome<Option<Leaf>> {
        if leaf.page.lo().is_empty() {
            return Ok(None);
        }
        let found = self.find(Target::Before(leaf.page.lo()))?;
        if found.page.hi() != leaf.page.lo() || found.page.next != Some(leaf.id) {
            return Err(misfit("a leaf is not the neighbour of the one behind", leaf.id));
        }
        Ok(Some(found))
    }

    /// Takes the memory of a leaf that is not needed any more.
    pub fn give_back(&mut self, leaf: Leaf) {
        self.spare = leaf.page;
    }

    /// The page that a slot leads to for a target: its child, or one that was split off the child.
    fn settle(&mut self, slot: &Slot, target: Target<'_>) -> Outcome<(u64, Page)> {
        let mut id = slot.id;
        let mut lo = slot.lo.clone();
        let mut kind = None;
        // Ends, as the pages' los ascend.
        loop {
            let mut page = std::mem::take(&mut self.spare);
            if !self.pages.page(id, &mut page)? {
                return Err(misfit("a page is missing", id));
            }
            page.check().map_err(|what| misfit(what, id))?;
            let what = if page.lo() != lo {
                Some("a page does not begin where it should")
            } else if !slot.hi.is_empty() && (page.hi().is_empty() || page.hi() > &slot.hi[..]) {
                Some("a page goes beyond its parent's next child")
            } else if page.merging && slot.merging != Some(id) {
                Some("a page is being merged and its parent does not know it")
            } else if kind.is_some_and(|kind| kind != page.is_index()) {
                Some("a leaf and an index page are siblings")
            } else {
                None
            };
            if let Some(what) = what {
                return Err(misfit(what, id));
            }
            if page.hi().is_empty() || !target.reaches(page.hi()) {
                return Ok((id, page));
            }
            kind = Some(page.is_index());
            id = page.next.ok_or_else(|| misfit("a page has no sibling", id))?;
            lo = page.hi().to_vec();
            self.spare = page;
        }
    }
}
