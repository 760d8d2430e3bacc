//! A block of encoded entries as a pass fills it: which entries it takes, and what was put into it.
//!
//! Contract: pure; an entry is in a block as a whole or not at all.

use kgdump_shared::bin;
pub use kgdump_shared::fill::Filled;

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

/// Puts one entry behind those that are in `out`; `false` when it does not fit.
pub fn put(out: &mut [u8], filled: &mut Filled, key: &[u8], value: &[u8]) -> Outcome<bool> {
    if key.len() > bin::LONGEST || value.len() > bin::LONGEST {
        return Err(Fault::new(
            "STORE_UNSUPPORTED",
            format!("the entry \"{}\" has {} bytes, more than a dump can hold", shown(key), key.len().max(value.len())),
        ));
    }
    let needed = bin::entry_len(key.len(), value.len());
    let room = &mut out[filled.bytes..];
    if needed > room.len() {
        if filled.stats.entries == 0 {
            filled.needed = needed;
        }
        return Ok(false);
    }
    let key_end = bin::write(room, key);
    bin::write(&mut room[key_end..], value);
    filled.stats.add((filled.bytes + key_end - key.len(), filled.bytes + key_end), value.len());
    filled.bytes += needed;
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
    use kgdump_shared::fill::BlockStats;

    use super::*;

    #[test]
    fn entries_fill_a_buffer_and_never_half() {
        let mut out = [0; 16];
        let mut filled = Filled::default();
        assert_eq!(put(&mut out, &mut filled, b"a", b"bc"), Ok(true));
        assert_eq!(put(&mut out, &mut filled, b"d", b""), Ok(true));
        assert_eq!(put(&mut out, &mut filled, b"e", b""), Ok(false));
        assert_eq!(&out[..filled.bytes], b"\xc4\x01a\xc4\x02bc\xc4\x01d\xc4\x00");
        let stats = BlockStats { entries: 2, key_bytes: 2, value_bytes: 2, first_key: (2, 3), last_key: (9, 10) };
        assert_eq!((filled.stats, filled.needed), (stats, 0));
        let mut none = Filled::default();
        assert_eq!(put(&mut out, &mut none, b"", &[0; 256]), Ok(false));
        assert_eq!(none.needed, 2 + 3 + 256);
    }
}
