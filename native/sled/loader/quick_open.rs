//! The snapshot with which a loaded store is opened: compiled into a copy of sled 0.34.7 as a module of its page cache. kgdump's
//! own code.
//!
//! Sled writes a snapshot, which says where each page is, when it opens a store, after it has read (and decompressed) the
//! whole log to find that out. Who has loaded a store knows it, so that this need not be done to open it.
//!
//! Contract: the snapshot is of a store whose pages are all on disk. It claims to be as old as the beginning of the last
//! segment, which sled reads in any case when it opens the store, to find where the log ends; that it knows the pages in
//! there already changes nothing, as for sled's own snapshots that are taken while pages are written. Like those it is durable before
//! it has its name. When something about the page table is not as after a load, there is none: sled then reads the log.
#![deny(unsafe_code)]
#![warn(warnings, clippy::all)]

use super::{snapshot, Lsn, PageCache, Snapshot, SEG_HEADER_LEN};
use crate::{pin, Result, Serialize};

/// Writes the snapshot; all pages were written and flushed, and nobody writes now.
///
/// # Errors
/// `Error::Io`.
pub(super) fn write(cache: &PageCache) -> Result<()> {
    match state(cache) {
        Some((head, bytes)) => snapshot::write_snapshot_bytes(&cache.config, &head, bytes),
        None => Ok(()),
    }
}

/// What is known when no page is, and the snapshot with all pages, serialized.
fn state(cache: &PageCache) -> Option<(Snapshot, Vec<u8>)> {
    let guard = pin();
    let stable = cache.log.stable_offset();
    let segment = cache.config.segment_size as Lsn;
    let begin = stable / segment * segment + SEG_HEADER_LEN as Lsn;
    if stable <= begin {
        return None;
    }
    let head = Snapshot { stable_lsn: Some(begin), active_segment: None, pt: Vec::new() };
    let mut bytes = head.serialize();
    let next = *cache.next_pid_to_allocate.lock();
    for pid in 0..next {
        let page = cache.inner.get(pid, &guard)?;
        if page.cache_infos.is_empty() || page.last_lsn() > stable {
            return None;
        }
        bytes.extend_from_slice(&page.to_page_state().serialize());
    }
    Some((head, bytes))
}
