//! Sled's value files, in the directory `blobs`: what is too big for the log. A file is named by the LSN of the message that it was
//! written with, and holds a CRC-32 (4 bytes, of all behind it), the message's kind (1 byte) and its body.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

/// Bytes in front of the body.
const HEAD: usize = 5;

/// Where a value file of a store lies.
pub fn path(store: &Path, id: i64) -> PathBuf {
    store.join("blobs").join(id.to_string())
}

/// The message's body, read from its value file; None when the file's checksum or its kind is wrong.
///
/// # Errors
/// Those of reading the file; `UnexpectedEof` when it is shorter than the smallest one.
pub fn read(path: &Path, code: u8) -> io::Result<Option<Vec<u8>>> {
    let mut file = File::open(path)?;
    let mut head = [0; HEAD];
    file.read_exact(&mut head)?;
    let [a, b, c, d, kind] = head;
    let length = usize::try_from(file.metadata()?.len()).unwrap_or(usize::MAX).saturating_sub(HEAD);
    let mut body = Vec::new();
    body.try_reserve_exact(length).map_err(|_| io::Error::from(io::ErrorKind::OutOfMemory))?;
    file.read_to_end(&mut body)?;
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&[kind]);
    hasher.update(&body);
    Ok((kind == code && hasher.finalize() == u32::from_le_bytes([a, b, c, d])).then_some(body))
}

/// Whether the file's checksum and its kind are right.
///
/// # Errors
/// As `read`.
pub fn is_sound(path: &Path, code: u8) -> io::Result<bool> {
    let mut file = File::open(path)?;
    let mut head = [0; HEAD];
    file.read_exact(&mut head)?;
    let [a, b, c, d, kind] = head;
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&[kind]);
    let mut buffer = vec![0; 1 << 18];
    loop {
        match file.read(&mut buffer) {
            Ok(0) => break,
            Ok(n) => hasher.update(&buffer[..n]),
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(kind == code && hasher.finalize() == u32::from_le_bytes([a, b, c, d]))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::files::made;

    #[test]
    fn a_value_has_the_right_checksum_and_kind() {
        let path = std::env::temp_dir().join(format!("kgdump-value-{}", std::process::id()));
        let sound = made::value_file(9, b"value");
        let mut wrong = sound.clone();
        wrong[6] ^= 1;
        for (bytes, code, expected) in [(&sound, 9, Some(b"value".to_vec())), (&sound, 11, None), (&wrong, 9, None)] {
            fs::write(&path, bytes).unwrap();
            assert_eq!(is_sound(&path, code).unwrap(), expected.is_some());
            assert_eq!(read(&path, code).unwrap(), expected);
        }
        fs::remove_file(&path).unwrap();
    }
}
