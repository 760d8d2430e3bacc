//! Entries chosen by chance, each as likely as any other, of as many as go by (Vitter's algorithm R).
//!
//! Contract: the same seed chooses the same places of the same number of entries. What is kept of a long value is its beginning.

/// Bytes of a key and of a value that are kept.
const KEPT: usize = 64 * 1024;
/// The same of all entries together, about.
const KEPT_TOGETHER: usize = 32 * 1024 * 1024;

/// An entry that was chosen.
#[derive(Clone, Debug)]
pub struct Chosen {
    /// Its place among all.
    pub number: u64,
    pub keyspace: usize,
    pub key: Vec<u8>,
    pub key_bytes: usize,
    /// `None` for a key that a delta deletes.
    pub value: Option<Vec<u8>>,
    pub value_bytes: usize,
}

pub struct Reservoir {
    most: usize,
    random: u64,
    seen: u64,
    chosen: Vec<Chosen>,
}

impl Reservoir {
    pub fn new(most: usize, seed: u64) -> Self {
        Self { most, random: seed, seen: 0, chosen: Vec::new() }
    }

    #[inline]
    pub fn add(&mut self, keyspace: usize, key: &[u8], value: Option<&[u8]>) {
        if self.most == 0 {
            return;
        }
        self.seen += 1;
        let place = if self.chosen.len() < self.most {
            self.chosen.len()
        } else {
            // The high half of the product is as even as the number.
            ((u128::from(self.next()) * u128::from(self.seen)) >> 64) as usize
        };
        if place >= self.most {
            return;
        }
        let kept = KEPT.min(KEPT_TOGETHER / self.most);
        let beginning = |bytes: &[u8]| bytes[..bytes.len().min(kept)].to_vec();
        let chosen = Chosen {
            number: self.seen,
            keyspace,
            key: beginning(key),
            key_bytes: key.len(),
            value: value.map(beginning),
            value_bytes: value.map_or(0, <[u8]>::len),
        };
        match self.chosen.get_mut(place) {
            Some(before) => *before = chosen,
            None => self.chosen.push(chosen),
        }
    }

    /// What was chosen, in the order in which it came.
    pub fn chosen(&self) -> Vec<Chosen> {
        let mut chosen = self.chosen.clone();
        chosen.sort_by_key(|one| one.number);
        chosen
    }

    /// SplitMix64 (Steele, Lea, Flood, 2014).
    fn next(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.random ^ self.random >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }
}

#[cfg(test)]
mod tests {
    use super::Reservoir;

    #[test]
    fn each_entry_is_as_likely_as_any_other() {
        let mut counts = [0_u32; 100];
        for seed in 0..5000 {
            let mut reservoir = Reservoir::new(10, seed);
            (0..100_u8).for_each(|key| reservoir.add(0, &[key], None));
            let chosen = reservoir.chosen();
            assert_eq!(chosen.len(), 10);
            assert!(chosen.is_sorted_by(|a, b| a.number < b.number));
            chosen.iter().for_each(|one| counts[usize::from(one.key[0])] += 1);
        }
        // 500 each, with a deviation of 21.
        assert!(counts.iter().all(|count| (400..600).contains(count)), "{counts:?}");
    }

    #[test]
    fn a_seed_chooses_the_same_again() {
        let run = |seed| {
            let mut reservoir = Reservoir::new(5, seed);
            (0..1000_u32).for_each(|key| reservoir.add(0, &key.to_be_bytes(), Some(b"value")));
            reservoir.chosen().iter().map(|one| one.number).collect::<Vec<_>>()
        };
        assert_eq!(run(7), run(7));
        assert_ne!(run(7), run(8));
        let mut few = Reservoir::new(5, 1);
        few.add(0, b"k", Some(&[1; 100_000]));
        assert_eq!(
            (few.chosen().len(), few.chosen()[0].value_bytes, few.chosen()[0].value.as_ref().map(Vec::len)),
            (1, 100_000, Some(64 * 1024))
        );
    }
}
