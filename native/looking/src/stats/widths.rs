//! What binary parts of keys are: UUIDs, or big-endian numbers of some range.

use super::kinds::is_uuid;

/// What binary parts of one width have in common.
#[derive(Clone, Copy, Debug, Default)]
pub struct Widths {
    pub seen: u64,
    /// How many are UUIDs by their version and variant.
    pub uuids: u64,
    /// Of eight bytes as big-endian numbers.
    pub least: u64,
    pub most: u64,
}

impl Widths {
    pub fn add(&mut self, bytes: &[u8]) {
        let number = bytes.first_chunk::<8>().map_or(0, |bytes| u64::from_be_bytes(*bytes));
        self.least = if self.seen == 0 { number } else { self.least.min(number) };
        self.most = self.most.max(number);
        self.seen += 1;
        self.uuids += u64::from(is_uuid(bytes));
    }

    pub fn merge(&mut self, other: Self) {
        if other.seen == 0 {
            return;
        }
        self.least = if self.seen == 0 { other.least } else { self.least.min(other.least) };
        self.most = self.most.max(other.most);
        self.seen += other.seen;
        self.uuids += other.uuids;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(numbers: &[u64]) -> Widths {
        let mut widths = Widths::default();
        numbers.iter().for_each(|number| widths.add(&number.to_be_bytes()));
        widths
    }

    #[test]
    fn parts_that_are_joined_are_as_one_that_was_added_to() {
        let numbers = [700, 5, u64::MAX, 90];
        for at in 0..=numbers.len() {
            let (mut one, other) = (of(&numbers[..at]), of(&numbers[at..]));
            one.merge(other);
            assert_eq!((one.seen, one.uuids, one.least, one.most), (4, 0, 5, u64::MAX), "{at}");
        }
    }
}
