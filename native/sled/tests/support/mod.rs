//! Models of trees, random ones among them, and stores that are compared with them.

pub mod damages;
pub mod reading;
pub mod states;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Once;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use kgdump_sled::entries::push_bin;
use kgdump_sled::fault::Outcome;
use kgdump_sled::guard::Health;
use kgdump_sled::store::{Options, Store};
use kgdump_sled::write::load::Loader;
use sled::{Db, IVec};

pub type Model = BTreeMap<Vec<u8>, Vec<u8>>;

/// A directory that is removed when it is dropped.
pub struct Scratch(PathBuf);

impl Scratch {
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

pub fn scratch() -> Scratch {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    // The library's hook keeps panics to itself, those of a failing test too.
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        Health::now();
        drop(std::panic::take_hook());
    });
    let name = format!("kgdump-load-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    // In memory where the system has a place for that: sled syncs a lot.
    let memory = Path::new("/dev/shm");
    let path = if memory.is_dir() { memory.to_path_buf() } else { std::env::temp_dir() }.join(name);
    std::fs::create_dir(&path).unwrap();
    Scratch(path)
}

pub fn options(path: &Path, compression: bool, segment_size: Option<usize>) -> Options {
    Options {
        path: path.to_path_buf(),
        create: true,
        read_only: false,
        cache_capacity: 1 << 20,
        compression: Some(compression),
        compression_factor: 1,
        segment_size,
        flush_every_ms: None,
        check: true,
    }
}

/// A store as a user's program opens it. Sled lets its lock go a little after the last handle is dropped.
pub fn open_plain(path: &Path, compression: bool, segment_size: Option<usize>) -> Db {
    open_at_level(path, compression, segment_size, 5)
}

/// Opens a store as a program does, with zstd's level for what is written.
pub fn open_at_level(path: &Path, compression: bool, segment_size: Option<usize>, level: i32) -> Db {
    let config = sled::Config::new().path(path).use_compression(compression).flush_every_ms(None);
    let config = config.compression_factor(level);
    let config = segment_size.map_or(config.clone(), |size| config.segment_size(size));
    let patience = Instant::now() + Duration::from_secs(30);
    loop {
        match config.open() {
            Err(sled::Error::Io(error)) if error.to_string().contains("lock") && Instant::now() < patience => {
                sleep(Duration::from_millis(10));
            }
            opened => return opened.unwrap(),
        }
    }
}

pub fn encode(model: &Model) -> Vec<u8> {
    encode_in_order(model.iter().map(|(key, value)| (&key[..], &value[..])))
}

/// Encodes entries in the order in which they come.
pub fn encode_in_order<'a>(entries: impl Iterator<Item = (&'a [u8], &'a [u8])>) -> Vec<u8> {
    let mut out = Vec::new();
    for (key, value) in entries {
        push_bin(&mut out, key).unwrap();
        push_bin(&mut out, value).unwrap();
    }
    out
}

/// The entries as a scan reads them, cut into blocks of random sizes; now and then one is empty.
pub fn blocks(model: &Model, descending: bool, random: &mut Random) -> Vec<Vec<u8>> {
    let most = [1, 7, 40, 3000][random.below(4)];
    let mut out = vec![Vec::new()];
    let mut left = random.below(most) + 1;
    let mut add = |(key, value): (&Vec<u8>, &Vec<u8>)| {
        while left == 0 {
            out.push(Vec::new());
            left = random.below(most + 1);
        }
        left -= 1;
        let block = out.last_mut().unwrap();
        push_bin(block, key).unwrap();
        push_bin(block, value).unwrap();
    };
    if descending {
        model.iter().rev().for_each(&mut add)
    } else {
        model.iter().for_each(&mut add)
    }
    out
}

/// Makes a store with trees of those contents, each handed over in blocks of several sizes.
pub fn load(
    path: &Path,
    compression: bool,
    segment_size: Option<usize>,
    jobs: usize,
    trees: &[(&[u8], &Model)],
) -> Outcome<()> {
    let store = Store::open(&options(path, compression, segment_size), Health::now())?;
    let loader = Loader::start(&store, jobs)?;
    for (name, model) in trees {
        loader.begin(name)?;
        let mut entries = model.iter().peekable();
        let mut size = 1;
        while entries.peek().is_some() {
            let part = entries.by_ref().take(size).map(|(k, v)| (k.clone(), v.clone())).collect();
            loader.load(encode(&part))?;
            size = size * 3 % 4001;
        }
        assert_eq!(loader.end()?, model.len() as u64);
    }
    loader.finish()?;
    store.close()
}

