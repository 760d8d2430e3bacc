//! Stores read from their files, against the crate that wrote them: random lives of stores, with batches, dropped trees, value files,
//! reopenings, copies of running stores, and settings of every kind.
//!
//! KGDUMP_ROUNDS is how many lives, KGDUMP_SEED where to begin.

#[allow(dead_code)] // Not every test needs all of it.
mod support;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread::spawn;
use std::time::Duration;

use kgdump_sled::fault::{Code, Outcome};
use kgdump_sled::read::pass::KeyRange;
use kgdump_sled::read::store::{FileScan, FileStore};
use sled::Db;

use support::reading::{Pairs, all, read_files};
use support::states::number;
use support::{Model, Random, files, open_at_level, open_plain, scratch};

type Models = BTreeMap<Vec<u8>, Model>;

/// Once in some thousand lives sled's threads wait for each other for ever.
const PATIENCE: Duration = Duration::from_secs(300);

/// All that a store holds.
fn contents(path: &Path) -> Outcome<Models> {
    let store = FileStore::open(path)?;
    let names: Vec<Vec<u8>> = store.trees().map(<[u8]>::to_vec).collect();
    names
        .into_iter()
        .map(|name| Ok((name.clone(), read_files(&store, &name, &all(false))?.into_iter().collect())))
        .collect()
}

/// What the crate finds.
fn by_sled(db: &Db) -> Models {
    db.tree_names()
        .iter()
        .map(|name| {
            let tree = db.open_tree(name).unwrap();
            let pairs = tree.iter().map(Result::unwrap).map(|(key, value)| (key.to_vec(), value.to_vec()));
            (name.to_vec(), pairs.collect())
        })
        .collect()
}

/// Changes a store at random: its trees and what they hold.
fn live(db: &Db, random: &mut Random) {
    let names: [&[u8]; 6] = [b"__sled__default", b"default", b"", &[0, 0xff, 0], b"nodes", &[b'x'; 300]];
    for _ in 0..random.below(60) {
        let name = names[random.below(names.len())];
        if random.below(12) == 0 && name != b"__sled__default" {
            db.drop_tree(name).unwrap();
            continue;
        }
        let tree = db.open_tree(name).unwrap();
        let many = [1, 4, 40, 400][random.below(4)];
        match random.below(6) {
            0 => {
                let mut batch = sled::Batch::default();
                for _ in 0..random.below(many) + 1 {
                    let length = random.below(100);
                    if random.below(4) == 0 {
                        batch.remove(random.key());
                    } else {
                        batch.insert(random.key(), random.bytes(length));
                    }
                }
                tree.apply_batch(batch).unwrap();
            }
            1 => {
                let keys: Vec<_> = tree.iter().keys().map(Result::unwrap).collect();
                for key in keys.iter().skip(random.below(keys.len() + 1)).take(many) {
                    tree.remove(key).unwrap();
                }
            }
            2 => {
                tree.set_merge_operator(|_: &[u8], old: Option<&[u8]>, new: &[u8]| {
                    Some([old.unwrap_or_default(), new].concat())
                });
                for _ in 0..many {
                    tree.merge(random.key(), b"+").unwrap();
                }
            }
            3 => {
                let length = random.below(300_000);
                tree.insert(random.key(), random.bytes(length)).unwrap();
            }
            _ => {
                for _ in 0..many {
                    let length = random.below(200);
                    tree.insert(random.key(), random.bytes(length)).unwrap();
                }
            }
        }
        if random.below(8) == 0 {
            db.flush().unwrap();
        }
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to.join("blobs")).unwrap();
    for directory in [Path::new("."), Path::new("blobs")] {
        for entry in std::fs::read_dir(from.join(directory)).unwrap().map(Result::unwrap) {
            if entry.file_type().unwrap().is_file() {
                match std::fs::copy(entry.path(), to.join(directory).join(entry.file_name())) {
                    Ok(_) => {}
                    // Sled has removed a value file meanwhile.
                    Err(e) if e.kind() == std::io::ErrorKind::NotFound => {}
                    Err(e) => panic!("{e}"),
                }
            }
        }
    }
}

/// Ranges, both directions, and blocks of a tree must be those of the model.
fn check_ranges(store: &Arc<FileStore>, tree: &[u8], model: &Model, random: &mut Random) {
    let keys: Vec<&Vec<u8>> = model.keys().collect();
    for _ in 0..12 {
        let bound = |random: &mut Random| match random.below(3) {
            0 => None,
            1 if !keys.is_empty() => Some(keys[random.below(keys.len())].clone()),
            _ => Some(random.key()),
        };
        let (lower, upper) = (bound(random), bound(random));
        let inside = |key: &[u8]| {
            lower.as_ref().is_none_or(|lower| key >= &lower[..]) && upper.as_ref().is_none_or(|upper| key < &upper[..])
        };
        let mut expected: Pairs =
            model.iter().filter(|(key, _)| inside(key)).map(|(k, v)| (k.clone(), v.clone())).collect();
        for reverse in [false, true] {
            let range = KeyRange { lower: lower.clone(), upper: upper.clone(), reverse };
            assert_eq!(read_files(store, tree, &range).unwrap(), expected);
            expected.reverse();
        }
    }
    let mut scan = FileScan::new(store, tree.to_vec(), all(false));
    let (mut entries, mut capacity) = (0, 4096);
    loop {
        let mut block = Vec::new();
        let filled = scan.fill(&mut block, capacity, 4096, 50).unwrap();
        entries += filled.stats.entries;
        capacity = filled.needed.max(4096);
        if filled.done {
            break;
        }
    }
    assert_eq!(entries, model.len());
}

