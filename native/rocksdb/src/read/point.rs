//! What a store is at one point in time: the files that are opened, and what they say.
//!
//! Contract: only reads. Whoever makes a point answers for it: that the files are there as long as it is used, and that none of them changes
//! what is read (see opening.rs and pin.rs).

use std::path::{Path, PathBuf};

use crate::error::{Fault, Outcome};
use crate::files::layout::{encrypted, newest_options, options_are_encrypted, read_options};
use crate::files::manifest::{read_manifest, Manifest};
use crate::files::options_file::OptionsFile;
use crate::files::wal::{list_logs, Log};

/// A point in a store's life.
pub struct Point {
    /// The directory that is opened: the store's, or one in which its files are held.
    pub files: PathBuf,
    pub manifest: Manifest,
    /// All OPTIONS files that can be read, the newest first.
    pub options: Vec<OptionsFile>,
    /// Number of the newest OPTIONS file.
    pub newest_options: Option<u64>,
    /// Where the logs lie, when that is not with the other files.
    pub wal_directory: Option<PathBuf>,
    /// The logs that may count, however the store commits.
    pub logs: Vec<Log>,
    /// Whether the last log was copied while it was written: that its end is not complete says nothing then.
    pub growing: bool,
}

impl Point {
    /// Whether the log of this number is there.
    pub fn has_log(&self, number: u64) -> bool {
        self.logs.binary_search_by_key(&number, |log| log.number).is_ok()
    }

    /// What the store at `store` is now. It must stand still from before this until it is open.
    ///
    /// Errors: STORE_DAMAGED, STORE_ENCRYPTED, STORE_UNSUPPORTED for logs in a directory that is not there, and what reading fails with.
    pub fn now(store: &Path, manifest_name: &str) -> Outcome<Self> {
        let manifest = read_manifest(&store.join(manifest_name)).map_err(|fault| {
            if fault.code == "STORE_DAMAGED" && options_are_encrypted(store) {
                return encrypted(store);
            }
            fault
        })?;
        let options = read_options(store)?;
        let newest_options = newest_options(store)?;
        let wal_directory = wal_directory(store, &manifest, manifest.first_log(two_phase(&options)), options.first())?;
        let logs = list_logs(wal_directory.as_deref().unwrap_or(store), manifest.first_log(true))?;
        Ok(Self { files: store.to_owned(), manifest, options, newest_options, wal_directory, logs, growing: false })
    }

    /// Whether the store commits in two phases.
    pub fn two_phase(&self) -> bool {
        two_phase(&self.options)
    }

    /// Number of the table files.
    pub fn tables(&self) -> usize {
        self.manifest.families.values().map(|family| family.tables.len()).sum()
    }

    /// Number of the blob files.
    pub fn blobs(&self) -> usize {
        self.manifest.families.values().map(|family| family.live_blobs().count()).sum()
    }

    /// Whether no log was finished or begun since. The last log may have grown: that is only a later point in time.
    pub fn logs_stand_still(&self) -> bool {
        let directory = self.wal_directory.as_deref().unwrap_or(&self.files);
        let Ok(now) = list_logs(directory, self.manifest.first_log(true)) else { return false };
        let last = self.logs.len().saturating_sub(1);
        now.len() == self.logs.len()
            && now.iter().zip(&self.logs).enumerate().all(|(index, (now, then))| {
                now.number == then.number && (now.size == then.size || (index == last && now.size > then.size))
            })
    }
}

/// Whether OPTIONS say that a store commits in two phases.
pub fn two_phase(options: &[OptionsFile]) -> bool {
    options.first().and_then(|file| file.database.get("allow_2pc")).is_some_and(|value| value == "true")
}