/// The tree must hold what the model holds, seen forwards, backwards and key by key, and be linked as sled wants it.
pub fn check(db: &Db, tree: &[u8], model: &Model) {
    let tree = db.open_tree(tree).unwrap();
    tree.verify_integrity().unwrap();
    assert!(tree.iter().map(Result::unwrap).eq(model.iter().map(pair)));
    assert!(tree.iter().rev().map(Result::unwrap).eq(model.iter().rev().map(pair)));
    for (key, value) in model.iter().step_by(1 + model.len() / 1000) {
        assert_eq!(tree.get(key).unwrap().as_deref(), Some(&value[..]));
        let mut above = key.clone();
        above.push(0);
        let next = model.range(above.clone()..).next().map(pair);
        assert_eq!(tree.get_gt(key).unwrap(), next);
        assert_eq!(tree.get(&above).unwrap().as_deref(), model.get(&above).map(|v| &v[..]));
    }
}

/// As `check`, of a tree that was loaded and not changed since: reading it must not make sled merge or split its pages.
pub fn check_loaded(db: &Db, tree: &[u8], model: &Model) {
    db.flush().unwrap();
    let before = db.size_on_disk().unwrap();
    check(db, tree, model);
    assert_eq!(db.flush().unwrap(), 0);
    assert_eq!(db.size_on_disk().unwrap(), before);
}

fn pair((key, value): (&Vec<u8>, &Vec<u8>)) -> (IVec, IVec) {
    (IVec::from(&key[..]), IVec::from(&value[..]))
}

/// Inserts, overwrites and removes at random, in the tree and in the model.
pub fn hammer(db: &Db, tree: &[u8], model: &mut Model, seed: u64, updates: usize) {
    let tree = db.open_tree(tree).unwrap();
    let mut random = Random(seed | 1);
    let keys: Vec<Vec<u8>> = model.keys().cloned().collect();
    for _ in 0..updates {
        let key = match random.below(4) {
            0 => random.key(),
            _ if keys.is_empty() => random.key(),
            1 => {
                let mut key = keys[random.below(keys.len())].clone();
                key.push(random.byte());
                key
            }
            _ => keys[random.below(keys.len())].clone(),
        };
        let before = if random.below(3) == 0 {
            (tree.remove(&key).unwrap(), model.remove(&key))
        } else {
            let length = random.below(120);
            let value = random.bytes(length);
            (tree.insert(&key, value.clone()).unwrap(), model.insert(key, value))
        };
        assert_eq!(before.0.as_deref(), before.1.as_deref());
    }
}

/// Names of all trees, in byte order.
pub fn tree_names(db: &Db) -> Vec<Vec<u8>> {
    let mut names: Vec<Vec<u8>> = db.tree_names().iter().map(|name| name.to_vec()).collect();
    names.sort_unstable();
    names
}

/// Every file of a store.
pub fn files(path: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for directory in [path.to_path_buf(), path.join("blobs")] {
        for entry in std::fs::read_dir(directory).unwrap().map(Result::unwrap) {
            if entry.file_type().unwrap().is_file() {
                found.push((entry.file_name().into_string().unwrap(), std::fs::read(entry.path()).unwrap()));
            }
        }
    }
    found.sort_unstable();
    found
}

/// xorshift64*, so that every run can be repeated by its seed.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    pub fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.next() >> 11).unwrap() % n
    }

    pub fn byte(&mut self) -> u8 {
        self.next().to_be_bytes()[0]
    }

    pub fn bytes(&mut self, n: usize) -> Vec<u8> {
        (0..n).map(|_| self.byte()).collect()
    }

    /// A key of one of many shapes: short, long, of 0xff or 0x00, with prefixes longer than sled can leave out.
    pub fn key(&mut self) -> Vec<u8> {
        let length = self.below(6);
        match self.below(10) {
            0 => self.bytes(length),
            1 => vec![0xff; self.below(600)],
            2 => vec![0; self.below(300)],
            3 => [vec![0xff; 250 + self.below(12)], self.bytes(length)].concat(),
            4 => [vec![b'p'; 254], self.bytes(length)].concat(),
            5 => [vec![b'p'; 400], self.bytes(length)].concat(),
            6 => [b"node_edges:".to_vec(), self.bytes(16), b":outgoing".to_vec()].concat(),
            7 => vec![b'a'; self.below(2000)],
            _ => [b"edge:".to_vec(), self.bytes(16)].concat(),
        }
    }

    /// A tree with keys of all these shapes, of up to a few thousand entries.
    pub fn shapes(&mut self) -> Model {
        let most = [3, 20, 40, 400, 6000][self.below(5)];
        let big = self.below(6) == 0;
        (0..self.below(most) + 1)
            .map(|_| {
                let length = if big && self.below(20) == 0 { self.below(60_000) } else { self.below(200) };
                (self.key(), self.bytes(length))
            })
            .collect()
    }
}
