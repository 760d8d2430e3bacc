//! Builds one tree from below, from entries in key order: leaves first, index pages above them as they fill.
//!
//! Invariants of sled's trees, and where they are established:
//! - keys strictly ascend (`add`); a page's keys lie within its lo and hi, and lo, hi and next of neighbours fit without a
//!   gap: the hi of a page is the lo of the next one (`cut_leaf`, `cut_index`);
//! - the first page of a level has an empty lo, the last an empty hi and no next (`finish`);
//! - next is right in every page, on index levels too: the id of the next page is reserved before a page is written, as
//!   it is known by then that there will be one (`cut`'s waiting items). Nothing is guessed, nothing is written twice;
//! - the first key of an index page is its lo (`page::index`), its other keys are the los of its children;
//! - lo between leaves is cut to what divides them, as `Node::split` does (`page::separator`); above, los are those below;
//! - sizes neither ask for a split nor for a merge (`cut`); the root is an index page, even over a single leaf, and alone
//!   on its level (`finish`), as in `meta::open_tree`.
//!
//! Memory: the entries of up to two leaves, and up to 320 keys for each level above.

use crate::fault::{Code, Outcome, SledFault, printable};
use crate::write::load::cut::{Cutter, INDEX, LEAF};
use crate::write::load::page::{self, Head, MOST_HEAD, MOST_ITEM};

/// Where pages go.
pub trait Pages {
    /// An id that was reserved.
    type Page;

    /// Reserves the next id.
    fn reserve(&mut self) -> Self::Page;

    /// The number of a reserved id.
    fn id(page: &Self::Page) -> u64;

    /// Writes a page whose content `put` appends.
    ///
    /// # Errors
    /// Whatever ends the load.
    fn write(&mut self, page: Self::Page, put: impl FnOnce(&mut Vec<u8>)) -> Outcome<()>;
}

/// An entry that waits for its leaf: its place in `Tree::bytes`.
#[derive(Clone, Copy, Debug)]
struct Waiting {
    key: usize,
    value: usize,
    end: usize,
}

/// One level of index pages.
#[derive(Debug)]
struct Level<P> {
    /// Los and ids of the pages below that have no parent yet.
    children: Vec<(Vec<u8>, u64)>,
    cutter: Cutter,
    /// Reserved for the next page; none before the first.
    page: Option<P>,
}

/// A tree that is being built.
#[derive(Debug)]
pub struct Tree<P> {
    limit: usize,
    entries: u64,
    /// Keys and values of the entries that wait.
    bytes: Vec<u8>,
    waiting: Vec<Waiting>,
    cutter: Cutter,
    /// Of the next leaf.
    lo: Vec<u8>,
    page: Option<P>,
    levels: Vec<Level<P>>,
}

impl<P> Tree<P> {
    /// An empty tree. Pages of up to `limit` bytes lie in the log.
    pub fn new(limit: usize) -> Tree<P> {
        let limit = limit.saturating_sub(MOST_HEAD);
        Tree {
            limit,
            entries: 0,
            bytes: Vec::new(),
            waiting: Vec::new(),
            cutter: Cutter::new(LEAF, limit),
            lo: Vec::new(),
            page: None,
            levels: Vec::new(),
        }
    }

    /// How many entries it has.
    pub fn entries(&self) -> u64 {
        self.entries
    }

    /// Adds an entry, whose key must be above all others.
    ///
    /// # Errors
    /// DUMP_ORDER_BROKEN; what writing fails with.
    pub fn add<S: Pages<Page = P>>(&mut self, key: &[u8], value: &[u8], pages: &mut S) -> Outcome<()> {
        if let Some(last) = self.waiting.last() {
            let last = &self.bytes[last.key..last.value];
            if key <= last {
                return Err(disorder(last, key));
            }
        }
        let start = self.bytes.len();
        self.bytes.extend_from_slice(key);
        self.bytes.extend_from_slice(value);
        let waiting = Waiting { key: start, value: start + key.len(), end: self.bytes.len() };
        self.waiting.push(waiting);
        self.entries += 1;
        match self.cutter.push(waiting.end - waiting.key + MOST_ITEM) {
            Some(count) => self.cut_leaf(count, pages),
            None => Ok(()),
        }
    }

    /// Writes what is left, and returns the id of the root.
    ///
    /// # Errors
    /// What writing fails with.
    pub fn finish<S: Pages<Page = P>>(mut self, pages: &mut S) -> Outcome<u64> {
        let sizes = self.cutter.finish();
        for &count in sizes.split_last().map_or(&[][..], |(_, before)| before) {
            self.cut_leaf(count, pages)?;
        }
        let page = self.page.take().unwrap_or_else(|| pages.reserve());
        let id = S::id(&page);
        let lo = std::mem::take(&mut self.lo);
        let head = Head { lo: &lo, hi: &[], next: 0 };
        pages.write(page, |out| page::leaf(out, head, entries(&self.bytes, &self.waiting)))?;
        self.add_child(0, lo, id, pages)?;
        let mut level = 0;
        loop {
            let root = self.finish_level(level, pages)?;
            if let Some(root) = root {
                return Ok(root);
            }
            level += 1;
        }
    }

