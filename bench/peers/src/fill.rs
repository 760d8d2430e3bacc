//! Fills and reads sled stores in the ways that the crate itself offers.

use std::fs::File;
use std::io::{BufWriter, Write as _};

use sled::{Batch, Db};

use crate::Outcome;
use crate::entries::{entries, write_bin};

/// Entries of one batch.
const BATCH: usize = 1000;

/// Fills the default tree with the entries of a file and flushes; `how` is `insert`, `batch` or `import`.
///
/// # Errors
/// A file that holds something else; those of sled.
pub fn fill(db: &Db, how: &str, file: &str) -> Outcome<u64> {
    let mut count = 0_u64;
    match how {
        "insert" => {
            for entry in entries(file)? {
                let (key, value) = entry?;
                db.insert(key, value)?;
                count += 1;
            }
        }
        "batch" => {
            let mut input = entries(file)?;
            loop {
                let (mut batch, mut size) = (Batch::default(), 0);
                for entry in input.by_ref().take(BATCH) {
                    let (key, value) = entry?;
                    batch.insert(key, value);
                    size += 1;
                }
                if size == 0 {
                    break;
                }
                db.apply_batch(batch)?;
                count += size;
            }
        }
        "import" => {
            let mut failure = None;
            let content = entries(file)?.map_while(|entry| match entry {
                Ok((key, value)) => {
                    count += 1;
                    Some(vec![key, value])
                }
                Err(error) => {
                    failure = Some(error);
                    None
                }
            });
            db.import(vec![(b"tree".to_vec(), b"__sled__default".to_vec(), content)]);
            if let Some(error) = failure {
                return Err(error);
            }
        }
        _ => return Err(format!("{how} is none of insert, batch, import").into()),
    }
    db.flush()?;
    Ok(count)
}

/// Inserts each entry of a RocksDB store into the tree that has its family's name, and flushes.
///
/// # Errors
/// Those of RocksDB and of sled.
#[cfg(not(feature = "source"))]
pub fn copy(source: &str, db: &Db) -> Outcome<u64> {
    let count = crate::rocksdb::scan(source, |family| {
        let tree = if family == b"default" { sled::Tree::clone(db) } else { db.open_tree(family)? };
        Ok(move |key: &[u8], value: &[u8]| {
            tree.insert(key, value)?;
            Ok(())
        })
    })?;
    db.flush()?;
    Ok(count)
}

/// Writes the entries of all trees to a file, encoded, and syncs it.
///
/// # Errors
/// Those of sled and of the file system.
pub fn read(db: &Db, file: &str) -> Outcome<u64> {
    let mut output = BufWriter::with_capacity(1 << 20, File::create(file)?);
    let mut count = 0;
    for name in db.tree_names() {
        for entry in &db.open_tree(name)? {
            let (key, value) = entry?;
            write_bin(&mut output, &key)?;
            write_bin(&mut output, &value)?;
            count += 1;
        }
    }
    output.flush()?;
    output.get_ref().sync_all()?;
    Ok(count)
}

/// Counts the records in all trees.
///
/// # Errors
/// Those of sled.
pub fn count(db: &Db) -> Outcome<u64> {
    let mut count = 0;
    for name in db.tree_names() {
        for entry in &db.open_tree(name)? {
            entry?;
            count += 1;
        }
    }
    Ok(count)
}
