//! Damages of a sled store's files.

use std::path::{Path, PathBuf};

use super::Random;

/// Copies the files of a store.
pub fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to.join("blobs")).unwrap();
    for directory in [Path::new("."), Path::new("blobs")] {
        for entry in std::fs::read_dir(from.join(directory)).unwrap().map(Result::unwrap) {
            if entry.file_type().unwrap().is_file() {
                std::fs::copy(entry.path(), to.join(directory).join(entry.file_name())).unwrap();
            }
        }
    }
}

fn edit(path: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = std::fs::read(path).unwrap();
    change(&mut bytes);
    std::fs::write(path, bytes).unwrap();
}

fn named(path: &Path, name: &str) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect();
    found.retain(|path| path.file_name().unwrap().to_string_lossy().starts_with(name));
    found.sort_unstable();
    found
}

/// Damages a store, and says how.
pub fn damage(path: &Path, segment: usize, random: &mut Random) -> String {
    let db = path.join("db");
    let length = std::fs::metadata(&db).unwrap().len() as usize;
    let at = random.below(length);
    let slot = at / segment * segment;
    match random.below(13) {
        0 => edit(&db, |bytes| bytes[at] ^= 1 << (at % 8)),
        1 => {
            let many = random.below(4000).min(length - at);
            edit(&db, |bytes| bytes[at..at + many].fill(0));
            return format!("{many} zeros at {at}");
        }
        2 => {
            let many = random.below(4000).min(length - at);
            let noise = random.bytes(many);
            edit(&db, |bytes| bytes[at..at + many].copy_from_slice(&noise));
            return format!("{many} bytes of noise at {at}");
        }
        3 => {
            edit(&db, |bytes| {
                let end = (slot + segment).min(length);
                bytes[slot..end].fill(0)
            });
            return format!("the segment at {slot} is zeros");
        }
        4 => {
            let noise = random.bytes(segment);
            edit(&db, |bytes| {
                let end = (slot + segment).min(length);
                bytes[slot..end].copy_from_slice(&noise[..end - slot])
            });
            return format!("the segment at {slot} is noise");
        }
        5 => edit(&db, |bytes| bytes.truncate(at)),
        6 => {
            edit(&db, |bytes| bytes[slot] ^= 0xff);
            return format!("the header at {slot}");
        }
        7 => {
            if let Some(file) = named(&path.join("blobs"), "").pop() {
                std::fs::remove_file(&file).unwrap();
            }
            return "a value file is gone".into();
        }
        8 => {
            if let Some(file) = named(&path.join("blobs"), "").first() {
                edit(file, |bytes| {
                    let at = at % bytes.len();
                    bytes[at] ^= 4;
                });
            }
            return "a value file is flipped".into();
        }
        9 => {
            for snapshot in named(path, "snap.") {
                std::fs::remove_file(snapshot).unwrap();
            }
            return "no snapshot".into();
        }
        10 => {
            for snapshot in named(path, "snap.") {
                edit(&snapshot, |bytes| bytes.truncate(bytes.len() / 2));
            }
            return "half a snapshot".into();
        }
        11 => {
            std::fs::remove_file(path.join("conf")).unwrap_or(());
            return "no conf".into();
        }
        _ => {
            let other = random.below(length) / segment * segment;
            edit(&db, |bytes| {
                let many = segment.min(length - slot).min(length - other);
                let copied = bytes[other..other + many].to_vec();
                bytes[slot..slot + many].copy_from_slice(&copied);
            });
            return format!("the segment at {slot} is that at {other}");
        }
    }
    format!("at {at} of {length}")
}
