//! Sled's file `conf`: the settings that a store was made with and must be opened with.
//!
//! Three lines of text (`segment_size: N`, `use_compression: B`, `version: M.N`) and their CRC-32, little-endian, as
//! sled 0.34 writes them. Sled itself goes on when the CRC is wrong; we do not.

use crate::failure::{Code, Failure, Outcome};

/// The version of sled's files that the crate reads and writes.
pub const VERSION: (u64, u64) = (0, 34);

/// What `conf` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Bytes of a log segment: a power of two, 256 to 16 MiB.
    pub segment_size: usize,
    pub compression: bool,
    pub version: (u64, u64),
}

impl Settings {
    /// Settings that the caller named must be those of the store.
    ///
    /// # Errors
    /// STORE_SETTINGS_MISMATCH
    pub fn agree(self, compression: Option<bool>, segment_size: Option<usize>) -> Outcome<()> {
        let word = |on: bool| if on { "with" } else { "without" };
        if let Some(wanted) = compression.filter(|&wanted| wanted != self.compression) {
            let message = format!("it was made {} compression, not {}", word(self.compression), word(wanted));
            return Err(Failure::new(Code::StoreSettingsMismatch, message));
        }
        if let Some(wanted) = segment_size.filter(|&wanted| wanted != self.segment_size) {
            let message = format!("it was made with segments of {} bytes, not {wanted}", self.segment_size);
            return Err(Failure::new(Code::StoreSettingsMismatch, message));
        }
        Ok(())
    }
}

/// What sled takes when nothing else was said.
pub const DEFAULTS: Settings = Settings { segment_size: 512 << 10, compression: false, version: VERSION };

/// Whether sled takes a file of that many bytes for none.
pub fn is_empty(length: usize) -> bool {
    length <= 8
}

/// What somebody can do who has a store of another version of sled.
const OTHER_VERSION: &str = "link both versions of the crate into a small program, and copy with its Db::export() from the old one to Db::import() of sled 0.34, whose store kgdump reads";

/// Parses the content of a `conf` file.
///
/// # Errors
/// STORE_NOT_RECOGNIZED when it is nothing of sled's, STORE_DAMAGED when it was, STORE_UNSUPPORTED for a version of sled other
/// than 0.34.
pub fn parse(bytes: &[u8]) -> Outcome<Settings> {
    let ours = bytes.starts_with(b"segment_size: ");
    let Some((text, crc)) = bytes.split_last_chunk::<4>().filter(|(text, _)| ours && !text.is_empty()) else {
        return Err(Failure::new(Code::StoreNotRecognized, "its file conf is not sled's, or of a sled before 0.29"));
    };
    if crc32fast::hash(text) != u32::from_le_bytes(*crc) {
        return Err(Failure::new(Code::StoreDamaged, "the checksum of its file conf is wrong"));
    }
    let settings = std::str::from_utf8(text).ok().and_then(fields);
    let Some(settings) = settings else {
        return Err(Failure::new(Code::StoreDamaged, "its file conf lacks a setting"));
    };
    if settings.version != VERSION {
        let (major, minor) = settings.version;
        return Err(other_version(&format!("{major}.{minor}")));
    }
    if !is_segment_size(settings.segment_size) {
        return Err(Failure::new(Code::StoreDamaged, "the segment size in its file conf is impossible"));
    }
    Ok(settings)
}

/// The failure for a store of another version of sled.
pub fn other_version(version: &str) -> Failure {
    let message =
        format!("it is a store of sled {version}; only those of sled {}.{} can be read", VERSION.0, VERSION.1);
    Failure::new(Code::StoreUnsupported, message).hint(OTHER_VERSION)
}

/// Whether sled makes segments of that many bytes.
pub fn is_segment_size(size: usize) -> bool {
    size.is_power_of_two() && (256..=1 << 24).contains(&size)
}

fn fields(text: &str) -> Option<Settings> {
    let find = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    let (major, minor) = find("version")?.split_once('.')?;
    Some(Settings {
        segment_size: find("segment_size")?.parse().ok()?,
        compression: find("use_compression")?.parse().ok()?,
        version: (major.parse().ok()?, minor.parse().ok()?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn conf(text: &str) -> Vec<u8> {
        let mut bytes = text.as_bytes().to_vec();
        bytes.extend(crc32fast::hash(text.as_bytes()).to_le_bytes());
        bytes
    }

    #[test]
    fn reads_what_sled_writes() {
        let settings = parse(&conf("segment_size: 524288\nuse_compression: true\nversion: 0.34\n")).unwrap();
        assert_eq!(settings, Settings { segment_size: 524_288, compression: true, version: (0, 34) });
    }

    #[test]
    fn every_flip_and_cut_is_noticed() {
        let good = conf("segment_size: 524288\nuse_compression: false\nversion: 0.34\n");
        for bit in 0..good.len() * 8 {
            let mut bad = good.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            assert!(parse(&bad).is_err(), "bit {bit}");
        }
        for len in 0..good.len() {
            assert!(parse(&good[..len]).is_err(), "{len} bytes");
        }
    }

    #[test]
    fn other_versions_and_other_files_are_refused_by_name() {
        let old = conf("segment_size: 524288\nuse_compression: false\nversion: 0.31\n");
        assert_eq!(parse(&old).unwrap_err().code, Code::StoreUnsupported);
        assert_eq!(parse(b"[server]\nport=1\n").unwrap_err().code, Code::StoreNotRecognized);
        let odd = conf("segment_size: 1000\nuse_compression: false\nversion: 0.34\n");
        assert_eq!(parse(&odd).unwrap_err().code, Code::StoreDamaged);
    }
}
