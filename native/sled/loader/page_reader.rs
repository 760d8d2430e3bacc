//! Reads pages of a store past sled's cache: compiled into a copy of sled 0.34.7 as a module of its page cache. kgdump's own
//! code; the messages of the log and the pages in them are decoded by sled's own functions.
//!
//! Contract: `page` returns what `PageCache::get` would, and leaves no trace: nothing enters the cache, nothing is evicted
//! from it. A reader belongs to one thread at a time. What a page is made of:
//! - a page that is in sled's memory is taken from there;
//! - else its place in the log is read by `read_message`, which checks the message's CRC and place, but from a window of the
//!   file that serves its neighbours too, and decompressed in memory that is used again. Whatever is odd about that (the
//!   window was read before the page was written there; another frame than sled makes; damage) only means that
//!   `PageCache::pull` reads it once more, so that its errors and panics are those of sled;
//! - values that lie in files of their own and the updates since are always pulled, and applied by `Node::apply`.
#![deny(unsafe_code)]
#![warn(warnings, clippy::all)]

use std::convert::TryFrom;

use super::{
    iobuf, pread_exact_or_eof, read_message, BasedBuf, CacheInfo, LogOffset, LogRead, Lsn, MessageKind, PageCache,
    PageId, SegmentNumber, Update, COUNTER_PID, META_PID,
};
use crate::{Config, Error, Guard, Node, Result, Serialize};

/// Messages that begin up to here behind the window's end move it on.
const NEAR: LogOffset = 64 << 10;
/// Bytes of the first window of a run, and of the biggest one.
const FIRST: usize = 16 << 10;
const MOST: usize = 256 << 10;
/// Bytes of a decompressed page whose memory is used again.
const KEPT: usize = 1 << 20;

/// Reads pages of one store.
pub(super) struct PageReader {
    window: Window,
    inflater: Inflater,
    /// By which messages come as they lie in the log, compressed or not.
    plain: Config,
    compressed: bool,
    /// Ids from here on may not be there yet.
    known: PageId,
}

impl PageReader {
    pub(super) fn new(config: &Config) -> PageReader {
        PageReader {
            window: Window::default(),
            inflater: Inflater::default(),
            plain: Config::default().segment_size(config.segment_size).use_compression(false),
            compressed: config.use_compression,
            known: 0,
        }
    }

    /// A page of a tree as it is now; None when there is none.
    ///
    /// # Errors
    /// Those of `PageCache::pull`, which may panic too.
    pub(super) fn page(&mut self, cache: &PageCache, pid: PageId, guard: &Guard) -> Result<Option<Node>> {
        if pid >= self.known {
            self.known = *cache.next_pid_to_allocate.lock();
        }
        if pid >= self.known || pid == META_PID || pid == COUNTER_PID {
            return Ok(None);
        }
        let mut failed: Option<(Option<CacheInfo>, Error)> = None;
        loop {
            let view = match cache.inner.get(pid, guard) {
                Some(view) if !view.is_free() => view,
                _ => return Ok(None),
            };
            match view.update.as_deref() {
                Some(Update::Node(node)) => return Ok(Some(node.clone())),
                Some(_) => return Ok(None),
                None => {}
            }
            let base = view.cache_infos.first().copied();
            // It may have been moved meanwhile; where it was not, it is damaged.
            if let Some((at, error)) = failed.take() {
                if at == base {
                    return Err(error);
                }
            }
            match self.load(cache, pid, &view.cache_infos) {
                Ok(node) => return Ok(Some(node)),
                Err(error) => failed = Some((base, error)),
            }
        }
    }

    fn load(&mut self, cache: &PageCache, pid: PageId, infos: &[CacheInfo]) -> Result<Node> {
        let (base, links) = infos.split_first().ok_or_else(|| no_page(pid))?;
        let mut node = match self.windowed(cache, pid, base) {
            Some(node) => node,
            None => match cache.pull(pid, base.lsn, base.pointer)? {
                Update::Node(node) => node,
                _ => return Err(no_page(pid)),
            },
        };
        for info in links {
            match cache.pull(pid, info.lsn, info.pointer)? {
                Update::Link(link) => node.apply(&link),
                _ => return Err(no_page(pid)),
            }
        }
        Ok(node)
    }

