//! Pages that a loader builds itself and that the log takes ready: compiled into a copy of sled 0.34.7 as a module of
//! its page cache. kgdump's own code; it uses what is private to the page cache and nothing else.
//!
//! Contract: a loader reserves an id for each page of a tree, writes every page once, in any order, and at last makes
//! one of them the root of the tree, of all trees at once. Until then the trees are as they were. Any thread may call; pages reach the log in the
//! order of the calls of `write`. What stock code relies on, and where it is established here:
//! - ids are dense in the end, which recovery needs: an id that was reserved and not written gets an empty leaf in
//!   `end`, or when the loader is dropped. Only a process that is killed meanwhile leaves a store that cannot be opened;
//! - a page is in the page table, known to the segment accountant, and its log message complete, in this order, as in
//!   `PageCache::cas_page`; its content is not kept in memory and is read from the log when somebody asks for it;
//! - open handles of a tree learn its new root (`publish`);
//! - what is written and not yet on disk stays within a window, as sled's log has no bound of its own.
#![deny(unsafe_code)]
#![warn(warnings, clippy::all)]

use std::collections::BTreeSet;
use std::fmt;
use std::sync::atomic::AtomicBool;

use super::trees::change_meta;
use super::{buffers, iobuf, quick_open, CacheInfo, IoBufs, LogKind, Lsn, Page, PageId};
use crate::{
    concurrency_control, pin, Acquire, AtomicLsn, Db, Error, Mutex, Node, Release, Result, SeqCst, Serialize,
    DEFAULT_TREE_ID, MAX_MSG_HEADER_LEN, MINIMUM_ITEMS_PER_SEGMENT, SEG_HEADER_LEN,
};

/// Bytes that may be written and not on disk: at least four segments.
pub(super) const WINDOW: usize = 16 << 20;

/// An id that was reserved for a page. It can be written once.
#[derive(Debug)]
pub struct Reserved(PageId);

impl Reserved {
    /// The id, to be pointed at by other pages.
    pub const fn id(&self) -> PageId {
        self.0
    }
}

/// Writes pages to a store. One at a time for a store.
pub struct PageLoader {
    db: Db,
    /// Reserved and not written.
    open: Mutex<BTreeSet<PageId>>,
    /// Number of the segment that was written to last.
    segment: AtomicLsn,
    /// Writing has failed: sled's log may never flush again.
    failed: AtomicBool,
}

impl fmt::Debug for PageLoader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PageLoader")
    }
}

impl PageLoader {
    /// Begins loading into an open store.
    pub fn begin(db: &Db) -> PageLoader {
        let segment = db.context.segment_size;
        let segments = (WINDOW / segment).max(4);
        let loader = PageLoader {
            db: db.clone(),
            open: Mutex::new(BTreeSet::new()),
            segment: AtomicLsn::new(0),
            failed: AtomicBool::new(false),
        };
        buffers::begin_keeping();
        loader.iobufs().bulk_window.store((segments * segment) as Lsn, Release);
        loader
    }

    /// The level of zstd with which a page's content must be compressed; None: not at all.
    pub fn compression(&self) -> Option<i32> {
        if self.db.context.use_compression {
            Some(self.db.context.compression_factor)
        } else {
            None
        }
    }

    /// Up to this length a page's content lies in the log; a longer one becomes a file of its own.
    pub fn inline_limit(&self) -> usize {
        let longest = self.db.context.segment_size / MINIMUM_ITEMS_PER_SEGMENT;
        longest.saturating_sub(SEG_HEADER_LEN + MAX_MSG_HEADER_LEN)
    }

    /// Takes the next free id. Ids ascend; freed ones are not used again, so that the same calls give the same ids.
    pub fn reserve(&self) -> Reserved {
        let mut open = self.open.lock();
        let mut next = self.db.context.pagecache.next_pid_to_allocate.lock();
        let pid = *next;
        *next += 1;
        drop(next);
        let _new = open.insert(pid);
        Reserved(pid)
    }

