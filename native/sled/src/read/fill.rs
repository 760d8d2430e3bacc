//! Reading from a place of a file.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;

/// Fills the buffer from a file, as far as the file goes; returns how many bytes that are.
///
/// # Errors
/// Those of reading.
pub fn read_up_to(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match file.read_at(&mut buffer[filled..], offset + filled as u64) {
            Ok(0) => break,
            Ok(n) => filled += n,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(filled)
}
