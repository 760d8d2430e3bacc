//! What is at a path before sled touches it. Sled makes a store of any directory that it is pointed at, and starts an
//! empty one when its file `db` or `conf` is missing: so look first. Nothing here writes.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use crate::fault::{Code, Outcome, SledFault};
use crate::files::conf::{self, Settings};
use crate::files::observed::observed;

/// What a path holds.
#[derive(Debug)]
pub enum Place {
    Missing,
    EmptyDirectory,
    Store(Settings),
}

/// Says what is at `path`.
///
/// # Errors
/// STORE_NOT_RECOGNIZED for anything that is neither empty nor sled's; STORE_DAMAGED for a store without its `db`, or
/// whose `conf` is damaged; STORE_UNSUPPORTED for one of a version of sled that is not read; PERMISSION_DENIED, IO_FAILED.
pub fn inspect(path: &Path) -> Outcome<Place> {
    let metadata = match fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(Place::Missing),
        Err(e) => return Err(SledFault::io(&e, "looking at it").at(path)),
    };
    if !metadata.is_dir() {
        return Err(SledFault::new(Code::StoreNotRecognized, "it is not a directory").at(path));
    }
    let names = names(path).map_err(|f| f.at(path))?;
    if names.is_empty() {
        return Ok(Place::EmptyDirectory);
    }
    let has = |name: &str| names.iter().any(|n| n == name);
    let more = has("blobs") || names.iter().any(|n| n.starts_with("snap."));
    match (has("db"), has("conf")) {
        (true, true) => {}
        (true, false) if more => return without_conf(path),
        (true, false) => return Err(not("it has a file db but no file conf").at(path)),
        (false, true) if !more => return Err(not("it has a file conf but no file db").at(path)),
        (false, false) if !more => return Err(something_else(has).at(path)),
        (false, _) => return Err(SledFault::new(Code::StoreDamaged, "its file db is missing").at(path)),
    }
    let conf = path.join("conf");
    let bytes = read_small(&conf)?;
    if conf::is_empty(bytes.len()) {
        return without_conf(path);
    }
    conf::parse(&bytes).map(Place::Store).map_err(|f| f.at(&conf))
}

fn not(what: &str) -> SledFault {
    SledFault::new(Code::StoreNotRecognized, what)
}

/// What a directory is that is no store of sled's before 1.0.
fn something_else(has: impl Fn(&str) -> bool) -> SledFault {
    if has("CURRENT") {
        return not("it is a RocksDB or LevelDB store, not sled's");
    }
    if has("durability_cookie") || has("metadata") && (has("slabs") || has("heap")) {
        return conf::other_version("1.0 (alpha)");
    }
    not("it is not a sled store")
}

/// A store whose `conf` is empty or gone: sled opens it with the settings that its program names, and the log shows them.
fn without_conf(path: &Path) -> Outcome<Place> {
    let db = path.join("db");
    let observed =
        fs::File::open(&db).and_then(|file| observed(&file)).map_err(|e| SledFault::io(&e, "reading it").at(&db))?;
    match observed {
        Some(settings) => Ok(Place::Store(settings)),
        None => {
            let what = "it is empty or missing, and the log does not show the segment size that it was made with";
            Err(SledFault::new(Code::StoreDamaged, what).at(&path.join("conf")))
        }
    }
}

/// The content of `conf`, which is some 60 bytes; of a bigger file only a part, which then is not recognized.
fn read_small(path: &Path) -> Outcome<Vec<u8>> {
    use std::io::Read as _;
    let read = || {
        let mut bytes = Vec::new();
        fs::File::open(path)?.take(4096).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    read().map_err(|e: std::io::Error| SledFault::io(&e, "reading it").at(path))
}

fn names(path: &Path) -> Outcome<Vec<String>> {
    let entries = fs::read_dir(path).map_err(|e| SledFault::io(&e, "listing it"))?;
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|e| SledFault::io(&e, "listing it"))?;
        names.push(entry.file_name().to_string_lossy().into_owned());
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::conf::DEFAULTS;

    /// What `inspect` says of a directory with these files; the length of `db` is that of a log of zeros.
    fn said(files: &[&str], length: u64) -> String {
        let own = format!("kgdump-place-{}-{}-{length}", files.join("-"), std::process::id());
        let path = std::env::temp_dir().join(own);
        fs::create_dir_all(&path).unwrap();
        for name in files {
            match *name {
                "blobs" => fs::create_dir(path.join(name)).unwrap(),
                "db" => fs::File::create(path.join(name)).unwrap().set_len(length).unwrap(),
                "conf" => {
                    let text = "segment_size: 1024\nuse_compression: false\nversion: 0.34\n";
                    let sum = crc32fast::hash(text.as_bytes()).to_le_bytes();
                    fs::write(path.join(name), [text.as_bytes(), &sum].concat()).unwrap();
                }
                _ => fs::write(path.join(name), b"").unwrap(),
            }
        }
        let found = inspect(&path);
        fs::remove_dir_all(&path).unwrap();
        match found {
            Ok(Place::Store(settings)) => format!("store {}", settings.segment_size),
            Ok(place) => format!("{place:?}"),
            Err(fault) => format!("{:?}", fault.code),
        }
    }

    #[test]
    fn each_of_the_files_tells_that_it_is_sleds_and_what_is_missing() {
        let one = DEFAULTS.segment_size as u64;
        let (damaged, other) = ("StoreDamaged", "StoreNotRecognized");
        for (files, length, wanted) in [
            (&[][..], 0, "EmptyDirectory"),
            (&["db", "conf"], 0, "store 1024"),
            (&["db", "conf", "blobs", "snap.0000000000000000"], one, "store 1024"),
            (&["db"], one, other),
            (&["conf"], 0, other),
            (&["else"], 0, other),
            (&["conf", "blobs"], 0, damaged),
            (&["conf", "snap.0000000000000000"], 0, damaged),
            (&["blobs"], 0, damaged),
            (&["snap.0000000000000000"], 0, damaged),
            // Without settings the log's segments would show their size; one that is no longer than a segment needs none.
            (&["db", "blobs"], 0, "store 524288"),
            (&["db", "blobs"], one, "store 524288"),
            (&["db", "snap.0000000000000000"], one, "store 524288"),
            (&["db", "blobs"], one + 1, damaged),
        ] {
            assert_eq!(said(files, length), wanted, "{files:?} {length}");
        }
    }
}
