//! The ages of a family's tables as a dump carries them, so that a restored store gives its data the ages that it had.
//!
//! A line for each table: when its oldest ancestor was made, when it was made itself, when its newest key was written (seconds since
//! 1970; 0 where it is not known), and the beginnings of its first and its last key in hex, by bytes. The lines of a FIFO family are in
//! the order in which it lets tables go; those of others in the order of their keys. Where there are too many tables for a dump's header,
//! neighbours share a line.
//!
//! Contract: pure.

use std::fmt::Write;

use super::live_file::TableTimes;

/// Bytes of a key that count here.
const KEY: usize = 48;
/// Longest text, in bytes: a header's options have at most 65,535.
const LONGEST: usize = 60_000;
/// Times of RocksDB's own have five bytes as varints, until the year 3058.
const FIRST_TIME: u64 = 1 << 28;
const LAST_TIME: u64 = (1 << 35) - 1;

/// A table, or some of them: its times, and its first and last key by bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgedRange {
    pub times: TableTimes,
    pub low: Vec<u8>,
    pub high: Vec<u8>,
}

impl AgedRange {
    /// A table with these two keys at its ends, in whichever order.
    pub fn new(times: TableTimes, one: &[u8], other: &[u8]) -> Self {
        let (low, high) = if one <= other { (one, other) } else { (other, one) };
        Self { times, low: beginning(low).to_vec(), high: beginning(high).to_vec() }
    }

    fn overlaps(&self, low: &[u8], high: &[u8]) -> bool {
        self.low.as_slice() <= high && low <= self.high.as_slice()
    }
}

/// What of a key counts. Keys keep their order by it.
fn beginning(key: &[u8]) -> &[u8] {
    &key[..key.len().min(KEY)]
}

/// The ages of a family's tables.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ages(pub Vec<AgedRange>);

impl Ages {
    /// As text; empty when no time is known.
    pub fn text(mut self) -> String {
        if self.0.iter().all(|range| range.times == TableTimes::default()) {
            return String::new();
        }
        loop {
            let mut text = String::new();
            for AgedRange { times, low, high } in &self.0 {
                let TableTimes { oldest, created, newest } = times;
                let end = if text.is_empty() { "" } else { "\n" };
                // Writing to a string can't fail.
                let _ = write!(text, "{end}{oldest} {created} {newest} {} {}", hex(low), hex(high));
            }
            if text.len() <= LONGEST || self.0.len() < 2 {
                return text;
            }
            self.halve();
        }
    }

    /// Makes one of each two neighbours: as old as the older one's oldest, as new as the newer one.
    fn halve(&mut self) {
        let pairs = self.0.chunks(2).map(|pair| match pair {
            [one, other] => AgedRange {
                times: TableTimes {
                    oldest: known_min(one.times.oldest, other.times.oldest),
                    created: one.times.created.max(other.times.created),
                    newest: one.times.newest.max(other.times.newest),
                },
                low: one.low.clone().min(other.low.clone()),
                high: one.high.clone().max(other.high.clone()),
            },
            _ => pair[0].clone(),
        });
        self.0 = pairs.collect();
    }

    /// Reads the text. None when it is no such text.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > 2 * LONGEST {
            return None;
        }
        let ranges = text.lines().map(|line| {
            let mut fields = line.split(' ');
            let mut time = || fields.next()?.parse::<u64>().ok();
            let times = TableTimes { oldest: time()?, created: time()?, newest: time()? };
            let (low, high) = (unhex(fields.next()?)?, unhex(fields.next()?)?);
            fields.next().is_none().then_some(AgedRange { times, low, high })
        });
        ranges.collect::<Option<Vec<_>>>().map(Self)
    }

    /// The times of a table with these keys at its ends, that was made of all that overlap it: it is as old as the oldest.
    pub fn between(&self, one: &[u8], other: &[u8]) -> TableTimes {
        let AgedRange { low, high, .. } = AgedRange::new(TableTimes::default(), one, other);
        let mut times = TableTimes::default();
        for range in self.0.iter().filter(|range| range.overlaps(&low, &high)) {
            times.oldest = known_min(times.oldest, range.times.oldest);
            times.created = known_min(times.created, range.times.created);
            times.newest = times.newest.max(range.times.newest);
        }
        times
    }

    /// Which of the tables that may have this key comes last.
    pub fn last_with(&self, key: &[u8]) -> Option<usize> {
        let key = beginning(key);
        self.0.iter().rposition(|range| range.overlaps(key, key))
    }
}

/// Whether a time has the length that RocksDB writes times in.
pub fn is_time(seconds: u64) -> bool {
    (FIRST_TIME..=LAST_TIME).contains(&seconds)
}

fn known_min(one: u64, other: u64) -> u64 {
    match (one, other) {
        (0, known) | (known, 0) => known,
        (one, other) => one.min(other),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(time: u64, low: &[u8], high: &[u8]) -> AgedRange {
        AgedRange::new(TableTimes { oldest: time, created: time + 1, newest: time + 2 }, low, high)
    }

    #[test]
    fn the_text_comes_back() {
        let ages = Ages(vec![range(1_500_000_000, b"", b"m\xff"), range(1_600_000_000, b"z", b"n")]);
        let text = ages.clone().text();
        assert_eq!(text.lines().nth(1), Some("1600000000 1600000001 1600000002 6e 7a"));
        assert_eq!(Ages::parse(&text), Some(ages));
        for wrong in ["x", "1 2 3 4", "1 2 3 6e 7", "1 2 3 6e 7a 8", "-1 2 3 6e 7a", "1 2 3 é é"] {
            assert_eq!(Ages::parse(wrong), None, "{wrong}");
        }
        assert_eq!(Ages(vec![range(0, b"a", b"b")]).0[0].times.oldest, 0);
        assert_eq!(Ages(Vec::new()).text(), "");
    }

    #[test]
    fn too_many_share_lines_that_cover_all_of_them() {
        let keys: Vec<[u8; 60]> = (0..5000_u32)
            .map(|number| {
                let mut key = [7; 60];
                key[..4].copy_from_slice(&number.to_be_bytes());
                key
            })
            .collect();
        let all = Ages(keys.iter().zip(1_500_000_000..).map(|(key, time)| range(time, key, key)).collect());
        let text = all.text();
        assert!(text.len() <= LONGEST);
        let read = Ages::parse(&text).expect("its own text");
        for (key, time) in keys.iter().zip(1_500_000_000..) {
            let at = read.last_with(key).expect("all are covered");
            assert!(read.0[at].times.newest >= time + 2 && read.0[at].times.oldest <= time);
        }
    }

    #[test]
    fn a_table_is_as_old_as_the_oldest_of_its_range() {
        let ages = Ages(vec![range(1_500_000_000, b"a", b"f"), range(0, b"b", b"c"), range(1_400_000_000, b"g", b"k")]);
        assert_eq!(ages.between(b"b", b"c").oldest, 1_500_000_000);
        assert_eq!(ages.between(b"h", b"b").oldest, 1_400_000_000);
        assert_eq!(ages.between(b"x", b"y"), TableTimes::default());
        assert_eq!((ages.last_with(b"b"), ages.last_with(b"f"), ages.last_with(b"fa")), (Some(1), Some(0), None));
    }
}
