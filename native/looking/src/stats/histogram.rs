//! How large things are: a histogram with buckets that grow with what they hold, so that each quantile is right to 1 %.
//!
//! Contract: sizes below 128 are counted one by one; a larger one is told as the middle of its bucket, which is no more than 1/128 of it away. Two
//! histograms are added up without a loss.

/// Buckets of each power of two.
const STEPS: usize = 64;
/// Sizes below have a bucket each.
const EXACT: u64 = 2 * STEPS as u64;

/// Sizes, counted in buckets.
#[derive(Clone, Debug, Default)]
pub struct Histogram {
    /// The bucket that `counts` begins with.
    first: usize,
    counts: Vec<u64>,
    total: u64,
    least: u64,
    most: u64,
}

impl Histogram {
    #[inline]
    pub fn add(&mut self, size: u64) {
        let bucket = bucket_of(size);
        if self.total == 0 {
            (self.first, self.least, self.most) = (bucket, size, size);
        }
        self.make_room(bucket, bucket);
        self.counts[bucket - self.first] += 1;
        self.total += 1;
        self.least = self.least.min(size);
        self.most = self.most.max(size);
    }

    pub fn merge(&mut self, other: &Self) {
        if other.total == 0 {
            return;
        }
        if self.total == 0 {
            self.clone_from(other);
            return;
        }
        self.make_room(other.first, other.first + other.counts.len() - 1);
        for (at, count) in other.counts.iter().enumerate() {
            self.counts[other.first + at - self.first] += count;
        }
        self.total += other.total;
        self.least = self.least.min(other.least);
        self.most = self.most.max(other.most);
    }

    pub fn least(&self) -> u64 {
        self.least
    }

    pub fn most(&self) -> u64 {
        self.most
    }

    /// The size that `percent` of all sizes do not exceed (nearest rank); 0 when there is none.
    pub fn quantile(&self, percent: u64) -> u64 {
        let rank = (u128::from(self.total) * u128::from(percent)).div_ceil(100).max(1) as u64;
        let mut passed = 0;
        for (at, count) in self.counts.iter().enumerate() {
            passed += count;
            if passed >= rank {
                return middle_of(self.first + at).clamp(self.least, self.most);
            }
        }
        self.most
    }

    fn make_room(&mut self, from: usize, to: usize) {
        if from < self.first {
            let more = self.first - from;
            self.counts.splice(0..0, std::iter::repeat_n(0, more));
            self.first = from;
        }
        if to - self.first >= self.counts.len() {
            self.counts.resize(to - self.first + 1, 0);
        }
    }
}

#[inline]
fn bucket_of(size: u64) -> usize {
    if size < EXACT {
        return size as usize;
    }
    let shift = 63 - size.leading_zeros() as usize - STEPS.trailing_zeros() as usize;
    shift * STEPS + (size >> shift) as usize
}

fn middle_of(bucket: usize) -> u64 {
    if (bucket as u64) < EXACT {
        return bucket as u64;
    }
    let shift = bucket / STEPS - 1;
    (((bucket - shift * STEPS) as u64) << shift) + ((1_u64 << shift) - 1) / 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_follow_one_another_and_are_narrow() {
        let mut last = 0;
        for size in (0..100_000_u64).chain((17..33).flat_map(|power| [(1 << power) - 1, 1 << power, (1 << power) + 1]))
        {
            let bucket = bucket_of(size);
            assert!(bucket == last || bucket == last + 1 || size > 100_000, "{size}");
            last = bucket;
            let middle = middle_of(bucket);
            assert_eq!(bucket_of(middle), bucket);
            assert!(middle.abs_diff(size) * 128 <= size, "{size} is told as {middle}");
        }
    }

    #[test]
    fn quantiles_are_those_of_sorted_sizes() {
        let sizes: Vec<u64> = (0..5000_u64).map(|at| (at * at * 7919) % 1_000_003 + at % 3).collect();
        let mut sorted = sizes.clone();
        sorted.sort_unstable();
        let (mut all, mut half, mut other) = (Histogram::default(), Histogram::default(), Histogram::default());
        for (at, &size) in sizes.iter().enumerate() {
            all.add(size);
            if at % 2 == 0 { half.add(size) } else { other.add(size) }
        }
        half.merge(&other);
        half.merge(&Histogram::default());
        for percent in [1, 50, 90, 99, 100] {
            let exact = sorted[(sorted.len() * percent).div_ceil(100) - 1];
            for found in [all.quantile(percent as u64), half.quantile(percent as u64)] {
                assert!(found.abs_diff(exact) * 100 <= exact, "{percent}: {found}, not {exact}");
            }
        }
        assert_eq!((all.least(), all.most()), (sorted[0], sorted[4999]));
        assert_eq!((half.least(), half.most()), (sorted[0], sorted[4999]));
        assert_eq!(Histogram::default().quantile(50), 0);
    }
}
