//! `kgdump-peers`: what kgdump is compared with, each as the plain program that someone would write for the job, and the
//! stop watch for all of them.
//!
//!     kgdump-peers scan ROCKSDB
//!         The limit of an export: goes through all families with an iterator and keeps nothing.
//!     kgdump-peers write FILE OUT
//!         The limit of an output: copies a file in pieces of 1 MiB, and syncs it.
//!     kgdump-peers fill HOW FILE STORE [--compression]
//!         Makes a sled store of a file of encoded entries; HOW is insert, batch (of 1,000) or import (`Db::import`).
//!     kgdump-peers read STORE FILE
//!         Writes the entries of all trees of a sled store to a file, encoded, and syncs it.
//!     kgdump-peers loop ROCKSDB STORE [--compression]
//!         Reads a RocksDB store and inserts each entry into a sled store, a tree for each family.
//!     kgdump-peers count STORE [--compression]
//!         The records of a sled store in all its trees.
//!     kgdump-peers measure REPORT COMMAND [ARGUMENT]…
//!         Runs a command and writes its time and memory to a file.
//!
//! All but `measure` print the number of records (`write`: of bytes). The sled crate is the one that is published.
//! Ends with 0, or with 1 and a message on standard error; `measure` with the command's own status.

mod entries;
mod fill;
mod measure;
#[cfg(not(feature = "source"))]
mod rocksdb;
mod write;

use std::error::Error;

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(status) => std::process::exit(status),
        Err(error) => {
            eprintln!("kgdump-peers: {error}");
            std::process::exit(1);
        }
    }
}

fn run(arguments: &[String]) -> Outcome<i32> {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (words, compression) = match words.as_slice() {
        ["measure", report, command @ ..] if !command.is_empty() => return measure::measure(report, command),
        [words @ .., "--compression"] => (words, true),
        words => (words, false),
    };
    let open = |path: &str| sled::Config::new().path(path).use_compression(compression).open();
    let count = match words {
        #[cfg(not(feature = "source"))]
        ["scan", source] if !compression => rocksdb::scan(source, |_| Ok(|_: &[u8], _: &[u8]| Ok(())))?,
        #[cfg(not(feature = "source"))]
        ["loop", source, target] => fill::copy(source, &open(target)?)?,
        ["write", file, out] if !compression => write::write(file, out)?,
        ["fill", how, file, target] => fill::fill(&open(target)?, how, file)?,
        ["read", store, file] => fill::read(&open(store)?, file)?,
        ["count", path] => fill::count(&open(path)?)?,
        _ => return Err("usage: see the head of bench/peers/src/main.rs".into()),
    };
    println!("{count}");
    Ok(0)
}
