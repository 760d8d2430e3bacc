//! What the files of a store's directory say before RocksDB is asked: whether it is a RocksDB store at all, which
//! MANIFEST and OPTIONS count, and a fingerprint that tells whether a live writer changed the store meanwhile.
//!
//! Contract: only reads; never opens LOCK (see lock_holder.rs).

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::error::{Fault, Outcome, Reason as _};
use crate::files::listing::names;
use crate::files::manifests::{mend_current, without_current as missing_current};
use crate::files::options_file::{parse_options, OptionsFile};
use crate::files::whole::{read_whole, MOST_NAME, MOST_OPTIONS};

/// RocksDB's CTR encryption puts this many bytes before the content of each file.
const ENCRYPTION_PREFIX: usize = 4096;

/// What must stand still while a store is opened, or a whole memtable may be missing from what is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fingerprint {
    /// Name of the MANIFEST that CURRENT names.
    pub manifest: String,
    /// Its size, modification time (s, ns) and inode.
    stamp: (u64, i64, i64, u64),
}

/// Checks that `store` is a directory which holds a RocksDB store, and takes its fingerprint.
///
/// Errors: STORE_NOT_FOUND, STORE_NOT_RECOGNIZED, STORE_ENCRYPTED, STORE_DAMAGED, PERMISSION_DENIED.
pub fn fingerprint(store: &Path) -> Outcome<Fingerprint> {
    let current = store.join("CURRENT");
    let content = match read_whole(&current, MOST_NAME) {
        Ok(content) => content,
        Err(error) => return Err(without_current(store, &current, &error)),
    };
    let Some(manifest) = manifest_name(&content) else { return Err(bad_current(store, &current, &content)) };
    let path = store.join(&manifest);
    let facts = fs::metadata(&path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => missing(&path).hint(mend_current(store)),
        _ => Fault::io("looking at", &path, &error),
    })?;
    Ok(Fingerprint { manifest, stamp: (facts.size(), facts.mtime(), facts.mtime_nsec(), facts.ino()) })
}

/// The error of a file that the store needs and that is not there.
pub fn missing(path: &Path) -> Fault {
    Fault::new("STORE_DAMAGED", format!("the file {} is missing", path.display()))
        .at(path)
        .hint("copy the store again from its origin or a backup, or save what is sound with `kgdump recover`")
}

/// Where the table file with this number is: `.ldb` is LevelDB's name for it, which RocksDB takes where there is no `.sst`.
pub fn table_path(store: &Path, number: u64) -> PathBuf {
    let path = store.join(format!("{number:06}.sst"));
    let other = path.with_extension("ldb");
    if !path.exists() && other.exists() {
        other
    } else {
        path
    }
}

fn manifest_name(content: &[u8]) -> Option<String> {
    let name = std::str::from_utf8(content).ok()?.strip_suffix('\n')?;
    let digits = name.strip_prefix("MANIFEST-")?;
    (!digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())).then(|| name.to_owned())
}

fn without_current(store: &Path, current: &Path, error: &io::Error) -> Fault {
    match fs::metadata(store) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Fault::new("STORE_NOT_FOUND", format!("there is no store at {}", store.display())).at(store);
        }
        Err(error) => return Fault::io("looking at", store, &error),
        Ok(facts) if !facts.is_dir() => {
            return Fault::new(
                "STORE_NOT_RECOGNIZED",
                format!("{} is not a directory, so it is not a RocksDB store", store.display()),
            )
            .at(store);
        }
        Ok(_) => {}
    }
    if error.kind() != io::ErrorKind::NotFound {
        return Fault::io("reading", current, error);
    }
    let names = match names(store) {
        Ok(names) => names,
        Err(fault) => return fault,
    };
    if names.iter().any(|name| name.starts_with("MANIFEST-") || name.ends_with(".sst")) {
        return missing_current(store);
    }
    if names.iter().any(|name| name == "db") && names.iter().any(|name| name == "conf") {
        return Fault::new(
            "STORE_NOT_RECOGNIZED",
            format!("{} is not a RocksDB store: it looks like a Sled store", store.display()),
        )
        .at(store);
    }
    Fault::new("STORE_NOT_RECOGNIZED", format!("{} is not a RocksDB store: it has no file CURRENT", store.display()))
        .at(store)
        .hint("give the directory that holds the files CURRENT and MANIFEST-…")
}

