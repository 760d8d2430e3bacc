//! Checks a store's files before sled opens them, because sled 0.34 takes damage for the end of its log: it then drops
//! records without a word, overwrites segments with zeros and deletes value files. Nothing here writes.
//!
//! What must hold in a store that was closed or flushed:
//! 1. every segment has a header with a right checksum, or is all zeros (free); no two have the same LSN;
//! 2. every segment but the one with the highest LSN is filled to its end with whole messages;
//! 3. from the highest LSN that a header says is stable, segments follow each other without a gap;
//! 4. after the last whole message of the highest segment there is no trace of a further one;
//! 5. every value file that the log names and that exists has a right checksum, and each that is still needed exists;
//! 6. the snapshot file has a right checksum and is not ahead of the log.
//!
//! A program that was killed while writing may leave a store that breaks 2, 3 or 4; sled repairs it by dropping what was
//! not flushed. That cannot be told from damage, so it is refused too, and the program that owns it shall open it first.
//! Not noticed: a log cut off exactly after a message while no snapshot names a later one, for that is what an older
//! state of the store looks like.

use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use crate::conf::Settings;
use crate::failure::{Code, Failure, Outcome};
use crate::log_message::{Found, Kind, SEGMENT_HEADER, message, segment_header};

/// Checks the store in `path` that was made with `settings`; the caller holds its lock.
///
/// # Errors
/// STORE_DAMAGED with the file and what is wrong; IO_FAILED, PERMISSION_DENIED.
pub fn check(path: &Path, settings: Settings) -> Outcome<()> {
    let db = path.join("db");
    let file = File::open(&db).map_err(|e| Failure::io(&e, "opening it").at(&db))?;
    let size = settings.segment_size;
    let mut log = Log { file, size, buffer: Vec::new(), blobs: Blobs::new(path) };
    let end = log.walk().map_err(|f| f.at(&db))?;
    log.blobs.finish()?;
    check_snapshot(path, end, settings)
}

fn damaged(message: impl Into<String>) -> Failure {
    Failure::new(Code::StoreDamaged, message)
}

struct Log {
    file: File,
    size: usize,
    buffer: Vec<u8>,
    blobs: Blobs,
}

impl Log {
    /// Reads every segment in the order of the log; returns the LSN at which the log ends.
    fn walk(&mut self) -> Outcome<i64> {
        let (segments, stable) = self.headers()?;
        let size = self.size as i64;
        let Some((&tip, _)) = segments.last_key_value() else {
            return Err(damaged("it holds no segment of a log"));
        };
        let mut expected = stable / size * size;
        for (&lsn, _) in segments.range(expected..) {
            if lsn != expected {
                return Err(torn(format!("the part of the log at {expected} is missing")));
            }
            expected += size;
        }
        let mut end = 0;
        for (lsn, offset) in segments {
            end = lsn + self.segment(lsn, offset, lsn == tip)? as i64;
        }
        Ok(end)
    }

    /// Offset of each segment by its LSN, and the highest stable LSN.
    fn headers(&mut self) -> Outcome<(BTreeMap<i64, u64>, i64)> {
        let length = self.file.metadata().map_err(|e| Failure::io(&e, "looking at it"))?.len();
        let mut segments = BTreeMap::new();
        let mut stable = 0;
        let mut offset = 0;
        while offset + (SEGMENT_HEADER as u64) <= length {
            let mut header = [0; SEGMENT_HEADER];
            self.file.read_exact_at(&mut header, offset).map_err(|e| Failure::io(&e, "reading it"))?;
            match segment_header(&header) {
                Some((lsn, seen)) if lsn >= 0 && lsn % self.size as i64 == 0 => {
                    stable = stable.max(seen);
                    if segments.insert(lsn, offset).is_some() {
                        return Err(damaged(format!("the segment at offset {offset} is there twice")));
                    }
                }
                None if header == [0; SEGMENT_HEADER] => {
                    self.load(offset)?;
                    if self.buffer.iter().any(|&b| b != 0) {
                        return Err(torn(format!("the segment at offset {offset} has lost its header")));
                    }
                }
                _ => return Err(damaged(format!("the header of the segment at offset {offset} is damaged"))),
            }
            offset += self.size as u64;
        }
        Ok((segments, stable))
    }

    /// Reads the messages of one segment; returns how far into it they go.
    fn segment(&mut self, lsn: i64, offset: u64, tip: bool) -> Outcome<usize> {
        self.load(offset)?;
        let number = lsn.unsigned_abs() / self.size as u64;
        let mut at = SEGMENT_HEADER;
        loop {
            match message(&self.buffer, at, self.size, number) {
                Found::Message { kind, code, page, body, next } => {
                    self.blobs.message(kind, code, page, body)?;
                    at = next;
                }
                Found::End => return Ok(self.size),
                Found::Nothing if tip => break,
                Found::Nothing => {
                    return Err(torn(format!("the message at offset {} is damaged or cut off", offset + at as u64)));
                }
            }
        }
        let rest = self.buffer.get(at..).unwrap_or_default();
        // A segment that is used for the first time lies at its LSN, and what is not written of it yet is zeros; one that
        // is used again still has old messages behind the new ones.
        let fresh = offset == lsn.unsigned_abs();
        let more = if fresh {
            rest.iter().any(|&b| b != 0)
        } else {
            (at..self.buffer.len())
                .any(|i| matches!(message(&self.buffer, i, self.size, number), Found::Message { .. }))
        };
        if more {
            return Err(torn(format!("the log goes on behind the damaged message at offset {}", offset + at as u64)));
        }
        Ok(at)
    }

