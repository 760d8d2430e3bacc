//! Small files that are read whole, and how long they may be: a hostile store may have any length.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Longest CURRENT or IDENTITY.
pub const MOST_NAME: u64 = 64 << 10;
/// Longest OPTIONS: of thousands of families it has some 8 KiB each.
pub const MOST_OPTIONS: u64 = 256 << 20;

/// The content of the file at `path`.
///
/// Errors: those of the disk; `InvalidData` when it is longer than `most` bytes.
pub fn read_whole(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let file = File::open(path)?;
    if file.metadata()?.len() > most {
        return Err(io::Error::new(io::ErrorKind::InvalidData, format!("it is longer than {most} bytes")));
    }
    let mut content = Vec::new();
    file.take(most).read_to_end(&mut content)?;
    Ok(content)
}

#[cfg(test)]
mod tests {
    use super::read_whole;

    #[test]
    fn a_file_that_is_too_long_is_not_read() -> std::io::Result<()> {
        let path = std::env::temp_dir().join(format!("kgdump-whole-{}", std::process::id()));
        std::fs::write(&path, b"1234")?;
        assert_eq!(read_whole(&path, 4)?, b"1234");
        std::fs::File::options().write(true).open(&path)?.set_len(1 << 40)?;
        assert!(read_whole(&path, 1 << 20).is_err_and(|error| error.kind() == std::io::ErrorKind::InvalidData));
        std::fs::remove_file(&path)
    }
}
