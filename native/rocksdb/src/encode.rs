//! Writes entries as a dump has them: MessagePack `bin key, bin value`, each in its shortest form.
//!
//! Contract: pure; writes only within the bytes it is given, and tells before how many it needs.

use crate::error::{Fault, Outcome};

/// Longest key or value that a MessagePack bin can hold.
pub const MAX_BIN: usize = u32::MAX as usize;

/// Length of a bin's header for `length` bytes of content.
pub fn header_size(length: usize) -> usize {
    match length {
        0..=0xff => 2,
        0x100..=0xffff => 3,
        _ => 5,
    }
}

/// Writes one bin at the start of `out` and returns its length, header included. `out` must have room for it, and
/// `content` must not be longer than `MAX_BIN`.
pub fn write_bin(out: &mut [u8], content: &[u8]) -> usize {
    let length = content.len();
    let header = header_size(length);
    let big_endian = (length as u32).to_be_bytes();
    out[0] = match header {
        2 => 0xc4,
        3 => 0xc5,
        _ => 0xc6,
    };
    out[1..header].copy_from_slice(&big_endian[5 - header..]);
    out[header..header + length].copy_from_slice(content);
    header + length
}

/// Takes one bin off the start of `bytes`; `None` when it is no bin or not whole.
pub fn read_bin<'a>(bytes: &mut &'a [u8]) -> Option<&'a [u8]> {
    let header = match bytes.first()? {
        0xc4 => 2,
        0xc5 => 3,
        0xc6 => 5,
        _ => return None,
    };
    let length = bytes.get(1..header)?.iter().fold(0_usize, |length, &byte| length << 8 | usize::from(byte));
    let content = bytes.get(header..header.checked_add(length)?)?;
    *bytes = &bytes[header + length..];
    Some(content)
}

/// Calls `each` with the entries of an encoded block. Errors: DUMP_ENTRIES_MALFORMED, and those of `each`.
pub fn for_each_entry(mut block: &[u8], mut each: impl FnMut(&[u8], &[u8]) -> Outcome<()>) -> Outcome<()> {
    while !block.is_empty() {
        let (Some(key), Some(value)) = (read_bin(&mut block), read_bin(&mut block)) else {
            return Err(Fault::new("DUMP_ENTRIES_MALFORMED", "a block of entries holds something that is no entry"));
        };
        each(key, value)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_comes_back() {
        for (length, marker) in [(0, 0xc4), (1, 0xc4), (255, 0xc4), (256, 0xc5), (65_535, 0xc5), (65_536, 0xc6)] {
            let content = vec![7; length];
            let mut out = vec![0; header_size(length) + length];
            assert_eq!(write_bin(&mut out, &content), out.len());
            assert_eq!(out[0], marker);
            let mut rest = &out[..];
            assert_eq!(read_bin(&mut rest), Some(&content[..]));
            assert!(rest.is_empty());
        }
    }

    #[test]
    fn what_is_no_whole_bin_is_none() {
        for bytes in [&[][..], &[0xc4], &[0xc4, 1], &[0xc5, 0], &[0xc6, 255, 255, 255, 255, 0], &[0x01]] {
            assert_eq!(read_bin(&mut &*bytes), None);
        }
    }
}
