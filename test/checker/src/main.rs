//! `sled-check`: what the unmodified sled crate finds in a store, and stores that kgdump did not write. The crates beside this one build it with
//! earlier versions of sled.
//!
//!     sled-check STORE [--compression]
//!         One line for each tree in byte order of its name, tabs between: name (hex), records, bytes of keys and values,
//!         SHA-256 over each record in key order as (u32 LE key length, key, u32 LE value length, value).
//!     sled-check write STORE [--compression] [--no-flush]
//!         Makes or opens a store and does what the lines on standard input say, fields apart by one space:
//!             tree NAME            the tree that the next lines are about (hex; none: the default tree)
//!             put KEY VALUE        (hex; `-` is the empty string)
//!             fill KEY N BYTE      a value of N bytes that are all BYTE (decimal)
//!             delete KEY
//!             merge KEY VALUE      what the key has, and the value behind it
//!             random SEED COUNT    COUNT records, keys of 1 to 40 and values of 0 to 300 bytes
//!             overwrite SEED COUNT the same keys as `random`, other values
//!             flush
//!         With --no-flush it ends by killing itself, as a program does that is killed.
//!     sled-check id STORE [--compression]
//!         The number that `generate_id` gives next.
//!     sled-check hold STORE [--compression]
//!         Opens the store, prints `holding`, and closes it when standard input ends.
//!
//!     sled-check still STORE [--compression]
//!         As the first, of the entries that `churn` leaves alone.
//!     sled-check hammer STORE SEED COUNT [--compression]
//!         COUNT random updates of a store that is there, compared with a model, also after opening it again.
//!     sled-check churn STORE SEED [--compression]
//!         Prints `churning` and makes random updates until it is killed.
//!
//! How the store is opened: `--compression`, and `--NAME=VALUE` for use_compression, segment_size, cache_capacity,
//! compression_factor and flush_every_ms of `sled::Config`.
//!
//! Ends with 0, or with 1 and a message on standard error.

mod hammer;

use std::error::Error;
use std::io::{BufRead as _, Read as _, Write as _};

use sha2::{Digest as _, Sha256};
use sled::{Db, Tree};

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let Err(error) = run(&arguments) {
        eprintln!("sled-check: {error}");
        std::process::exit(1);
    }
}

fn run(arguments: &[String]) -> Outcome<()> {
    let (flags, words): (Vec<&str>, Vec<&str>) =
        arguments.iter().map(String::as_str).partition(|a| a.starts_with("--"));
    let settings: Vec<Setting> = flags.iter().map(|flag| setting(flag)).collect::<Outcome<_>>()?;
    let open = |path: &str| settings.iter().fold(sled::Config::new().path(path), |config, set| set(config)).open();
    let open_existing = |path: &str| -> Outcome<Db> {
        if !std::path::Path::new(path).join("db").exists() {
            return Err(format!("{path} is no sled store").into());
        }
        Ok(open(path)?)
    };
    match words.as_slice() {
        ["write", path] => {
            let db = open(path)?;
            write(&db)?;
            if flags.contains(&"--no-flush") {
                // Nothing of sled's own cleaning up runs.
                std::process::abort();
            }
            db.flush()?;
            Ok(())
        }
        ["id", path] => {
            println!("{}", open_existing(path)?.generate_id()?);
            Ok(())
        }
        ["hold", path] => {
            let db = open(path)?;
            println!("holding");
            std::io::stdout().flush()?;
            std::io::stdin().read_to_end(&mut Vec::new())?;
            drop(db);
            Ok(())
        }
        ["hammer", path, seed, count] => hammer::hammer(|| open(path), seed.parse()?, count.parse()?),
        ["churn", path, seed] => hammer::churn(&open(path)?, seed.parse()?),
        ["still", path] => list(&open_existing(path)?, hammer::is_still),
        [path] => list(&open_existing(path)?, |_| true),
        _ => Err("usage: see the head of test/checker/src/main.rs".into()),
    }
}

/// What a flag does to the configuration.
type Setting = Box<dyn Fn(sled::Config) -> sled::Config>;

