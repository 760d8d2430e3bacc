//! Checks a store's files before sled opens them, because sled 0.34 takes damage for the end of its log: it then drops
//! records without a word, overwrites segments with zeros and deletes value files. Nothing here writes.
//!
//! What must hold in a store that was closed or flushed:
//! 1. every segment has a header with a right checksum, or is all zeros (free); no two have the same LSN;
//! 2. every segment but the one with the highest LSN is filled to its end with whole messages;
//! 3. from the highest LSN that a header says is stable, or from that of the snapshot if it is higher, segments follow
//!    each other without a gap: sled itself ends its log at one;
//! 4. after the last whole message of the highest segment there is no trace of a further one;
//! 5. every value file that the log names and that exists has a right checksum, and each that is still needed exists;
//! 6. the snapshot file has a right checksum and is not ahead of the log.
//!
//! A program that was killed while writing may leave a store that breaks 2, 3 or 4; sled repairs it by dropping what was
//! not flushed. That cannot be told from damage, so it is refused too, and the program that owns it shall open it first.
//! Not noticed: a log cut off exactly after a message while no snapshot names a later one, for that is what an older
//! state of the store looks like. The same is true of the header of the very last message, when it lies in a segment
//! that is used again and is overwritten: behind the end of the log such a segment holds what it held before.

use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use crate::conf::Settings;
use crate::failure::{Code, Failure, Outcome};
use crate::log_message::{Found, Kind, SEGMENT_HEADER, message, segment_header};
use crate::log_snapshot::Snapshot;

/// Checks the store in `path` that was made with `settings`; the caller holds its lock.
///
/// # Errors
/// STORE_DAMAGED with the file and what is wrong; IO_FAILED, PERMISSION_DENIED.
pub fn check(path: &Path, settings: Settings) -> Outcome<()> {
    let db = path.join("db");
    let file = File::open(&db).map_err(|e| Failure::io(&e, "opening it").at(&db))?;
    let size = settings.segment_size;
    let mut log = Log { file, size, buffer: Vec::new(), blobs: Blobs::new(path) };
    let snapshot = Snapshot::find(path)?;
    let known = snapshot.as_ref().and_then(|found| found.lsn).unwrap_or(0);
    let end = log.walk(known).map_err(|f| f.at(&db))?;
    log.blobs.finish()?;
    snapshot.map_or(Ok(()), |found| found.check(end, settings))
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
    /// Reads every segment in the order of the log, of which the snapshot covers all before `known`; returns the LSN at which
    /// the log ends.
    fn walk(&mut self, known: i64) -> Outcome<i64> {
        let (segments, stable) = self.headers()?;
        let size = self.size as i64;
        let Some((&tip, _)) = segments.last_key_value() else {
            return Err(damaged("it holds no segment of a log"));
        };
        let mut expected = stable.max(known) / size * size;
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
                Found::Damaged | Found::Nothing => {
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

#[cfg(test)]
mod tests {
    use super::*;

    /// A log of one segment, the second one, whose header knows of nothing stable.
    fn log_without_its_beginning(directory: &Path) -> Log {
        let size = 8192;
        let mut header = Vec::new();
        for lsn in [size as i64, 0] {
            header.extend((lsn ^ i64::MAX).to_le_bytes());
        }
        let mut bytes = vec![0; size];
        bytes.extend((crc32fast::hash(&header) ^ u32::MAX).to_le_bytes());
        bytes.extend(header);
        let db = directory.join("db");
        fs::write(&db, bytes).unwrap();
        Log { file: File::open(&db).unwrap(), size, buffer: Vec::new(), blobs: Blobs::new(directory) }
    }

    #[test]
    fn what_a_snapshot_covers_may_be_gone_from_the_log() {
        let directory = std::env::temp_dir().join(format!("kgdump-log-check-{}", std::process::id()));
        fs::create_dir(&directory).unwrap();
        let mut log = log_without_its_beginning(&directory);
        let end = log.walk(8192 + SEGMENT_HEADER as i64).map_err(|failure| failure.to_json());
        let refused = log.walk(0).is_err();
        fs::remove_dir_all(&directory).unwrap();
        assert_eq!(end, Ok(8192 + SEGMENT_HEADER as i64));
        assert!(refused);
    }
}
