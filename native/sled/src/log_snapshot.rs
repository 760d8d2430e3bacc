//! Sled's snapshot file: which pages lie where as of one place of the log, so that opening need not read all before it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::conf::Settings;
use crate::failure::{Code, Failure, Outcome};

/// The snapshot that sled would take: the last `snap.*` by name, which is its LSN in hexadecimal digits.
pub struct Snapshot {
    path: PathBuf,
    /// Where it ends in the log; None when its name is none that sled gives.
    pub lsn: Option<i64>,
}

impl Snapshot {
    /// Looks for it in `store`.
    ///
    /// # Errors
    /// IO_FAILED, PERMISSION_DENIED.
    pub fn find(store: &Path) -> Outcome<Option<Snapshot>> {
        let listing = |e: &io::Error| Failure::io(e, "listing it").at(store);
        let mut last = None;
        for entry in fs::read_dir(store).map_err(|e| listing(&e))? {
            let name = entry.map_err(|e| listing(&e))?.file_name().to_string_lossy().into_owned();
            if name.starts_with("snap.") && !name.ends_with(".in___motion") {
                last = last.max(Some(name));
            }
        }
        Ok(last.map(|name| Snapshot {
            path: store.join(&name),
            lsn: name
                .strip_prefix("snap.")
                .and_then(|digits| i64::from_str_radix(digits, 16).ok())
                .filter(|&lsn| lsn >= 0),
        }))
    }

    /// Checks it against a log that ends at `end`.
    ///
    /// # Errors
    /// STORE_DAMAGED, IO_FAILED, PERMISSION_DENIED.
    pub fn check(&self, end: i64, settings: Settings) -> Outcome<()> {
        let bytes = fs::read(&self.path).map_err(|e| Failure::io(&e, "reading it").at(&self.path))?;
        if !snapshot_is_whole(&bytes, settings.compression) {
            return Err(Failure::new(Code::StoreDamaged, "its checksum or its length is wrong").at(&self.path));
        }
        // A snapshot may say that the log goes on with a segment that has not been begun.
        let size = settings.segment_size as i64;
        let next_segment = (end + size - 1) / size * size;
        match self.lsn {
            Some(lsn) if lsn <= end || lsn == next_segment => Ok(()),
            Some(_) => Err(Failure::new(
                Code::StoreDamaged,
                "the log ends before the place that it names: the file db is cut off",
            )
            .at(&self.path)),
            None => Err(Failure::new(Code::StoreDamaged, "its name is none that sled gives").at(&self.path)),
        }
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
