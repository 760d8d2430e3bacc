//! How fast the crate fills a store by itself, for benchmarks.

use std::time::Instant;

use sled::{Batch, Db};

use crate::Outcome;

/// Fills the default tree with the entries of a file (`bin key, bin value` of MessagePack over and over), flushes, and
/// prints the seconds that it took. `how` is `insert`, `batch` (of 1,000) or `import`, which takes what `Db::export` gives.
///
/// # Errors
/// A file that holds something else; those of sled.
pub fn fill(db: &Db, how: &str, file: &str) -> Outcome<()> {
    let data = std::fs::read(file)?;
    let mut entries = Vec::new();
    let mut at = 0;
    while at < data.len() {
        let key = bin(&data, &mut at)?;
        let value = bin(&data, &mut at)?;
        entries.push((key, value));
    }
    let started = Instant::now();
    match how {
        "insert" => {
            for (key, value) in entries {
                db.insert(key, value)?;
            }
        }
        "batch" => {
            for part in entries.chunks(1000) {
                let mut batch = Batch::default();
                part.iter().for_each(|&(key, value)| batch.insert(key, value));
                db.apply_batch(batch)?;
            }
        }
        "import" => {
            let content = entries.into_iter().map(|(key, value)| vec![key.to_vec(), value.to_vec()]);
            db.import(vec![(b"tree".to_vec(), b"__sled__default".to_vec(), content)]);
        }
        _ => return Err(format!("{how} is none of insert, batch, import").into()),
    }
    db.flush()?;
    println!("{:.3}", started.elapsed().as_secs_f64());
    Ok(())
}

fn bin<'a>(data: &'a [u8], at: &mut usize) -> Outcome<&'a [u8]> {
    let rest = &data[*at..];
    let (header, length) = match *rest {
        [0xc4, a, ..] => (2, usize::from(a)),
        [0xc5, a, b, ..] => (3, usize::from(u16::from_be_bytes([a, b]))),
        [0xc6, a, b, c, d, ..] => (5, usize::try_from(u32::from_be_bytes([a, b, c, d]))?),
        _ => return Err("the file holds something else than entries".into()),
    };
    let bytes = rest.get(header..header + length).ok_or("the file ends in the middle of an entry")?;
    *at += header + length;
    Ok(bytes)
}
