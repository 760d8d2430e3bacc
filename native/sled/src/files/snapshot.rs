//! Sled's snapshot files: which pages lie where as of one place of the log, so that opening need not read all before it. A snapshot
//! is only a cache: all that it says is in the log, too.
//!
//! `snap.N`, N being its LSN in 16 hexadecimal digits, is its content (a zstd frame in a store with compression), the content's
//! length before compression (8 bytes) and the CRC-32 of the content as it lies there (4 bytes). `snap.N.generating` is one that sled has
//! not finished. The content: LSN up to which it knows the log (8 bytes) and the offset of the log's last segment (a number), each 0 for none
//! and else one more, then for each page one byte: 0 and the place for a page that was given back; else the number of its parts, and each
//! one's place. A place is LSN (8 bytes), 0 and offset, or 1, offset and number of the value file (8 bytes), and (not of a page given back) the size.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::bytes::Bytes;
use super::conf::Settings;
use super::message::Kind;
use super::table::{Place, Table};
use crate::fault::{Outcome, SledFault};

/// A compressed snapshot with so many bytes may be as small as it likes; a bigger one is so many times as big as its frame at most. Each of its pages
/// has a place of its own in the log, which does not become much smaller.
const LARGEST_SMALL: u64 = 4 << 20;
const MOST_TIMES: u64 = 100;

/// The files of a store that have to do with snapshots.
#[derive(Debug, Default)]
pub struct Listing {
    /// Those with a name that sled gives, by their LSNs, the highest first.
    pub named: Vec<(i64, PathBuf)>,
    /// The one that sled would take: the last by name of all that begin with `snap.`.
    pub taken: Option<PathBuf>,
}

/// What a snapshot says.
#[derive(Debug)]
pub struct Snapshot {
    /// Up to where it knows the log.
    pub stable: i64,
    pub table: Table,
    /// Numbers of the segments of the file, from 0, that something in it lies in; sled takes all others for free.
    pub used: BTreeSet<u64>,
}

/// Lists the snapshots of a store.
///
/// # Errors
/// IO_FAILED, PERMISSION_DENIED.
pub fn list(store: &Path) -> Outcome<Listing> {
    let failed = |e: &std::io::Error| SledFault::io(e, "listing it").at(store);
    let mut listing = Listing::default();
    for entry in fs::read_dir(store).map_err(|e| failed(&e))? {
        let entry = entry.map_err(|e| failed(&e))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let Some(rest) = name.strip_prefix("snap.") else { continue };
        if !name.ends_with(".in___motion") {
            listing.taken = listing.taken.max(Some(entry.path()));
        }
        let digits = rest.len() == 16 && rest.bytes().all(|b| matches!(b, b'0'..=b'9' | b'A'..=b'F'));
        if let Some(lsn) = i64::from_str_radix(rest, 16).ok().filter(|_| digits) {
            listing.named.push((lsn, entry.path()));
        }
    }
    listing.named.sort_unstable_by(|a, b| b.cmp(a));
    Ok(listing)
}

/// Reads a snapshot; the inner error says what is wrong with it.
///
/// # Errors
/// IO_FAILED, PERMISSION_DENIED.
pub fn read(path: &Path, settings: Settings) -> Outcome<Result<Snapshot, &'static str>> {
    if path.is_dir() {
        return Ok(Err("it is a directory"));
    }
    let bytes = fs::read(path).map_err(|e| SledFault::io(&e, "reading it").at(path))?;
    Ok(parse(&bytes, settings))
}

/// What the bytes of a snapshot say.
///
/// # Errors
/// What is wrong with them.
pub fn parse(bytes: &[u8], Settings { compression, segment_size, .. }: Settings) -> Result<Snapshot, &'static str> {
    const CUT: &str = "it is empty or cut short";
    let (rest, crc) = bytes.split_last_chunk::<4>().ok_or(CUT)?;
    let (content, length) = rest.split_last_chunk::<8>().ok_or(CUT)?;
    if content.is_empty() {
        return Err(CUT);
    }
    if crc32fast::hash(content) != u32::from_le_bytes(*crc) {
        return Err("its checksum is wrong");
    }
    // Sled allocates what the length says, and no checksum covers it: so it is compared with what the content says itself.
    let expected = if compression { zstd_content_size(content) } else { Some(content.len() as u64) };
    if expected != Some(u64::from_le_bytes(*length)) {
        return Err("its length is wrong");
    }
    if u64::from_le_bytes(*length) > LARGEST_SMALL.max(MOST_TIMES * content.len() as u64) {
        return Err("its content is too long for a snapshot");
    }
    if !compression {
        return pages(content, segment_size).ok_or("its content is not that of a snapshot");
    }
    let plain = inflate(content, u64::from_le_bytes(*length)).ok_or("its content cannot be decompressed")?;
    pages(&plain, segment_size).ok_or("its content is not that of a snapshot")
}

