//! The limit of an output: the same bytes, written and synced by nothing but the system.

use std::fs::File;
use std::io::{Read as _, Write as _};

use crate::Outcome;

/// Bytes of one write.
const PIECE: usize = 1 << 20;

/// Copies a file in pieces and syncs the copy; returns its bytes.
///
/// # Errors
/// Those of the file system.
pub fn write(file: &str, out: &str) -> Outcome<u64> {
    let (mut input, mut output) = (File::open(file)?, File::create(out)?);
    let mut piece = vec![0; PIECE];
    let mut total = 0;
    loop {
        let length = input.read(&mut piece)?;
        if length == 0 {
            break;
        }
        output.write_all(&piece[..length])?;
        total += u64::try_from(length)?;
    }
    output.sync_all()?;
    Ok(total)
}
