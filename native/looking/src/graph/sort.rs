//! Sorts records in memory: they are distributed to parts by the bytes in which they first differ, each where it belongs within the same
//! memory, and then each part, which a processor's cache holds, is sorted by comparison (American flag sort: P. McIlroy, K. Bostic,
//! M. McIlroy, Engineering Radix Sort, 1993; parts by interpolation: Knuth, The Art of Computer Programming, vol. 3, 5.2.5).

use std::ops::Range;

use super::merge::order;
use super::threads::beside;

/// Most parts.
const PARTS: usize = 1 << 10;
/// Fewer records are sorted by comparison at once.
const FEW: usize = 1 << 12;
/// From so many records on, a second thread helps.
const FEWEST_FOR_TWO: usize = 1 << 15;

/// Sorts records in byte order, each as often as it is there.
pub fn sort<const N: usize>(records: &mut [[u8; N]]) {
    let Some(way) = Some(&*records).filter(|records| records.len() > FEW).and_then(Way::of) else {
        return records.sort_unstable_by(order);
    };
    let ends = distribute(records, &way);
    let half = ends.partition_point(|&end| end <= records.len() / 2);
    let middle = half.checked_sub(1).map_or(0, |last| ends[last]);
    let two = records.len() >= FEWEST_FOR_TWO;
    let (first, second) = records.split_at_mut(middle);
    beside(two, || sort_parts(first, 0, &ends[..half]), || sort_parts(second, middle, &ends[half..]));
}

/// What a look at all records gives, of two halves of them.
fn of_halves<const N: usize, T: Send>(records: &[[u8; N]], look: impl Fn(&[[u8; N]]) -> T + Sync) -> (T, T) {
    let (first, second) = records.split_at(records.len() / 2);
    beside(records.len() >= FEWEST_FOR_TWO, || look(first), || look(second))
}

/// Which part a record is in: by so many bytes behind what all have in common.
struct Way {
    bytes: Range<usize>,
    least: u64,
    shift: u32,
}

impl Way {
    /// `None` when all records are the same.
    fn of<const N: usize>(records: &[[u8; N]]) -> Option<Self> {
        for start in (0..N).step_by(size_of::<u64>()) {
            let bytes = start..N.min(start + size_of::<u64>());
            let ends_of = |records: &[[u8; N]]| {
                let numbers = records.iter().map(|record| number(&record[bytes.clone()]));
                numbers.fold((u64::MAX, 0), |(least, greatest), number| (least.min(number), greatest.max(number)))
            };
            let (one, other) = of_halves(records, ends_of);
            let (least, greatest) = (one.0.min(other.0), one.1.max(other.1));
            if least < greatest {
                let bits = u64::BITS - (greatest - least).leading_zeros();
                return Some(Self { bytes, least, shift: bits.saturating_sub(PARTS.ilog2()) });
            }
        }
        None
    }

    #[inline]
    fn part<const N: usize>(&self, record: &[u8; N]) -> usize {
        ((number(&record[self.bytes.clone()]) - self.least) >> self.shift) as usize
    }
}

/// Up to 8 bytes as a number, the first one the greatest.
#[inline]
fn number(bytes: &[u8]) -> u64 {
    match bytes.first_chunk() {
        Some(all) => u64::from_be_bytes(*all),
        None => bytes.iter().fold(0, |number, &byte| number << 8 | u64::from(byte)),
    }
}

/// Moves each record into its part. Where each part ends then.
fn distribute<const N: usize>(records: &mut [[u8; N]], way: &Way) -> Vec<usize> {
    let (counts, others) = of_halves(records, |records| {
        let mut counts = [0; PARTS];
        for record in records {
            counts[way.part(record)] += 1;
        }
        counts
    });
    let mut ends = Vec::with_capacity(PARTS);
    // Where the next record of each part goes.
    let mut free = [0; PARTS];
    let mut at = 0;
    for (free, (count, other)) in free.iter_mut().zip(counts.into_iter().zip(others)) {
        *free = at;
        at += count + other;
        ends.push(at);
    }
    for part in 0..PARTS {
        while free[part] < ends[part] {
            // One is taken out, and put where it belongs, and so on with what was there, until one belongs where the first was.
            let mut record = records[free[part]];
            loop {
                let own = way.part(&record);
                std::mem::swap(&mut record, &mut records[free[own]]);
                free[own] += 1;
                if own == part {
                    break;
                }
            }
        }
    }
    ends
}

/// Sorts parts, of which the first begins at `start` and each ends at one of `ends`, of all records.
fn sort_parts<const N: usize>(records: &mut [[u8; N]], start: usize, ends: &[usize]) {
    let mut at = 0;
    for end in ends {
        let end = end - start;
        records[at..end].sort_unstable_by(order);
        at = end;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers that look random.
    fn numbers() -> impl Iterator<Item = u64> + Clone {
        std::iter::successors(Some(7_u64), |state| {
            Some(state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407))
        })
        .map(|state| state >> 20)
    }

    fn check<const N: usize>(what: &str, records: impl Iterator<Item = [u8; N]> + Clone) {
        for count in [0, 1, 2, FEW, FEW + 1, FEWEST_FOR_TWO] {
            let mut sorted: Vec<_> = records.clone().take(count).collect();
            let mut wanted = sorted.clone();
            wanted.sort();
            sort(&mut sorted);
            assert!(sorted == wanted, "{count} {what}, in {N} bytes");
        }
    }

    fn check_all<const N: usize>() {
        let of = |number: u64| {
            let mut record = [0x55; N];
            let bytes = number.to_be_bytes();
            record[N.saturating_sub(8)..].copy_from_slice(&bytes[8_usize.saturating_sub(N)..]);
            record
        };
        let from_start = |number: u64| {
            let mut record = [0; N];
            let bytes = number.to_be_bytes();
            record[..N.min(8)].copy_from_slice(&bytes[..N.min(8)]);
            record
        };
        check("of any kind", numbers().map(|number| from_start(number << 20)));
        check("that differ at their ends", numbers().map(of));
        check("that are few", numbers().map(|number| of(number % 3)));
        check("that are all the same", numbers().map(|_| of(7)));
        check("but for one, the same", numbers().enumerate().map(|(at, _)| of(if at == 5 { 0 } else { u64::MAX })));
        check(
            "mostly in one part",
            numbers().map(|number| from_start(if number % 99 == 0 { u64::MAX } else { number })),
        );
        check("at both ends", numbers().map(|number| from_start(if number % 2 == 0 { u64::MAX } else { 0 })));
        check("in order", (0..).map(of));
        check("in order, backwards", (0..u64::MAX).rev().map(of));
    }

    #[test]
    fn records_of_all_kinds_come_into_byte_order() {
        check_all::<1>();
        check_all::<8>();
        check_all::<43>();
    }
}
