//! What is counted of the entries that belong together.
//!
//! Contract: no more than some kilobytes, however many entries; two tallies are added up, whichever comes first.

use super::distinct::Distinct;
use super::histogram::Histogram;
use super::kinds::{self, COUNT};
use super::shape::Shape;

/// Bytes of a key that are kept of an entry that is named.
pub const KEPT_KEY: usize = 1024;

/// An entry as it is counted.
#[derive(Clone, Copy)]
pub struct Entry<'a> {
    pub key: &'a [u8],
    /// `None` for a key that a delta deletes.
    pub value: Option<&'a [u8]>,
    /// Its part of what is stored, about.
    pub stored: f64,
    /// Where it came, so that of equal ones the first is named.
    pub number: u64,
}

impl Entry<'_> {
    pub fn value_bytes(&self) -> u64 {
        self.value.map_or(0, |value| value.len() as u64)
    }
}

/// An entry by its name and size.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Named {
    pub value_bytes: u64,
    /// The lower one is named first.
    pub number: std::cmp::Reverse<u64>,
    pub key_bytes: u64,
    /// Its beginning when it is long.
    pub key: Vec<u8>,
}

impl Named {
    pub fn of(entry: &Entry<'_>) -> Self {
        let key = entry.key[..entry.key.len().min(KEPT_KEY)].to_vec();
        Self {
            value_bytes: entry.value_bytes(),
            number: std::cmp::Reverse(entry.number),
            key_bytes: entry.key.len() as u64,
            key,
        }
    }
}

/// The sums, sizes and kinds of some entries.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    pub entries: u64,
    pub key_bytes: u64,
    pub value_bytes: u64,
    pub stored: f64,
    pub keys: Histogram,
    pub values: Histogram,
    pub kinds: [u64; COUNT],
    pub distinct: Distinct,
    pub largest: Option<Named>,
    pub shape: Option<Box<Shape>>,
}

impl Tally {
    pub fn new(schema: bool) -> Self {
        Self { shape: schema.then(Box::default), ..Self::default() }
    }

    #[inline]
    pub fn add(&mut self, entry: &Entry<'_>) {
        let value_bytes = entry.value_bytes();
        self.entries += 1;
        self.key_bytes += entry.key.len() as u64;
        self.value_bytes += value_bytes;
        self.stored += entry.stored;
        self.keys.add(entry.key.len() as u64);
        if self.largest.as_ref().is_none_or(|largest| largest.value_bytes < value_bytes) {
            self.largest = Some(Named::of(entry));
        }
        let Some(value) = entry.value else {
            self.kinds[kinds::DELETED] += 1;
            return;
        };
        self.values.add(value_bytes);
        self.distinct.add(xxhash_rust::xxh3::xxh3_64(value));
        let kind = kinds::kind_of(value);
        self.kinds[kind] += 1;
        if let Some(shape) = self.shape.as_mut().filter(|_| kind == kinds::JSON_OBJECT || kind == kinds::JSON_ARRAY) {
            shape.add(value);
        }
    }

    pub fn merge(&mut self, other: &Self) {
        self.entries += other.entries;
        self.key_bytes += other.key_bytes;
        self.value_bytes += other.value_bytes;
        self.stored += other.stored;
        self.keys.merge(&other.keys);
        self.values.merge(&other.values);
        for (mine, others) in self.kinds.iter_mut().zip(other.kinds) {
            *mine += others;
        }
        self.distinct.merge(&other.distinct);
        if other.largest > self.largest {
            self.largest.clone_from(&other.largest);
        }
        match (&mut self.shape, &other.shape) {
            (Some(mine), Some(others)) => mine.merge(others),
            (mine @ None, others) => mine.clone_from(others),
            (Some(_), None) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry<'a>(key: &'a [u8], value: Option<&'a [u8]>, number: u64) -> Entry<'a> {
        Entry { key, value, stored: 1.5, number }
    }

    #[test]
    fn what_is_merged_is_what_was_added_to_one() {
        let values: Vec<Vec<u8>> = (0..500_u32)
            .map(|at| format!("{{\"n\":{at},\"x\":\"{}\"}}", "y".repeat(at as usize % 90)).into_bytes())
            .collect();
        let keys: Vec<Vec<u8>> =
            (0..500_u32).map(|at| at.to_be_bytes()[4 - (at as usize % 4 + 1)..].to_vec()).collect();
        let (mut one, mut other, mut both) = (Tally::new(true), Tally::new(true), Tally::new(true));
        for (at, (key, value)) in keys.iter().zip(&values).enumerate() {
            let entry = entry(key, (at % 7 != 0).then_some(&value[..]), at as u64);
            both.add(&entry);
            if at % 3 == 0 { one.add(&entry) } else { other.add(&entry) }
        }
        one.merge(&other);
        for tally in [&one, &both] {
            assert_eq!((tally.entries, tally.kinds[kinds::DELETED]), (500, 72));
            assert_eq!(tally.key_bytes, keys.iter().map(|key| key.len() as u64).sum::<u64>());
            assert!((tally.stored - 750.0).abs() < 1e-6);
            assert_eq!(tally.kinds[kinds::JSON_OBJECT], 428);
            assert_eq!(tally.shape.as_ref().map(|shape| shape.places.len()), Some(3));
        }
        assert_eq!(one.largest, both.largest);
        assert_eq!(one.distinct.estimate(), both.distinct.estimate());
        assert_eq!(
            [50, 99].map(|percent| one.values.quantile(percent)),
            [50, 99].map(|percent| both.values.quantile(percent))
        );
    }

    #[test]
    fn of_equal_ones_the_first_is_named() {
        let mut tally = Tally::default();
        for (number, key) in [(5, b"b"), (6, b"c")] {
            tally.add(&entry(key, Some(b"xx"), number));
        }
        let mut before = Tally::default();
        before.add(&entry(b"a", Some(b"yy"), 2));
        tally.merge(&before);
        assert_eq!(tally.largest.expect("there is one").key, b"a");
    }
}