    /// A page that lies in the log, read by the window; None when it is to be pulled.
    fn windowed(&mut self, cache: &PageCache, pid: PageId, info: &CacheInfo) -> Option<Node> {
        let size = usize::try_from(info.log_size).ok()?;
        if !info.pointer.is_inline() || size > cache.config.segment_size || info.lsn < 0 {
            return None;
        }
        let _bytes = iobuf::make_durable(&cache.log.iobufs, info.lsn).ok()?;
        let lid = info.pointer.lid();
        let number = SegmentNumber(u64::try_from(info.lsn / cache.config.segment_size as Lsn).ok()?);
        let buffer = self.window.holding(cache, lid, size)?;
        let (header, bytes) = match read_message(buffer, lid, number, &self.plain) {
            Ok(LogRead::Inline(header, bytes, _)) => (header, bytes),
            _ => return None,
        };
        if header.pid != pid || header.segment_number != number || header.kind != MessageKind::InlineNode {
            return None;
        }
        let bytes = if self.compressed { self.inflater.inflate(&bytes)? } else { &bytes };
        Node::deserialize(&mut &*bytes).ok()
    }
}

fn no_page(pid: PageId) -> Error {
    Error::ReportableBug(format!("page {} is none of a tree", pid))
}

/// A part of the log's file: pages that lie behind one another are read many at a time, others alone.
struct Window {
    run: BasedBuf,
    single: BasedBuf,
    ahead: usize,
}

impl Default for Window {
    fn default() -> Window {
        let empty = || BasedBuf { buf: Vec::new(), offset: 0 };
        Window { run: empty(), single: empty(), ahead: FIRST }
    }
}

impl Window {
    /// A buffer with the `size` bytes at `lid` in it; None when the file ends before or cannot be read.
    fn holding(&mut self, cache: &PageCache, lid: LogOffset, size: usize) -> Option<&BasedBuf> {
        if holds(&self.run, lid, size) {
            return Some(&self.run);
        }
        let (buffer, length) = if follows(&self.run, lid) {
            self.ahead = MOST.min(2 * self.ahead);
            (&mut self.run, self.ahead)
        } else if follows(&self.single, lid) {
            self.ahead = FIRST;
            (&mut self.run, self.ahead)
        } else {
            (&mut self.single, 0)
        };
        buffer.buf.resize(length.max(size), 0);
        buffer.offset = lid;
        let read = pread_exact_or_eof(&cache.config.file, &mut buffer.buf, lid);
        buffer.buf.truncate(read.unwrap_or(0));
        if holds(buffer, lid, size) {
            Some(buffer)
        } else {
            None
        }
    }
}

fn holds(buffer: &BasedBuf, lid: LogOffset, size: usize) -> bool {
    lid >= buffer.offset && lid - buffer.offset + size as LogOffset <= buffer.buf.len() as LogOffset
}

/// Whether a message at `lid` begins in the buffer or a little behind it.
fn follows(buffer: &BasedBuf, lid: LogOffset) -> bool {
    !buffer.buf.is_empty() && lid >= buffer.offset && lid - buffer.offset <= buffer.buf.len() as LogOffset + NEAR
}

/// Decompresses pages; sled makes a context anew for each, which takes longer than the rest.
#[derive(Default)]
struct Inflater {
    #[cfg(feature = "compression")]
    context: Option<zstd::zstd_safe::DCtx<'static>>,
    bytes: Vec<u8>,
}

impl Inflater {
    /// What a message holds behind a length of sled's; None when it is no frame that tells its own length, or too long a one.
    #[cfg(feature = "compression")]
    fn inflate(&mut self, message: &[u8]) -> Option<&[u8]> {
        use zstd::zstd_safe::{get_frame_content_size, DCtx};
        let mut frame = message;
        let _length = u64::deserialize(&mut frame).ok()?;
        let length = usize::try_from(get_frame_content_size(frame)).ok().filter(|&length| length <= KEPT)?;
        self.bytes.clear();
        self.bytes.reserve(length);
        let context = self.context.get_or_insert_with(DCtx::default);
        let written = context.decompress(&mut self.bytes, frame).ok()?;
        Some(&self.bytes).filter(|bytes| written == length && bytes.len() == length).map(|bytes| &bytes[..])
    }

    #[cfg(not(feature = "compression"))]
    fn inflate(&mut self, _message: &[u8]) -> Option<&[u8]> {
        None
    }
}