    /// Reads the segment at `offset` into the buffer, as far as the file goes.
    fn load(&mut self, offset: u64) -> Outcome<()> {
        self.buffer.resize(self.size, 0);
        let mut filled = 0;
        while filled < self.size {
            match self.file.read_at(&mut self.buffer[filled..], offset + filled as u64) {
                Ok(0) => break,
                Ok(n) => filled += n,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(Failure::io(&e, &format!("reading it at offset {offset}"))),
            }
        }
        self.buffer.truncate(filled);
        Ok(())
    }
}

/// Damage that a killed writer may have left as well.
fn torn(message: String) -> Failure {
    damaged(format!("{message} (damage, or its program was killed while writing)"))
}

/// The files under `blobs`, one for each value too big for the log.
struct Blobs {
    directory: std::path::PathBuf,
    /// Value files that a page needs, by page; only pages that need one.
    live: HashMap<u64, Vec<i64>>,
    buffer: Vec<u8>,
}

impl Blobs {
    fn new(store: &Path) -> Blobs {
        Blobs { directory: store.join("blobs"), live: HashMap::new(), buffer: Vec::new() }
    }

    fn message(&mut self, kind: Kind, code: u8, page: u64, body: &[u8]) -> Outcome<()> {
        let blob = match kind {
            Kind::Other => return Ok(()),
            Kind::Free => false,
            Kind::Replace { blob } | Kind::Link { blob } => blob,
        };
        if !matches!(kind, Kind::Link { .. }) && !self.live.is_empty() {
            self.live.remove(&page);
        }
        if blob {
            let Some(id) = body.first_chunk::<8>() else {
                return Err(damaged(format!("the log names no file for a value of page {page}")));
            };
            let id = i64::from_le_bytes(*id);
            self.check(id, code)?;
            self.live.entry(page).or_default().push(id);
        }
        Ok(())
    }

    /// Checks a file's checksum; that it is missing may be right: the page may be written anew later.
    fn check(&mut self, id: i64, code: u8) -> Outcome<()> {
        let path = self.directory.join(id.to_string());
        match self.checksum_holds(&path, code) {
            Ok(true) => Ok(()),
            Ok(false) => Err(damaged("its checksum is wrong").at(&path)),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => Err(damaged("it is cut short").at(&path)),
            Err(e) => Err(Failure::io(&e, "reading it").at(&path)),
        }
    }

    fn checksum_holds(&mut self, path: &Path, code: u8) -> io::Result<bool> {
        let mut file = File::open(path)?;
        let mut head = [0; 5];
        file.read_exact(&mut head)?;
        let [a, b, c, d, kind] = head;
        let mut hasher = crc32fast::Hasher::new();
        hasher.update(&[kind]);
        self.buffer.resize(1 << 20, 0);
        loop {
            match file.read(&mut self.buffer) {
                Ok(0) => break,
                Ok(n) => hasher.update(&self.buffer[..n]),
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
        Ok(kind == code && hasher.finalize() == u32::from_le_bytes([a, b, c, d]))
    }

    /// Every file that is still needed must be there.
    fn finish(&self) -> Outcome<()> {
        for id in self.live.values().flatten() {
            let path = self.directory.join(id.to_string());
            if let Err(e) = fs::metadata(&path) {
                return Err(match e.kind() {
                    io::ErrorKind::NotFound => damaged("a value's file is missing").at(&path),
                    _ => Failure::io(&e, "looking at it").at(&path),
                });
            }
        }
        Ok(())
    }
}

/// Checks the snapshot that sled would take: the last `snap.*` by name, which is its LSN in hexadecimal digits.
fn check_snapshot(store: &Path, end: i64, settings: Settings) -> Outcome<()> {
    let listing = |e: &io::Error| Failure::io(e, "listing it").at(store);
    let mut last = None;
    for entry in fs::read_dir(store).map_err(|e| listing(&e))? {
        let name = entry.map_err(|e| listing(&e))?.file_name().to_string_lossy().into_owned();
        if name.starts_with("snap.") && !name.ends_with(".in___motion") {
            last = last.max(Some(name));
        }
    }
    let Some(name) = last else { return Ok(()) };
    let path = store.join(&name);
    let bytes = fs::read(&path).map_err(|e| Failure::io(&e, "reading it").at(&path))?;
    if !snapshot_is_whole(&bytes, settings.compression) {
        return Err(damaged("its checksum or its length is wrong").at(&path));
    }
    let lsn = name.strip_prefix("snap.").and_then(|digits| i64::from_str_radix(digits, 16).ok());
    // A snapshot may say that the log goes on with a segment that has not been begun.
    let size = settings.segment_size as i64;
    let next_segment = (end + size - 1) / size * size;
    match lsn {
        Some(lsn) if lsn <= end || lsn == next_segment => Ok(()),
        Some(_) => Err(damaged("the log ends before the place that it names: the file db is cut off").at(&path)),
        None => Err(damaged("its name is none that sled gives").at(&path)),
    }
}

/// A snapshot is its content, the content's length before compression (8 bytes), and the CRC-32 of the content.
/// Sled allocates what the length says, and no checksum covers it: so it is compared with what the content says itself.
fn snapshot_is_whole(bytes: &[u8], compression: bool) -> bool {
    let Some((rest, crc)) = bytes.split_last_chunk::<4>() else { return false };
    let Some((content, length)) = rest.split_last_chunk::<8>() else { return false };
    let expected = if compression { zstd_content_size(content) } else { Some(content.len() as u64) };
    !content.is_empty()
        && crc32fast::hash(content) == u32::from_le_bytes(*crc)
        && expected == Some(u64::from_le_bytes(*length))
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