    /// Writes a page. `content` is the page as sled serializes it; with compression, a zstd frame of that behind its
    /// length as a varint of sled's.
    ///
    /// # Errors
    /// Those of the log: `Error::Io`. The store is not to be used any more then.
    pub fn write(&self, page: Reserved, content: &[u8]) -> Result<()> {
        let written = self.write_page(page.0, content);
        if written.is_err() {
            self.failed.store(true, SeqCst);
        }
        written
    }

    fn write_page(&self, pid: PageId, content: &[u8]) -> Result<()> {
        self.hold_back()?;
        let pagecache = &self.db.context.pagecache;
        let guard = pin();
        let _cc = concurrency_control::read();
        let reservation = pagecache.log.reserve_inner(LogKind::Replace, pid, &Content(content), None, &guard)?;
        let lsn = reservation.lsn();
        let info =
            CacheInfo { ts: 1, lsn, pointer: reservation.pointer(), log_size: reservation.reservation_len() as u64 };
        let _was = self.open.lock().remove(&pid);
        let _view = pagecache.inner.insert(pid, Page { update: None, cache_infos: vec![info] }, &guard);
        pagecache.log.iobufs.sa_mark_replace(pid, lsn, &[], info, &guard)?;
        let _place = reservation.complete()?;
        let segment = lsn / self.db.context.segment_size as Lsn;
        if self.segment.swap(segment, SeqCst) != segment {
            // The log has let go of a buffer as big as a segment: have it freed soon, not with the 60 next ones.
            guard.flush();
        }
        Ok(())
    }

    /// Whether a tree is not there or has no entries.
    ///
    /// # Errors
    /// Those of reading its pages.
    pub fn is_empty(&self, tree: &[u8]) -> Result<bool> {
        let guard = pin();
        let root = self.db.context.pagecache.get_meta(&guard)?.get_root(tree);
        match root {
            Some(root) => Ok(self.empty_chain(root)?.is_some()),
            None => Ok(true),
        }
    }

    /// Makes pages, all of whose descendants were written, the roots of trees, which are made when they are not there. The list of
    /// trees is written once. Handles of the trees that are open see their new content. Nobody else may write to the trees meanwhile.
    ///
    /// # Errors
    /// `Error::Unsupported` when a tree is not empty, and then none is as it would be; those of the log.
    pub fn publish(&self, trees: &[(Vec<u8>, PageId)]) -> Result<()> {
        let pagecache = &self.db.context.pagecache;
        let guard = pin();
        // Held, so that nobody opens a tree between the new root in the meta page and the one in the handle.
        let tenants = self.db.tenants.write();
        let old_pages = change_meta(&self.db, &guard, |meta| {
            let mut old_pages = Vec::new();
            for (tree, root) in trees {
                if let Some(old) = meta.set_root(tree.as_slice().into(), *root) {
                    old_pages.extend(self.empty_chain(old)?.ok_or_else(not_empty)?);
                }
            }
            Ok(old_pages)
        })?;
        for (tree, root) in trees {
            if let Some(handle) = tenants.get(tree.as_slice()) {
                handle.root.store(*root, SeqCst);
            }
            if tree == DEFAULT_TREE_ID {
                self.db.default.root.store(*root, SeqCst);
            }
        }
        drop(tenants);
        for pid in old_pages {
            if let Some(view) = pagecache.get(pid, &guard)? {
                // Whoever has freed it already is as good.
                let _freed = pagecache.free(pid, view.0, &guard)?;
            }
        }
        Ok(())
    }

    /// Ends loading: ids that were reserved and not written get an empty page, and all is flushed.
    ///
    /// # Errors
    /// Those of the log.
    pub fn end(&self) -> Result<()> {
        loop {
            let next = self.open.lock().iter().next().copied();
            let pid = match next {
                Some(pid) => pid,
                None => break,
            };
            self.fill(pid)?;
        }
        let _bytes = self.db.flush()?;
        self.iobufs().bulk_window.store(0, Release);
        Ok(())
    }