    /// Makes a leaf of the first `count` entries that wait; there are more.
    fn cut_leaf<S: Pages<Page = P>>(&mut self, count: usize, pages: &mut S) -> Outcome<()> {
        let (Some(&last), Some(&first)) = (self.waiting.get(count - 1), self.waiting.get(count)) else {
            return Err(broken());
        };
        let hi = page::separator(&self.bytes[last.key..last.value], &self.bytes[first.key..first.value]);
        let page = self.page.take().unwrap_or_else(|| pages.reserve());
        let id = S::id(&page);
        let next = pages.reserve();
        let head = Head { lo: &self.lo, hi: &hi, next: S::id(&next) };
        pages.write(page, |out| page::leaf(out, head, entries(&self.bytes, &self.waiting[..count])))?;
        self.page = Some(next);
        self.waiting.drain(..count);
        self.bytes.drain(..first.key);
        for entry in &mut self.waiting {
            entry.key -= first.key;
            entry.value -= first.key;
            entry.end -= first.key;
        }
        let lo = std::mem::replace(&mut self.lo, hi);
        self.add_child(0, lo, id, pages)
    }

    fn add_child<S: Pages<Page = P>>(&mut self, number: usize, lo: Vec<u8>, id: u64, pages: &mut S) -> Outcome<()> {
        if self.levels.len() == number {
            self.levels.push(Level { children: Vec::new(), cutter: Cutter::new(INDEX, self.limit), page: None });
        }
        let Some(level) = self.levels.get_mut(number) else { return Err(broken()) };
        let bytes = lo.len() + MOST_ITEM;
        level.children.push((lo, id));
        match level.cutter.push(bytes) {
            Some(count) => self.cut_index(number, count, pages),
            None => Ok(()),
        }
    }

    /// Makes an index page of the first `count` children of a level; there are more.
    fn cut_index<S: Pages<Page = P>>(&mut self, number: usize, count: usize, pages: &mut S) -> Outcome<()> {
        let Some(level) = self.levels.get_mut(number) else { return Err(broken()) };
        let (Some((lo, _)), Some((hi, _))) = (level.children.first(), level.children.get(count)) else {
            return Err(broken());
        };
        let page = level.page.take().unwrap_or_else(|| pages.reserve());
        let id = S::id(&page);
        let next = pages.reserve();
        let head = Head { lo, hi, next: S::id(&next) };
        pages.write(page, |out| page::index(out, head, children(&level.children[..count])))?;
        level.page = Some(next);
        let lo = lo.clone();
        level.children.drain(..count);
        self.add_child(number + 1, lo, id, pages)
    }

    /// Writes what is left of a level; returns the id of the root when it was that.
    fn finish_level<S: Pages<Page = P>>(&mut self, number: usize, pages: &mut S) -> Outcome<Option<u64>> {
        let Some(level) = self.levels.get_mut(number) else { return Err(broken()) };
        let sizes = level.cutter.finish();
        let is_root = level.page.is_none() && sizes.len() == 1;
        for &count in sizes.split_last().map_or(&[][..], |(_, before)| before) {
            self.cut_index(number, count, pages)?;
        }
        let Some(level) = self.levels.get_mut(number) else { return Err(broken()) };
        let page = level.page.take().unwrap_or_else(|| pages.reserve());
        let id = S::id(&page);
        let last = std::mem::take(&mut level.children);
        let Some((lo, _)) = last.first() else { return Err(broken()) };
        let head = Head { lo, hi: &[], next: 0 };
        pages.write(page, |out| page::index(out, head, children(&last)))?;
        if is_root {
            return Ok(Some(id));
        }
        self.add_child(number + 1, lo.clone(), id, pages)?;
        Ok(None)
    }
}

fn entries<'a>(bytes: &'a [u8], waiting: &'a [Waiting]) -> impl ExactSizeIterator<Item = (&'a [u8], &'a [u8])> + Clone {
    waiting.iter().map(|entry| (&bytes[entry.key..entry.value], &bytes[entry.value..entry.end]))
}

fn children(children: &[(Vec<u8>, u64)]) -> impl ExactSizeIterator<Item = (&[u8], u64)> + Clone {
    children.iter().map(|(lo, id)| (&lo[..], *id))
}

fn disorder(last: &[u8], key: &[u8]) -> SledFault {
    let message = if last == key {
        format!("the key {} is there twice", printable(key))
    } else {
        format!("the key {} follows {}, although it comes before it in byte order", printable(key), printable(last))
    };
    SledFault::new(Code::DumpOrderBroken, message)
}

/// What no input leads to.
fn broken() -> SledFault {
    SledFault::new(Code::StoreFailed, "the loader lost count of its pages: this is a bug of kgdump")
}