/// The directory of the logs when it is not the store's own.
///
/// A store whose program ran before RocksDB 7 or so tells its own path as `wal_dir`; when such a store was moved or
/// copied, that path is another store or nothing, and the logs lie in the store's directory.
///
/// Errors: STORE_UNSUPPORTED when it is not there.
pub fn wal_directory(
    store: &Path,
    manifest: &Manifest,
    first_log: u64,
    options: Option<&OptionsFile>,
) -> Outcome<Option<PathBuf>> {
    let told = options.and_then(|file| file.database.get("wal_dir")).map(PathBuf::from);
    let Some(told) = told.filter(|path| !path.as_os_str().is_empty()) else { return Ok(None) };
    let same = |a: &Path, b: &Path| matches!((a.canonicalize(), b.canonicalize()), (Ok(a), Ok(b)) if a == b);
    // An opening begins its log right before its MANIFEST, or later.
    let named = manifest.families.values().map(|family| family.log_number);
    let newest = named.chain([manifest.number.saturating_sub(1)]).max().unwrap_or(0);
    // A log that goes while they are listed was there.
    let has_logs = || match list_logs(store, first_log) {
        Err(fault) if fault.code == "NOT_FOUND" => Ok(true),
        // An empty one that nothing names any more was left behind when the store's program began to keep its logs elsewhere.
        logs => logs.map(|logs| logs.iter().any(|log| log.size > 0 || log.number >= newest)),
    };
    if same(&told, store) || has_logs()? || told.join("CURRENT").exists() {
        return Ok(None);
    }
    if told.is_dir() {
        return Ok(Some(told));
    }
    Err(Fault::new(
        "STORE_UNSUPPORTED",
        format!("the logs of {} are in {}, which is not there", store.display(), told.display()),
    )
    .at(&told)
    .hint("make that directory available at that path, or let the store's program flush and close it without wal_dir"))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::files::temporary::Directory;

    #[test]
    fn logs_are_elsewhere_when_they_are_there_and_in_no_other_store() {
        let directory = Directory::new("logs-elsewhere");
        let (store, told) = (directory.0.join("store"), directory.0.join("told"));
        // Logs of the store and their lengths; what is in the directory that OPTIONS tell, if that is there.
        for (own, other, wanted) in [
            (&[][..], Some(&["000008.log"][..]), Ok(true)),
            (&[], Some(&[]), Ok(true)),
            (&[], None, Err("STORE_UNSUPPORTED")),
            // Those of the original of a copy, or of a store that came to be in its place.
            (&[], Some(&["CURRENT", "000008.log"]), Ok(false)),
            (&[("000008.log", 3)], Some(&["000008.log"]), Ok(false)),
            (&[("000008.log", 0)], Some(&["000008.log"]), Ok(false)),
            (&[("000008.log", 3)], None, Ok(false)),
            // One that was left behind empty.
            (&[("000007.log", 0)], Some(&["000008.log"]), Ok(true)),
        ] {
            fs::create_dir_all(&store).unwrap();
            own.iter().for_each(|&(name, length)| fs::write(store.join(name), vec![0; length]).unwrap());
            if let Some(names) = other {
                fs::create_dir_all(&told).unwrap();
                names.iter().for_each(|name| fs::write(told.join(name), "x").unwrap());
            }
            let mut options = OptionsFile::default();
            options.database = [("wal_dir".to_owned(), told.display().to_string())].into();
            let manifest = Manifest { number: 9, ..Manifest::default() };
            let found = wal_directory(&store, &manifest, 0, Some(&options)).map_err(|fault| fault.code);
            assert_eq!(found, wanted.map(|is_elsewhere| is_elsewhere.then(|| told.clone())), "{own:?}, {other:?}");
            fs::remove_dir_all(&store).unwrap();
            let _ = fs::remove_dir_all(&told);
        }
    }

    #[test]
    fn logs_stand_still_unless_one_but_the_last_changes_or_they_come_and_go() {
        let directory = Directory::new("still");
        let write = |name: &str, length: usize| fs::write(directory.0.join(name), vec![0; length]).unwrap();
        for (name, length, still) in [
            ("000005.log", 10, true),
            ("000007.log", 11, true),
            ("000007.log", 9, false),
            ("000005.log", 11, false),
            ("000005.log", 9, false),
            ("000006.log", 10, false),
            ("000008.log", 0, false),
            ("1000000.log", 0, false),
        ] {
            write("000005.log", 10);
            write("000007.log", 10);
            let point = Point {
                files: directory.0.clone(),
                manifest: Manifest::default(),
                options: Vec::new(),
                newest_options: None,
                wal_directory: None,
                logs: list_logs(&directory.0, 0).unwrap(),
                growing: false,
            };
            write(name, length);
            assert_eq!(point.logs_stand_still(), still, "{name} has {length} bytes");
            fs::remove_file(directory.0.join(name)).unwrap();
            assert!(!point.logs_stand_still() || !point.logs.iter().any(|log| log.path.ends_with(name)));
        }
    }
}