fn bad_current(store: &Path, current: &Path, content: &[u8]) -> Fault {
    let blank = content.iter().all(|&byte| byte == 0);
    if !blank && (content.len() >= ENCRYPTION_PREFIX || options_are_encrypted(store)) {
        return encrypted(store);
    }
    let what = if blank { "empty" } else { "not the name of a MANIFEST" };
    Fault::new("STORE_DAMAGED", format!("{} is damaged: its content is {what}", current.display()))
        .at(current)
        .hint(mend_current(store))
}

/// The error of a store whose files are encrypted.
pub fn encrypted(store: &Path) -> Fault {
    Fault::new("STORE_ENCRYPTED", format!("the files of the store at {} are encrypted", store.display()))
        .at(store)
        .hint("let the program that owns the store write an unencrypted copy of it, and export that")
}

/// Whether the newest OPTIONS file holds bytes that no text has.
pub fn options_are_encrypted(store: &Path) -> bool {
    let Ok(mut files) = options_files(store) else { return false };
    let content = files.pop().and_then(|(_, path)| read_whole(&path, MOST_OPTIONS).ok()).unwrap_or_default();
    let strange = content.iter().filter(|&&byte| byte >= 0x80 || (byte < 0x20 && !(9..=13).contains(&byte))).count();
    strange * 4 > content.len()
}

fn options_files(store: &Path) -> Outcome<Vec<(u64, PathBuf)>> {
    let mut files: Vec<(u64, PathBuf)> = names(store)?
        .into_iter()
        .filter_map(|name| Some((name.strip_prefix("OPTIONS-")?.parse().ok()?, store.join(&name))))
        .collect();
    files.sort();
    Ok(files)
}

/// Number of the newest OPTIONS file. RocksDB writes one whenever a store is opened, and keeps the last two.
pub fn newest_options(store: &Path) -> Outcome<Option<u64>> {
    Ok(options_files(store)?.last().map(|(number, _)| *number))
}

/// How many OPTIONS files there are; none when the one with this number is gone.
pub fn options_with(store: &Path, number: u64) -> Outcome<Option<usize>> {
    let files = options_files(store)?;
    Ok(files.iter().any(|(known, _)| *known == number).then_some(files.len()))
}

/// All OPTIONS files that can be parsed, the newest first.
pub fn read_options(store: &Path) -> Outcome<Vec<OptionsFile>> {
    let mut parsed = Vec::new();
    for (number, path) in options_files(store)?.into_iter().rev() {
        match read_whole(&path, MOST_OPTIONS) {
            Ok(content) => parsed.extend(parse_options(number, &content)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {} // a live writer has just replaced it
            Err(error) => return Err(Fault::io("reading", &path, &error)),
        }
    }
    Ok(parsed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::temporary::Directory;

    #[test]
    fn a_table_has_the_name_of_leveldb_only_where_there_is_none_of_rocksdb() {
        let directory = Directory::new("names");
        let at = |name: &str| directory.0.join(name);
        assert_eq!(table_path(&directory.0, 7), at("000007.sst"));
        fs::write(at("000007.ldb"), b"").unwrap();
        assert_eq!(table_path(&directory.0, 7), at("000007.ldb"));
        fs::write(at("000007.sst"), b"").unwrap();
        assert_eq!(table_path(&directory.0, 7), at("000007.sst"));
        assert_eq!(table_path(&directory.0, 1_000_000), at("1000000.sst"));
    }

    #[test]
    fn the_newest_options_have_the_highest_number_however_long_it_is() {
        let directory = Directory::new("options");
        assert_eq!(newest_options(&directory.0).unwrap(), None);
        for name in ["OPTIONS-1000000", "OPTIONS-999999", "OPTIONS-2000000.dbtmp"] {
            fs::write(directory.0.join(name), b"").unwrap();
        }
        assert_eq!(newest_options(&directory.0).unwrap(), Some(1_000_000));
    }
}
