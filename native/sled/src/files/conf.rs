//! Sled's file `conf`: the settings that a store was made with and must be opened with.
//!
//! Three lines of text (`segment_size: N`, `use_compression: B`, `version: M.N`) and their CRC-32, little-endian, as
//! sled writes them. Sled itself goes on when the CRC is wrong; we do not.
//!
//! Stores of sled 0.32 and 0.33 differ from those of 0.34 in the version alone. Sled opens stores of its own version only, so that they are
//! read, and written by nobody here. They took segments of 128 bytes, too, but could not open such a store again.

use crate::fault::{Code, Outcome, SledFault};

/// The version of sled's files that the crate reads and writes.
pub const VERSION: (u64, u64) = (0, 34);

/// The first version of sled whose files are like those of `VERSION`.
const OLDEST: (u64, u64) = (0, 32);

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
            return Err(SledFault::new(Code::StoreSettingsMismatch, message));
        }
        if let Some(wanted) = segment_size.filter(|&wanted| wanted != self.segment_size) {
            let message = format!("it was made with segments of {} bytes, not {wanted}", self.segment_size);
            return Err(SledFault::new(Code::StoreSettingsMismatch, message));
        }
        Ok(())
    }

    /// The version of sled that wrote the store, as its `conf` has it.
    pub fn version_text(self) -> String {
        format!("{}.{}", self.version.0, self.version.1)
    }

    /// Sled opens stores of its own version only.
    ///
    /// # Errors
    /// STORE_UNSUPPORTED for a store that can be read, and neither opened by the crate nor written.
    pub fn opened_by_crate(self) -> Outcome<()> {
        if self.version == VERSION {
            return Ok(());
        }
        let (major, minor) = VERSION;
        let message = format!(
            "it is a store of sled {}, which can be read, but sled {major}.{minor} does not open it",
            self.version_text()
        );
        Err(SledFault::new(Code::StoreUnsupported, message).hint(NEW_STORE))
    }
}

/// What sled takes when nothing else was said.
pub const DEFAULTS: Settings = Settings { segment_size: 512 << 10, compression: false, version: VERSION };

/// Whether sled takes a file of that many bytes for none.
pub fn is_empty(length: usize) -> bool {
    length <= 8
}

/// What somebody can do who has a store that is only read.
const NEW_STORE: &str = "`kgdump export STORE | kgdump import NEW` makes a store of sled 0.34 of it";

/// What somebody can do who has a store of a version of sled that is not read.
const OTHER_VERSION: &str = "let the program that wrote it link sled 0.34 beside its own version, and copy with Db::export() of its own to Db::import() of 0.34, whose store kgdump reads (sled 0.31 and before need a Rust before 1.89)";

/// Parses the content of a `conf` file.
///
/// # Errors
/// STORE_NOT_RECOGNIZED when it is nothing of sled's, STORE_DAMAGED when it was, STORE_UNSUPPORTED for a version of sled that is
/// not read.
pub fn parse(bytes: &[u8]) -> Outcome<Settings> {
    let ours = bytes.starts_with(b"segment_size: ");
    let Some((text, crc)) = bytes.split_last_chunk::<4>().filter(|(text, _)| ours && !text.is_empty()) else {
        return Err(SledFault::new(Code::StoreNotRecognized, "its file conf is not sled's, or of a sled before 0.29"));
    };
    if crc32fast::hash(text) != u32::from_le_bytes(*crc) {
        return Err(SledFault::new(Code::StoreDamaged, "the checksum of its file conf is wrong"));
    }
    let settings = std::str::from_utf8(text).ok().and_then(fields);
    let Some(settings) = settings else {
        return Err(SledFault::new(Code::StoreDamaged, "its file conf lacks a setting"));
    };
    if !(OLDEST..=VERSION).contains(&settings.version) {
        return Err(other_version(&settings.version_text()));
    }
    if !is_segment_size(settings.segment_size) {
        return Err(SledFault::new(Code::StoreDamaged, "the segment size in its file conf is impossible"));
    }
    Ok(settings)
}

/// The failure for a store of a version of sled that is not read.
pub fn other_version(version: &str) -> SledFault {
    let ((from, first), (to, last)) = (OLDEST, VERSION);
    let message =
        format!("it is a store of sled {version}; only those of sled {from}.{first} to {to}.{last} can be read");
    SledFault::new(Code::StoreUnsupported, message).hint(OTHER_VERSION)
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
    fn older_versions_with_the_same_files_are_read_and_not_opened_by_the_crate() {
        let of = |version, size| {
            parse(&conf(&format!("segment_size: {size}\nuse_compression: false\nversion: {version}\n")))
        };
        for (version, size, readable, opened) in [
            ("0.34", 256, true, true),
            ("0.34", 128, false, false),
            ("0.33", 128, false, false),
            ("0.33", 256, true, false),
            ("0.32", 524_288, true, false),
            ("0.31", 256, false, false),
            ("0.35", 256, false, false),
            ("1.33", 256, false, false),
        ] {
            let parsed = of(version, size);
            assert_eq!(parsed.is_ok(), readable, "{version} {size}");
            assert_eq!(parsed.is_ok_and(|settings| settings.opened_by_crate().is_ok()), opened, "{version} {size}");
        }
        let old = of("0.33", 256).unwrap();
        assert_eq!(old.opened_by_crate().unwrap_err().code, Code::StoreUnsupported);
        assert_eq!(old.version_text(), "0.33");
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
