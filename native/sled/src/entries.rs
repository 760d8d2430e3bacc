//! Entries as they travel in a dump: `bin key, bin value` over and over, each MessagePack `bin` in its shortest form.
//!
//! In a delta dump `nil` in the place of a value deletes the key. The parser accepts exactly what the encoder writes: no
//! longer form of a length, nothing after the last entry, nothing that reaches beyond the end. Neither panics.

use std::ops::Range;

use kgdump_shared::bin::{self, Flaw, NIL};

use crate::fault::{Code, Outcome, SledFault, printable};

/// Keys and values up to these sizes are taken; sled has no limits of its own, but writes a page with up to 16 entries
/// as a whole and holds several copies of it while it does.
pub const MAX_KEY: usize = 16 << 20;
pub const MAX_VALUE: usize = 512 << 20;

/// One entry of a block, as places in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub key: Range<usize>,
    /// None deletes the key.
    pub value: Option<Range<usize>>,
}

/// Parses a whole block.
///
/// # Errors
/// DUMP_ENTRIES_MALFORMED with the offset in the block for anything that is not exactly a run of entries.
pub fn parse(block: &[u8]) -> Outcome<Vec<Entry>> {
    let mut entries = Vec::new();
    let mut at = 0;
    while at < block.len() {
        let (entry, next) = entry(block, at)?;
        entries.push(entry);
        at = next;
    }
    Ok(entries)
}

/// Parses the entry that starts at `at`, and returns where the next one starts.
///
/// # Errors
/// As `parse`.
pub fn entry(block: &[u8], at: usize) -> Outcome<(Entry, usize)> {
    let key = bin(block, at)?;
    let after_key = key.end;
    if block.get(after_key) == Some(&NIL) {
        return Ok((Entry { key, value: None }, after_key + 1));
    }
    let value = bin(block, after_key)?;
    let next = value.end;
    Ok((Entry { key, value: Some(value) }, next))
}

/// Where the content of the `bin` that starts at `at` is.
///
/// # Errors
/// As `parse`.
pub fn bin(block: &[u8], at: usize) -> Outcome<Range<usize>> {
    bin::find(block, at).map_err(|flaw| {
        let why = match flaw {
            Flaw::CutOff => "it ends in the middle of an entry".to_string(),
            Flaw::Other(other) => format!("byte 0x{other:02x} starts no key and no value"),
            Flaw::NotShortest => "a length is not in its shortest form".to_string(),
            Flaw::Beyond => "a length reaches beyond the block".to_string(),
        };
        SledFault::new(Code::DumpEntriesMalformed, format!("block of entries, offset {at}: {why}"))
    })
}

/// An entry that is too big is refused.
///
/// # Errors
/// STORE_UNSUPPORTED
pub fn check_size(block: &[u8], entry: &Entry) -> Outcome<()> {
    let value = entry.value.as_ref().map_or(0, |value| value.len());
    let (what, size, limit) = match (entry.key.len(), value) {
        (key, _) if key > MAX_KEY => ("key", key, MAX_KEY),
        (_, value) if value > MAX_VALUE => ("value", value, MAX_VALUE),
        _ => return Ok(()),
    };
    let key = printable(&block[entry.key.clone()]);
    let message = format!("the {what} of {key} has {size} bytes; kgdump writes up to {limit} to a sled store");
    Err(SledFault::new(Code::StoreUnsupported, message))
}

/// Appends `bytes` as a `bin`.
///
/// # Errors
/// STORE_UNSUPPORTED for 4 GiB and more, which MessagePack cannot hold.
pub fn push_bin(out: &mut Vec<u8>, bytes: &[u8]) -> Outcome<()> {
    push_bin_of(out, [bytes])
}

