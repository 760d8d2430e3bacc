//! Makes a store durable. Sled's own flush is not: it writes its log with `sync_file_range`, which leaves out the file's
//! size and place, and never syncs value files, `conf`, or the directories.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use crate::fault::{Outcome, SledFault};

/// Syncs a store's files; remembers which value files were, since they never change once written.
#[derive(Debug, Default)]
pub struct Syncer {
    /// Highest number of a value file that is durable: sled numbers them in the order of its log.
    synced: Option<i64>,
}

impl Syncer {
    /// Syncs everything in `store` that may not be on disk, files first and then the store's directories, which name them.
    /// Call it after sled's flush.
    ///
    /// # Errors
    /// IO_FAILED, NO_SPACE, PERMISSION_DENIED with the file.
    pub fn sync(&mut self, store: &Path) -> Outcome<()> {
        let blobs = store.join("blobs");
        let mut highest = self.synced;
        for path in list(&blobs)? {
            let number = path.file_name().and_then(|name| name.to_str()).and_then(|name| name.parse::<i64>().ok());
            if number.is_none() || number > self.synced {
                sync_file(&path)?;
                highest = highest.max(number);
            }
        }
        for path in list(store)? {
            if path != blobs {
                sync_file(&path)?;
            }
        }
        sync_file(&blobs)?;
        // Whoever gives the store its name makes that durable.
        sync_file(store)?;
        self.synced = highest;
        Ok(())
    }
}

fn list(directory: &Path) -> Outcome<Vec<PathBuf>> {
    let read = || fs::read_dir(directory)?.map(|entry| entry.map(|e| e.path())).collect::<Result<Vec<_>, _>>();
    read().map_err(|e| SledFault::io(&e, "listing it").at(directory))
}

fn sync_file(path: &Path) -> Outcome<()> {
    match File::open(path).and_then(|file| file.sync_all()) {
        // Sled removes value files and snapshots that it no longer needs, also while we look.
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(e) => Err(SledFault::io(&e, "making it durable").at(path)),
        Ok(()) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;

    use super::*;
    use crate::guard::Health;
    use crate::store::{Options, Store};

    #[test]
    fn each_value_file_is_synced_in_whatever_order_they_are_listed() {
        let place = std::env::temp_dir().join(format!("kgdump-durable-each-{}", std::process::id()));
        // Some file systems list what was made first or last before the rest.
        let orders: [Vec<i64>; 2] = [(1..=12).collect(), (1..=12).rev().collect()];
        for (order, unlike) in orders.iter().flat_map(|order| (1..=12).map(move |unlike| (order, unlike))) {
            let blobs = place.join("blobs");
            fs::create_dir_all(&blobs).unwrap();
            for number in order {
                let path = blobs.join(number.to_string());
                if *number == unlike {
                    drop(UnixListener::bind(path).unwrap());
                } else {
                    fs::write(path, "value").unwrap();
                }
            }
            assert!(Syncer::default().sync(&place).is_err(), "value file {unlike} was passed over");
            fs::remove_dir_all(&place).unwrap();
        }
    }

    #[test]
    fn value_files_are_synced_once_and_new_ones_each_time() {
        let place = std::env::temp_dir().join(format!("kgdump-durable-{}", std::process::id()));
        let blobs = place.join("blobs");
        fs::create_dir_all(&blobs).unwrap();
        // What can't be opened as a file is noticed when it is to be synced.
        let unlike_a_file = |number: &str| drop(UnixListener::bind(blobs.join(number)).unwrap());
        let mut syncer = Syncer::default();
        fs::write(blobs.join("7"), "value").unwrap();
        syncer.sync(&place).unwrap();
        fs::remove_file(blobs.join("7")).unwrap();
        unlike_a_file("7");
        syncer.sync(&place).unwrap();
        unlike_a_file("8");
        assert!(syncer.sync(&place).is_err(), "a new value file was passed over");
        fs::remove_file(blobs.join("8")).unwrap();
        unlike_a_file("other");
        assert!(syncer.sync(&place).is_err(), "a file without a number was passed over");
        fs::remove_dir_all(&place).unwrap();
    }

    /// A value file that can't be opened, which is there as soon as this is dropped.
    struct Late(PathBuf);

    impl Drop for Late {
        fn drop(&mut self) {
            drop(UnixListener::bind(&self.0).unwrap());
        }
    }

    #[test]
    fn what_sled_writes_while_it_lets_a_store_go_is_synced() {
        let path = std::env::temp_dir().join(format!("kgdump-durable-late-{}", std::process::id()));
        let options = Options {
            path: path.clone(),
            create: true,
            read_only: false,
            cache_capacity: 1 << 20,
            compression: None,
            compression_factor: 5,
            segment_size: None,
            flush_every_ms: None,
            check: true,
        };
        let store = Store::open(&options, Health::now()).unwrap();
        // Sled drops a tree's operator together with the tree, which it flushes then.
        let late = Late(path.join("blobs").join("7"));
        store
            .with_writable(|db| {
                db.set_merge_operator(move |_: &[u8], _: Option<&[u8]>, new: &[u8]| {
                    let _ = &late;
                    Some(new.to_vec())
                });
                Ok(())
            })
            .unwrap();
        store.flush().unwrap();
        assert!(store.close().is_err(), "a value file that was there at the end was passed over");
        fs::remove_dir_all(&path).unwrap();
    }
}
