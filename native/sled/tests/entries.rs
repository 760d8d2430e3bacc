//! Decoding of blocks whose bytes may be hostile: it agrees with the reader in TypeScript on each case of the shared file,
//! never panics, and takes nothing that it would not write itself.

use kgdump_sled::entries::{Entry, parse, push_bin};

const SEED: u64 = 0x5eed_0003;
const MUTATIONS: usize = 500_000;

/// A small generator of numbers (xorshift64*), so that every run can be repeated by its seed.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16
    }

    fn below(&mut self, end: usize) -> usize {
        self.next() as usize % end.max(1)
    }
}

/// The cases that test/fuzz has for both readers: bytes, and the number of entries, or None when they are malformed.
fn cases() -> Vec<(Vec<u8>, Option<usize>)> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../test/fuzz/entries.tsv");
    let text = std::fs::read_to_string(path).expect("the cases are in the project");
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let (hex, count) = line.split_once('\t').expect("two columns");
            let bytes = (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).expect("hex"));
            (bytes.collect(), count.parse().ok())
        })
        .collect()
}

fn encode(block: &[u8], entries: &[Entry]) -> Vec<u8> {
    let mut out = Vec::new();
    for Entry { key, value } in entries {
        push_bin(&mut out, &block[key.clone()]).expect("a short key");
        match value {
            Some(value) => push_bin(&mut out, &block[value.clone()]).expect("a short value"),
            None => out.push(0xc0),
        }
    }
    out
}

#[test]
fn each_shared_case_is_taken_or_refused_as_in_typescript() {
    let cases = cases();
    assert!(cases.len() > 1000);
    for (block, expected) in cases {
        assert_eq!(parse(&block).ok().map(|entries| entries.len()), expected, "{block:02x?}");
    }
}

#[test]
fn mutated_blocks_never_panic_and_what_is_taken_is_what_would_be_written() {
    let cases = cases();
    let mut random = Random(SEED);
    let mut taken = 0;
    for turn in 0..MUTATIONS {
        let mut block = cases[random.below(cases.len())].0.clone();
        for _ in 0..=random.below(3) {
            let at = random.below(block.len());
            match random.below(5) {
                0 => block.truncate(at),
                1 => block.insert(at.min(block.len()), [0xc0, 0xc4, 0xc5, 0xc6, 0, 0xff][random.below(6)]),
                2 if !block.is_empty() => drop(block.remove(at)),
                _ if !block.is_empty() => block[at] ^= 1 << random.below(8),
                _ => block.push(0xc4),
            }
        }
        if let Ok(entries) = parse(&block) {
            taken += 1;
            assert_eq!(encode(&block, &entries), block, "seed {SEED} turn {turn}");
        }
    }
    assert!(taken > MUTATIONS / 100);
}
