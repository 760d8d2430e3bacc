//! Measures the loader without Node: `load ENTRIES STORE [--compression] [--jobs N]` makes STORE of a file of encoded
//! entries (`bin key, bin value` over and over, in key order) and prints seconds and bytes.

use std::error::Error;
use std::path::PathBuf;
use std::time::Instant;

use kgdump_sled::entries;
use kgdump_sled::guard::Health;
use kgdump_sled::store::{DEFAULT_TREE, Options, Store};
use kgdump_sled::write::load::Loader;

const BLOCK: usize = 1 << 20;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (Some(source), Some(path)) = (arguments.first(), arguments.get(1)) else {
        return Err("usage: load ENTRIES STORE [--compression] [--jobs N]".into());
    };
    let jobs = arguments.iter().position(|a| a == "--jobs").and_then(|i| arguments.get(i + 1));
    let jobs = jobs.map_or(Ok(1), |jobs| jobs.parse())?;
    let data = std::fs::read(source)?;
    let started = Instant::now();
    let options = Options {
        path: PathBuf::from(path),
        create: true,
        read_only: false,
        cache_capacity: 64 << 20,
        compression: Some(arguments.iter().any(|a| a == "--compression")),
        compression_factor: 5,
        segment_size: None,
        flush_every_ms: None,
        check: true,
    };
    let say = |fault: kgdump_sled::fault::SledFault| fault.message;
    let store = Store::open(&options, Health::now()).map_err(say)?;
    let loader = Loader::start(&store, jobs).map_err(say)?;
    loader.begin(DEFAULT_TREE).map_err(say)?;
    let (mut start, mut at) = (0, 0);
    while at < data.len() {
        at = entries::entry(&data, at).map_err(say)?.1;
        if at - start >= BLOCK || at == data.len() {
            let mut block = loader.buffer();
            block.extend_from_slice(&data[start..at]);
            loader.load(block).map_err(say)?;
            start = at;
        }
    }
    let count = loader.end().map_err(say)?;
    loader.finish().map_err(say)?;
    let loaded = started.elapsed();
    store.close().map_err(say)?;
    let closed = started.elapsed();
    let db = std::fs::metadata(PathBuf::from(path).join("db"))?.len();
    println!("{count} entries, {} bytes: loaded {loaded:.3?}, closed {closed:.3?}; db {db} bytes", data.len());
    Ok(())
}