    /// Writes down where all pages are, so that the store is opened without its whole log being read. For a loader that has ended;
    /// nobody else may write to the store meanwhile.
    ///
    /// # Errors
    /// `Error::Io`; the store is whole all the same.
    pub fn write_snapshot(&self) -> Result<()> {
        quick_open::write(&self.db.context.pagecache)
    }

    fn fill(&self, pid: PageId) -> Result<()> {
        let plain = Node::default().serialize();
        #[cfg(feature = "compression")]
        {
            if let Some(level) = self.compression() {
                let frame = zstd::block::compress(&plain, level)?;
                return self.write(Reserved(pid), &crate::IVec::from(frame).serialize());
            }
        }
        self.write(Reserved(pid), &plain)
    }

    /// The pages of an empty tree, from its root to its one leaf; None when it is not empty.
    fn empty_chain(&self, root: PageId) -> Result<Option<Vec<PageId>>> {
        let guard = pin();
        let mut chain = Vec::new();
        let mut pid = root;
        loop {
            chain.push(pid);
            let view = match self.db.context.pagecache.get(pid, &guard)? {
                Some(view) => view,
                None => return Ok(None),
            };
            if view.next.is_some() || view.merging_child.is_some() || view.merging {
                return Ok(None);
            }
            match (view.data.index_ref(), view.data.len()) {
                (Some(index), 1) => pid = index.pointers[0],
                (None, 0) => return Ok(Some(chain)),
                _ => return Ok(None),
            }
        }
    }

    fn iobufs(&self) -> &crate::Arc<IoBufs> {
        &self.db.context.pagecache.log.iobufs
    }

    /// Waits until the disk has what the header of the next segment will say it has.
    fn hold_back(&self) -> Result<()> {
        let iobufs = self.iobufs();
        let segment = self.db.context.segment_size as Lsn;
        let next = (iobufs.current_iobuf().lsn / segment + 1) * segment;
        let told = told_stable(iobufs, next);
        if told >= 0 && iobufs.stable() < told {
            let _bytes = iobuf::make_stable(iobufs, told)?;
        }
        Ok(())
    }
}

impl Drop for PageLoader {
    fn drop(&mut self) {
        if !self.failed.load(SeqCst) && self.db.context.global_error().is_ok() {
            // What fails here fails again, for whoever uses the store.
            let _ended = self.end();
        }
        self.iobufs().bulk_window.store(0, Release);
        buffers::end_keeping();
    }
}

/// What the header of the segment that begins at `next_lsn` says of the log before it: that it is on disk up to here.
///
/// Stock code says what is true at this moment. While pages are loaded, that would make two loads of the same entries
/// differ; so a header then says less, and always the same: `hold_back` has seen to it that it is true.
pub(super) fn header_stable_lsn(iobufs: &IoBufs, next_lsn: Lsn) -> Lsn {
    let stable = iobufs.stable();
    if iobufs.bulk_window.load(Acquire) == 0 {
        stable
    } else {
        stable.min(told_stable(iobufs, next_lsn))
    }
}

fn told_stable(iobufs: &IoBufs, next_lsn: Lsn) -> Lsn {
    (next_lsn - iobufs.bulk_window.load(Acquire) - 1).max(-1)
}

fn not_empty() -> Error {
    Error::Unsupported("the tree has entries, or another program writes to it".into())
}

/// Bytes as they are.
#[derive(Debug)]
struct Content<'a>(&'a [u8]);

impl Serialize for Content<'_> {
    fn serialized_size(&self) -> u64 {
        self.0.len() as u64
    }

    fn serialize_into(&self, buf: &mut &mut [u8]) {
        let (head, rest) = std::mem::take(buf).split_at_mut(self.0.len());
        head.copy_from_slice(self.0);
        *buf = rest;
    }

    fn deserialize(_: &mut &[u8]) -> Result<Self> {
        Err(Error::Unsupported("only written, never read".into()))
    }
}
