//! A block of encoded entries as a pass fills it: which entries it takes, and what was put into it.
//!
//! Contract: pure; an entry is in a block as a whole or not at all.

use crate::encode::{header_size, write_bin, MAX_BIN};
use crate::error::{Fault, Outcome};

/// Which entries a scan yields. Bounds are in the family's own order.
#[derive(Debug, Default, Clone)]
pub struct Range {
    /// First key, inclusive.
    pub from: Option<Vec<u8>>,
    /// End key, exclusive.
    pub to: Option<Vec<u8>>,
    /// Only keys that start with these bytes.
    pub prefix: Option<Vec<u8>>,
}

impl Range {
    /// Whether it is all keys.
    pub fn is_whole(&self) -> bool {
        self.from.is_none() && self.to.is_none() && self.prefix.is_none()
    }
}

/// What one fill put into its buffer. Offsets are within the buffer.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Filled {
    pub bytes: usize,
    pub entries: usize,
    pub key_bytes: usize,
    pub value_bytes: usize,
    pub first_key: (usize, usize),
    pub last_key: (usize, usize),
    /// Nothing follows.
    pub done: bool,
    /// Not 0 when the next entry alone is bigger than the buffer: how many bytes it needs.
    pub needed: usize,
}

/// Puts one entry behind those that are in `out`; `false` when it does not fit.
pub fn put(out: &mut [u8], filled: &mut Filled, key: &[u8], value: &[u8]) -> Outcome<bool> {
    if key.len() > MAX_BIN || value.len() > MAX_BIN {
        return Err(Fault::new(
            "STORE_UNSUPPORTED",
            format!("the entry \"{}\" has {} bytes, more than a dump can hold", shown(key), key.len().max(value.len())),
        ));
    }
    let needed = header_size(key.len()) + key.len() + header_size(value.len()) + value.len();
    let room = &mut out[filled.bytes..];
    if needed > room.len() {
        if filled.entries == 0 {
            filled.needed = needed;
        }
        return Ok(false);
    }
    let key_end = write_bin(room, key);
    write_bin(&mut room[key_end..], value);
    filled.last_key = (filled.bytes + key_end - key.len(), filled.bytes + key_end);
    if filled.entries == 0 {
        filled.first_key = filled.last_key;
    }
    filled.bytes += needed;
    filled.entries += 1;
    filled.key_bytes += key.len();
    filled.value_bytes += value.len();
    Ok(true)
}

/// The start of a key, for a message.
pub fn shown(key: &[u8]) -> String {
    let start = key.get(..64).unwrap_or(key).escape_ascii();
    if key.len() > 64 {
        format!("{start}…")
    } else {
        start.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_fill_a_buffer_and_never_half() {
        let mut out = [0; 16];
        let mut filled = Filled::default();
        assert_eq!(put(&mut out, &mut filled, b"a", b"bc"), Ok(true));
        assert_eq!(put(&mut out, &mut filled, b"d", b""), Ok(true));
        assert_eq!(put(&mut out, &mut filled, b"e", b""), Ok(false));
        assert_eq!(&out[..filled.bytes], b"\xc4\x01a\xc4\x02bc\xc4\x01d\xc4\x00");
        assert_eq!((filled.entries, filled.key_bytes, filled.value_bytes, filled.needed), (2, 2, 2, 0));
        assert_eq!((filled.first_key, filled.last_key), ((2, 3), (9, 10)));
        let mut none = Filled::default();
        assert_eq!(put(&mut out, &mut none, b"", &[0; 256]), Ok(false));
        assert_eq!(none.needed, 2 + 3 + 256);
    }
}