fn setting(flag: &str) -> Outcome<Setting> {
    let (name, value) = flag.trim_start_matches("--").split_once('=').unwrap_or((flag, ""));
    Ok(match name {
        "--no-flush" => Box::new(|config| config),
        "--compression" => Box::new(|config| config.use_compression(true)),
        "use_compression" => {
            let on = value.parse()?;
            Box::new(move |config| config.use_compression(on))
        }
        "segment_size" => {
            let bytes = value.parse()?;
            Box::new(move |config| config.segment_size(bytes))
        }
        "cache_capacity" => {
            let bytes = value.parse()?;
            Box::new(move |config| config.cache_capacity(bytes))
        }
        "compression_factor" => {
            let level = value.parse()?;
            Box::new(move |config| config.compression_factor(level))
        }
        "flush_every_ms" => {
            let milliseconds = value.parse()?;
            Box::new(move |config| config.flush_every_ms(Some(milliseconds)))
        }
        _ => return Err(format!("unknown flag {flag}").into()),
    })
}

/// Lists the entries whose keys are `wanted`.
fn list(db: &Db, wanted: impl Fn(&[u8]) -> bool) -> Outcome<()> {
    let mut names = db.tree_names();
    names.sort();
    for name in names {
        let tree = db.open_tree(&name)?;
        let (mut records, mut bytes, mut hasher) = (0_u64, 0_usize, Sha256::new());
        let mut last = None;
        for entry in tree.iter() {
            let (key, value) = entry?;
            if last.as_ref().is_some_and(|last| *last >= key) {
                return Err("keys are out of order".into());
            }
            last = Some(key.clone());
            if !wanted(&key) {
                continue;
            }
            for part in [&key, &value] {
                hasher.update(u32::try_from(part.len())?.to_le_bytes());
                hasher.update(part);
            }
            records += 1;
            bytes += key.len() + value.len();
        }
        println!("{}\t{records}\t{bytes}\t{}", hex(&name), hex(&hasher.finalize()));
    }
    Ok(())
}

fn write(db: &Db) -> Outcome<()> {
    let mut tree: Tree = (**db).clone();
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let fields: Vec<&str> = line.split(' ').collect();
        match fields.as_slice() {
            ["tree"] => tree = (**db).clone(),
            ["tree", name] => tree = db.open_tree(unhex(name)?)?,
            ["put", key, value] => {
                tree.insert(unhex(key)?, unhex(value)?)?;
            }
            ["fill", key, length, byte] => {
                tree.insert(unhex(key)?, vec![byte.parse()?; length.parse()?])?;
            }
            ["delete", key] => {
                tree.remove(unhex(key)?)?;
            }
            ["merge", key, value] => {
                tree.set_merge_operator(append);
                tree.merge(unhex(key)?, unhex(value)?)?;
            }
            ["random", seed, count] => random(&tree, seed.parse()?, count.parse()?, 0)?,
            ["overwrite", seed, count] => random(&tree, seed.parse()?, count.parse()?, 0x9e37_79b9)?,
            ["drop", name] => {
                db.drop_tree(unhex(name)?)?;
            }
            ["flush"] => {
                db.flush()?;
            }
            _ => return Err(format!("cannot do: {line}").into()),
        }
    }
    Ok(())
}

fn append(_key: &[u8], value: Option<&[u8]>, more: &[u8]) -> Option<Vec<u8>> {
    Some([value.unwrap_or_default(), more].concat())
}

/// Keys depend on the seed alone, values on seed and salt.
fn random(tree: &Tree, seed: u64, count: u64, salt: u64) -> Outcome<()> {
    let (mut keys, mut values) = (Random(seed | 1), Random((seed ^ salt) | 1));
    for _ in 0..count {
        let key_length = 1 + keys.below(40);
        let value_length = values.below(301);
        tree.insert(keys.bytes(key_length), values.bytes(value_length))?;
    }
    Ok(())
}

/// xorshift64*
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, n: u64) -> usize {
        (self.next() % n) as usize
    }

    fn bytes(&mut self, n: usize) -> Vec<u8> {
        (0..n).map(|_| self.next().to_be_bytes()[0]).collect()
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Outcome<Vec<u8>> {
    if text == "-" {
        return Ok(Vec::new());
    }
    if !text.len().is_multiple_of(2) || !text.is_ascii() {
        return Err(format!("{text} is not hexadecimal").into());
    }
    (0..text.len()).step_by(2).map(|i| Ok(u8::from_str_radix(&text[i..i + 2], 16)?)).collect()
}