/// What came of the lives of a store.
#[derive(Default)]
struct Tally {
    /// Copies of the running store, and how many of them were refused.
    copies: usize,
    refused: usize,
    /// Whether sled could not open its own store again, and panicked.
    broken: usize,
}

/// The lives of one store in a directory of its own. `in_sled` tells whether it is sled that works.
fn lives(seed: u64, directory: &Path, in_sled: &AtomicBool) -> Tally {
    let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let mut tally = Tally::default();
    let path = directory.join("store");
    let mut compression = random.below(3) == 0;
    // The smallest segments make a value file of nearly every page, which takes its time.
    let usual = [None, Some(1024), Some(4096), Some(65_536), Some(1 << 20)][random.below(5)];
    let segment = if random.below(10) == 0 { Some(256) } else { usual };
    let level = [1, 5, 19][random.below(3)];
    // Sled itself spoils such a store when it opens it again.
    compression &= segment != Some(256);
    for life in 0..=random.below(4) {
        in_sled.store(true, Relaxed);
        let Ok(db) = catch_unwind(AssertUnwindSafe(|| open_at_level(&path, compression, segment, level))) else {
            // What it holds was read as it should be, after the life before.
            eprintln!("seed {seed}: sled can't open its own store");
            tally.broken += 1;
            return tally;
        };
        live(&db, &mut random);
        if random.below(2) == 0 {
            // A copy of the running store, of which a part is not on disk.
            let copied = directory.join(format!("copy-{life}"));
            copy(&path, &copied);
            tally.copies += 1;
            in_sled.store(false, Relaxed);
            let found = contents(&copied);
            in_sled.store(true, Relaxed);
            match found {
                Ok(found) => {
                    assert_eq!(found, by_sled(&open_plain(&copied, compression, segment)), "seed {seed}, copy")
                }
                Err(fault) => {
                    assert_eq!(fault.code, Code::StoreDamaged, "seed {seed}: {fault:?}");
                    tally.refused += 1;
                }
            }
        }
        let expected = by_sled(&db);
        db.flush().unwrap();
        drop(db);
        in_sled.store(false, Relaxed);
        // Sled lets its lock go a little later, and removes value files until then.
        FileStore::open(&path).unwrap_or_else(|f| panic!("seed {seed}: {f:?}")).close();
        let before = files(&path);
        let store = Arc::new(FileStore::open(&path).unwrap_or_else(|f| panic!("seed {seed}: {f:?}")));
        // Sled's own cuts come in any order, and nobody can tell what they leave from what a disk has lost.
        let warnings = store.warnings.iter().filter(|warning| !warning.contains("as sled may leave what it cuts off"));
        assert_eq!(warnings.collect::<Vec<_>>(), Vec::<&String>::new(), "seed {seed}");
        assert!(store.trees().eq(expected.keys().map(|name| &name[..])), "seed {seed}: names");
        for (name, model) in &expected {
            let found = read_files(&store, name, &all(false)).unwrap_or_else(|f| panic!("seed {seed}: {f:?}"));
            assert!(found.iter().map(|(k, v)| (k, v)).eq(model), "seed {seed}: {name:?}");
            check_ranges(&store, name, model, &mut random);
        }
        store.close();
        assert_eq!(files(&path), before, "seed {seed}: touched");
        // The snapshots are a cache only.
        if random.below(2) == 0 {
            spoil_snapshots(&path, &mut random);
            assert_eq!(contents(&path).unwrap(), expected, "seed {seed}: without snapshot");
            remove_snapshots(&path);
        }
    }
    tally
}

#[test]
fn a_store_is_read_as_the_crate_reads_it() {
    let (rounds, first) = (number("KGDUMP_ROUNDS", 50), number("KGDUMP_SEED", 1));
    let (mut all, mut hung) = (Tally::default(), 0);
    for seed in first..first + rounds {
        let directory = scratch();
        let (path, in_sled) = (directory.path().to_path_buf(), Arc::new(AtomicBool::new(false)));
        let (ended, end) = channel();
        let works = Arc::clone(&in_sled);
        let thread = spawn(move || ended.send(lives(seed, &path, &works)));
        match end.recv_timeout(PATIENCE) {
            Ok(Tally { copies, refused, broken }) => {
                all.copies += copies;
                all.refused += refused;
                all.broken += broken;
            }
            Err(RecvTimeoutError::Disconnected) => {
                if let Err(payload) = thread.join() {
                    resume_unwind(payload);
                }
            }
            Err(RecvTimeoutError::Timeout) => {
                assert!(in_sled.load(Relaxed), "seed {seed} hangs");
                eprintln!("seed {seed}: sled's own threads wait for each other");
                hung += 1;
            }
        }
    }
    let Tally { copies, refused, broken } = all;
    assert!(hung <= 1 + rounds / 500 && broken as u64 <= 1 + rounds / 500, "sled fails too often");
    eprintln!(
        "{rounds} lives from seed {first}; {refused} of {copies} copies of running stores refused; {hung} hung in sled, {broken} ended by it"
    );
}

fn snapshots(path: &Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.file_name().unwrap().to_string_lossy().starts_with("snap.")).collect()
}

fn spoil_snapshots(path: &Path, random: &mut Random) {
    std::fs::write(path.join("snap.00000000FFFFFFFF.generating"), b"half").unwrap();
    for snapshot in snapshots(path) {
        let mut bytes = std::fs::read(&snapshot).unwrap();
        match random.below(3) {
            0 => bytes.clear(),
            1 => bytes.truncate(bytes.len() / 2),
            _ => {
                let at = random.below(bytes.len());
                bytes[at] ^= 1;
            }
        }
        std::fs::write(&snapshot, bytes).unwrap();
    }
}

fn remove_snapshots(path: &Path) {
    snapshots(path).iter().for_each(|snapshot| std::fs::remove_file(snapshot).unwrap());
}
