//! The files of a directory, by name.

use std::fs;
use std::path::Path;

use crate::error::{Fault, Outcome, Reason as _};

/// Names of the files in a directory; names that are not UTF-8 are not RocksDB's and are left out.
pub fn names(directory: &Path) -> Outcome<Vec<String>> {
    let read = |error| Fault::io("listing", directory, &error);
    let mut names = Vec::new();
    for entry in fs::read_dir(directory).map_err(read)? {
        if let Ok(name) = entry.map_err(read)?.file_name().into_string() {
            names.push(name);
        }
    }
    Ok(names)
}
