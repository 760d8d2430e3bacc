//! Reads and writes files of encoded entries (`bin key, bin value` of MessagePack, over and over), one entry in memory at a time.

use std::fs::File;
use std::io::{BufReader, Read, Write};

use crate::Outcome;

/// The entries of a file, in its order. After an error there are no more.
pub struct Entries {
    input: BufReader<File>,
}

/// Opens a file of encoded entries.
///
/// # Errors
/// Those of opening it.
pub fn entries(path: &str) -> Outcome<Entries> {
    Ok(Entries { input: BufReader::with_capacity(1 << 20, File::open(path)?) })
}

impl Iterator for Entries {
    type Item = Outcome<(Vec<u8>, Vec<u8>)>;

    fn next(&mut self) -> Option<Self::Item> {
        let key = bin(&mut self.input).transpose()?;
        Some(key.and_then(|key| {
            let value = bin(&mut self.input)?.ok_or("the file ends between a key and its value")?;
            Ok((key, value))
        }))
    }
}

/// Writes one byte string, with the shortest head.
///
/// # Errors
/// One of more than 4 GiB; those of writing.
pub fn write_bin(output: &mut impl Write, bytes: &[u8]) -> Outcome<()> {
    let length = u32::try_from(bytes.len())?.to_be_bytes();
    match length {
        [0, 0, 0, one] => output.write_all(&[0xc4, one])?,
        [0, 0, two @ ..] => output.write_all(&[0xc5, two[0], two[1]])?,
        four => output.write_all(&[0xc6, four[0], four[1], four[2], four[3]])?,
    }
    Ok(output.write_all(bytes)?)
}

/// One byte string; `None` at the end of the file.
fn bin(input: &mut impl Read) -> Outcome<Option<Vec<u8>>> {
    let mut kind = [0; 1];
    if input.read(&mut kind)? == 0 {
        return Ok(None);
    }
    let width = match kind[0] {
        0xc4 => 1,
        0xc5 => 2,
        0xc6 => 4,
        _ => return Err("the file holds something else than entries".into()),
    };
    let mut length = [0; 4];
    input.read_exact(&mut length[4 - width..])?;
    let length = u32::from_be_bytes(length);
    let mut bytes = Vec::with_capacity(usize::try_from(length)?);
    if input.take(u64::from(length)).read_to_end(&mut bytes)? < bytes.capacity() {
        return Err("the file ends in the middle of an entry".into());
    }
    Ok(Some(bytes))
}

#[cfg(test)]
mod tests {
    use super::{bin, write_bin};

    #[test]
    fn byte_strings_of_every_width_are_read() {
        for (head, length) in [(vec![0xc4, 3], 3), (vec![0xc5, 1, 0], 256), (vec![0xc6, 0, 1, 0, 0], 65_536)] {
            let bytes = [head, vec![7; length], vec![0xc4]].concat();
            let mut written = Vec::new();
            write_bin(&mut written, &vec![7; length]).unwrap();
            assert_eq!(written, bytes[..bytes.len() - 1]);
            let mut input = bytes.as_slice();
            assert_eq!(bin(&mut input).unwrap().unwrap(), vec![7; length]);
            assert_eq!(input, [0xc4]);
        }
        assert!(bin(&mut [].as_slice()).unwrap().is_none());
    }

    #[test]
    fn what_is_cut_or_foreign_is_an_error() {
        for bytes in [&[0xc4][..], &[0xc4, 2, 7], &[0xc5, 1], &[0xc6, 0, 0, 0, 1], &[0xa1, 7], &[0x00]] {
            assert!(bin(&mut &bytes[..]).is_err(), "{bytes:?}");
        }
    }
}