fn inflate(frame: &[u8], length: u64) -> Option<Vec<u8>> {
    let length = usize::try_from(length).ok()?;
    let mut plain = Vec::new();
    plain.try_reserve_exact(length).ok()?;
    let written = zstd::zstd_safe::decompress(&mut plain, frame).ok()?;
    (written == length && plain.len() == length).then_some(plain)
}

fn pages(content: &[u8], segment_size: usize) -> Option<Snapshot> {
    let mut rest = Bytes(content);
    let stable = rest.long()?;
    let segment = |offset: u64| offset / segment_size as u64;
    let mut table = Table::default();
    let mut used: BTreeSet<u64> = rest.number()?.checked_sub(1).map(segment).into_iter().collect();
    let mut page = 0;
    while rest.left() > 0 {
        let parts = rest.byte()?;
        for part in 0..parts.max(1) {
            let kind = match (parts, part) {
                (0, _) => Kind::Free,
                (_, 0) => Kind::Replace { blob: false },
                _ => Kind::Link { blob: false },
            };
            let (place, offset) = place(&mut rest, kind)?;
            used.insert(segment(offset));
            if !table.apply(page, kind, place) {
                return None;
            }
        }
        page += 1;
    }
    // None is 0, and others are one more, if they are not negative.
    Some(Snapshot { stable: if stable > 0 { stable - 1 } else { stable }, table, used })
}

/// A place, and the offset in the file `db` of its message.
fn place(rest: &mut Bytes<'_>, kind: Kind) -> Option<(Place, u64)> {
    let lsn = rest.long()?;
    let (offset, at, blob) = match rest.byte()? {
        0 => {
            let offset = rest.number()?;
            (offset, offset, false)
        }
        1 => (rest.number()?, u64::try_from(rest.long()?).ok()?, true),
        _ => return None,
    };
    let size = if kind == Kind::Free { 0 } else { u32::try_from(rest.number()?).ok()? };
    Some((Place { lsn, at, size, blob }, offset))
}

/// The content size in the header of a zstd frame (RFC 8878, 3.1.1.1); None when it has none.
fn zstd_content_size(frame: &[u8]) -> Option<u64> {
    let (magic, rest) = frame.split_first_chunk::<4>()?;
    let (&descriptor, rest) = rest.split_first()?;
    let single_segment = descriptor & 0x20 != 0;
    let dictionary_id = [0, 1, 2, 4][usize::from(descriptor & 3)];
    let field = rest.get(usize::from(!single_segment) + dictionary_id..)?;
    if *magic != [0x28, 0xb5, 0x2f, 0xfd] {
        return None;
    }
    match (descriptor >> 6, single_segment) {
        (0, true) => field.first().map(|&b| u64::from(b)),
        (0, false) => None,
        (1, _) => field.first_chunk().map(|b| u64::from(u16::from_le_bytes(*b)) + 256),
        (2, _) => field.first_chunk().map(|b| u64::from(u32::from_le_bytes(*b))),
        _ => field.first_chunk().map(|b| u64::from_le_bytes(*b)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::conf::DEFAULTS;
    use crate::files::made::snapshot;

    const SETTINGS: Settings = Settings { segment_size: 256, ..DEFAULTS };

    #[test]
    fn a_snapshot_says_where_its_pages_lie() {
        // The log ends in the fourth segment; a page of one part lies in the second, one of two in the seventh and the third.
        let pages: &[&[(i64, u64)]] = &[&[(276, 256)], &[(24, 1791), (40, 512)]];
        let read = parse(&snapshot(300, 1023, pages), SETTINGS).unwrap();
        assert_eq!((read.stable, read.used), (300, [3, 1, 6, 2].into()));
        let mut table = Table::default();
        let at = |(lsn, at): (i64, u64)| Place { lsn, at, size: 9, blob: false };
        for (page, parts) in [(0, &pages[0][..1]), (1, &pages[1][..1])] {
            assert!(table.apply(page, Kind::Replace { blob: false }, at(parts[0])));
        }
        assert!(table.apply(1, Kind::Link { blob: false }, at(pages[1][1])));
        // Each is as new as the other.
        assert_eq!((table.behind(&read.table), read.table.behind(&table)), (None, None));
        // One that knows nothing of the log.
        let mut nothing = snapshot(-1, 0, &[]);
        nothing.truncate(8);
        nothing.push(0);
        let crc = crc32fast::hash(&nothing);
        let sealed = [&nothing[..], &9_u64.to_le_bytes(), &crc.to_le_bytes()].concat();
        let read = parse(&sealed, SETTINGS).unwrap();
        assert_eq!((read.stable, read.used), (0, BTreeSet::new()));
    }
}