/// Appends bytes that lie in parts as one `bin`.
///
/// # Errors
/// As `push_bin`.
pub fn push_bin_of<const N: usize>(out: &mut Vec<u8>, parts: [&[u8]; N]) -> Outcome<()> {
    if bin::push(out, parts) {
        return Ok(());
    }
    Err(SledFault::new(Code::StoreUnsupported, "a key or value of 4 GiB or more does not fit a dump"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BIN_8: u8 = 0xc4;
    const BIN_16: u8 = 0xc5;
    const BIN_32: u8 = 0xc6;

    /// A small generator of numbers (xorshift64*), so that every run can be repeated by its seed.
    struct Random(u64);

    impl Random {
        fn next(&mut self) -> u64 {
            self.0 ^= self.0 >> 12;
            self.0 ^= self.0 << 25;
            self.0 ^= self.0 >> 27;
            self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
        }

        fn below(&mut self, n: u64) -> usize {
            usize::try_from(self.next() % n).unwrap()
        }

        fn bytes(&mut self, n: usize) -> Vec<u8> {
            (0..n).map(|_| self.next().to_le_bytes()[3]).collect()
        }
    }

    type Pair = (Vec<u8>, Option<Vec<u8>>);

    fn encode(entries: &[Pair]) -> Vec<u8> {
        let mut out = Vec::new();
        for (key, value) in entries {
            push_bin(&mut out, key).unwrap();
            match value {
                Some(value) => push_bin(&mut out, value).unwrap(),
                None => out.push(NIL),
            }
        }
        out
    }

    fn decode(block: &[u8]) -> Outcome<Vec<Pair>> {
        let entries = parse(block)?;
        Ok(entries.into_iter().map(|e| (block[e.key].to_vec(), e.value.map(|v| block[v].to_vec()))).collect())
    }

    #[test]
    fn lengths_around_every_boundary() {
        for length in [0, 1, 255, 256, 65_535, 65_536, 1 << 20] {
            let entries = vec![(vec![7; length], Some(vec![8; length])), (vec![9], None)];
            let block = encode(&entries);
            assert_eq!(decode(&block).unwrap(), entries);
            assert_eq!(block.len(), bin::entry_len(length, length) + 4);
        }
    }

    #[test]
    fn random_blocks_cut_and_flipped_never_panic_and_cuts_are_noticed() {
        let seed = 0x5eed_0001;
        let mut random = Random(seed);
        for _ in 0..300 {
            let count = random.below(12);
            let entries: Vec<Pair> = (0..count)
                .map(|_| {
                    let (key, value) = (random.below(300), random.below(700));
                    let deleted = random.below(8) == 0;
                    (random.bytes(key), if deleted { None } else { Some(random.bytes(value)) })
                })
                .collect();
            let block = encode(&entries);
            assert_eq!(decode(&block).unwrap(), entries, "seed {seed}");
            let ends: Vec<usize> =
                parse(&block).unwrap().iter().map(|e| e.value.as_ref().map_or(e.key.end + 1, |v| v.end)).collect();
            for cut in 0..block.len() {
                let whole = cut == 0 || ends.contains(&cut);
                assert_eq!(parse(&block[..cut]).is_ok(), whole, "seed {seed} cut {cut}");
            }
            for _ in 0..200.min(block.len()) {
                let mut bad = block.clone();
                let at = random.below(bad.len() as u64);
                bad[at] ^= 1 << random.below(8);
                // Content may change unnoticed here (checksums are the dump's work), but what parses must encode back.
                if let Ok(entries) = decode(&bad) {
                    assert_eq!(encode(&entries), bad, "seed {seed}");
                }
            }
        }
    }

    #[test]
    fn random_bytes_never_panic() {
        let mut random = Random(0x5eed_0002);
        for _ in 0..100_000 {
            let length = random.below(24);
            let mut bytes = random.bytes(length);
            if let Some(first) = bytes.first_mut() {
                *first = [BIN_8, BIN_16, BIN_32, *first][random.below(4)];
            }
            if let Ok(entries) = decode(&bytes) {
                assert_eq!(encode(&entries), bytes);
            }
        }
    }

    #[test]
    fn long_forms_are_refused() {
        for bad in [
            &[BIN_16, 0, 1, 7, BIN_8, 0][..],
            &[BIN_32, 0, 0, 0, 1, 7, BIN_8, 0],
            &[BIN_8, 0, BIN_16, 0, 0],
            &[NIL, NIL],
            &[BIN_8, 1, 7],
            &[BIN_32, 0xff, 0xff, 0xff, 0xff],
            &[0xa1, 7, BIN_8, 0],
        ] {
            assert_eq!(parse(bad).unwrap_err().code, Code::DumpEntriesMalformed);
        }
    }
}
