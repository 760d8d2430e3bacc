//! Runs of sorted records that become one, as they are read.

use std::cmp::Ordering;
use std::ops::Range;

use kgdump_shared::fault::Outcome;

use super::spill::Spill;

/// Byte order, eight bytes at a time: records mostly differ in the first ones.
#[inline]
pub fn order<const N: usize>(one: &[u8; N], other: &[u8; N]) -> Ordering {
    let ((ones, end), (others, other_end)) = (one.as_chunks::<8>(), other.as_chunks::<8>());
    for (one, other) in ones.iter().zip(others) {
        let (one, other) = (u64::from_be_bytes(*one), u64::from_be_bytes(*other));
        if one != other {
            return one.cmp(&other);
        }
    }
    end.cmp(other_end)
}

/// Records in byte order.
pub enum Sorted<'a, const N: usize> {
    One(Option<Run<'a, N>>),
    Merged(Merge<'a, N>),
}

impl<'a, const N: usize> Sorted<'a, N> {
    /// All records of some runs.
    ///
    /// Errors: IO_FAILED.
    pub fn of(mut runs: Vec<Run<'a, N>>) -> Outcome<Self> {
        runs.iter_mut().try_for_each(Run::fill)?;
        if runs.len() < 2 { Ok(Self::One(runs.pop())) } else { Ok(Self::Merged(Merge::of(runs))) }
    }

    /// The next record, which stays the next one.
    #[inline]
    pub fn peek(&self) -> Option<&[u8; N]> {
        match self {
            Self::One(run) => run.as_ref().and_then(Run::peek),
            Self::Merged(merge) => merge.peek(),
        }
    }

    /// Leaves the next record behind.
    ///
    /// Errors: IO_FAILED.
    #[inline]
    pub fn advance(&mut self) -> Outcome<()> {
        match self {
            Self::One(run) => run.as_mut().map_or(Ok(()), Run::advance),
            Self::Merged(merge) => merge.advance(),
        }
    }

    /// Errors: IO_FAILED.
    #[inline]
    pub fn next(&mut self) -> Outcome<Option<[u8; N]>> {
        let next = self.peek().copied();
        self.advance()?;
        Ok(next)
    }
}

/// Runs that become one: a heap of their numbers, by the next record of each.
pub struct Merge<'a, const N: usize> {
    runs: Vec<Run<'a, N>>,
    heads: Vec<[u8; N]>,
    heap: Vec<usize>,
}

impl<'a, const N: usize> Merge<'a, N> {
    fn of(runs: Vec<Run<'a, N>>) -> Self {
        let heads: Vec<_> = runs.iter().map(|run| run.peek().copied().unwrap_or([0; N])).collect();
        let heap = (0..runs.len()).filter(|&run| runs[run].peek().is_some()).collect();
        let mut merge = Self { runs, heads, heap };
        for place in (0..merge.heap.len() / 2).rev() {
            merge.sink(place);
        }
        merge
    }

    #[inline]
    fn peek(&self) -> Option<&[u8; N]> {
        self.heap.first().map(|&first| &self.heads[first])
    }

    #[inline]
    fn advance(&mut self) -> Outcome<()> {
        let Some(&first) = self.heap.first() else { return Ok(()) };
        self.runs[first].advance()?;
        match self.runs[first].peek() {
            Some(next) => self.heads[first] = *next,
            None => {
                self.heap.swap_remove(0);
            }
        }
        self.sink(0);
        Ok(())
    }

    /// Moves a run down below those whose next record comes before its own.
    #[inline]
    fn sink(&mut self, mut place: usize) {
        let before = |heap: &[usize], one: usize, other: usize| {
            order(&self.heads[heap[one]], &self.heads[heap[other]]) == Ordering::Less
        };
        loop {
            let mut below = 2 * place + 1;
            if below >= self.heap.len() {
                return;
            }
            if below + 1 < self.heap.len() && before(&self.heap, below + 1, below) {
                below += 1;
            }
            if !before(&self.heap, below, place) {
                return;
            }
            self.heap.swap(below, place);
            place = below;
        }
    }
}

/// Records in order, in memory or in a file.
pub enum Run<'a, const N: usize> {
    Held(std::slice::Iter<'a, [u8; N]>),
    Spilled(Piece<'a, N>),
}

impl<const N: usize> Run<'_, N> {
    pub fn len(&self) -> u64 {
        match self {
            Self::Held(records) => records.len() as u64,
            Self::Spilled(piece) => (piece.left.end - piece.left.start) / N as u64,
        }
    }

    /// Errors: IO_FAILED.
    pub fn middle(&self) -> Outcome<[u8; N]> {
        let middle = self.len() / 2;
        match self {
            Self::Held(records) => Ok(records.as_slice().get(middle as usize).copied().unwrap_or([0; N])),
            Self::Spilled(piece) => piece.record(middle),
        }
    }

    /// Those that come before `at`, and the others.
    ///
    /// Errors: IO_FAILED.
    pub fn split(self, at: &[u8; N]) -> Outcome<[Self; 2]> {
        match self {
            Self::Held(records) => {
                let records = records.as_slice();
                let before = records.partition_point(|record| order(record, at) == Ordering::Less);
                Ok([&records[..before], &records[before..]].map(|part| Self::Held(part.iter())))
            }
            Self::Spilled(piece) => Ok(piece.split(at)?.map(Self::Spilled)),
        }
    }

    /// Reads the first piece.
    fn fill(&mut self) -> Outcome<()> {
        match self {
            Self::Held(_) => Ok(()),
            Self::Spilled(piece) => piece.fill(),
        }
    }

    #[inline]
    fn peek(&self) -> Option<&[u8; N]> {
        match self {
            Self::Held(records) => records.as_slice().first(),
            Self::Spilled(piece) => piece.records.get(piece.at),
        }
    }

    #[inline]
    fn advance(&mut self) -> Outcome<()> {
        match self {
            Self::Held(records) => {
                records.next();
                Ok(())
            }
            Self::Spilled(piece) => piece.advance(),
        }
    }
}

/// One run, piece by piece.
pub struct Piece<'a, const N: usize> {
    file: &'a dyn Spill,
    left: Range<u64>,
    at_once: usize,
    records: Vec<[u8; N]>,
    at: usize,
}

impl<'a, const N: usize> Piece<'a, N> {
    /// @param left where it lies in the file; at_once: records that are read together
    pub fn new(file: &'a dyn Spill, left: Range<u64>, at_once: usize) -> Self {
        Self { file, left, at_once, records: Vec::new(), at: 0 }
    }

    fn record(&self, number: u64) -> Outcome<[u8; N]> {
        let mut record = [0; N];
        self.file.read(&mut record, self.left.start + number * N as u64)?;
        Ok(record)
    }

    fn split(self, at: &[u8; N]) -> Outcome<[Self; 2]> {
        let Range { start, end } = self.left;
        let (mut low, mut high) = (0, (end - start) / N as u64);
        while low < high {
            let middle = low.midpoint(high);
            if order(&self.record(middle)?, at) == Ordering::Less {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        let between = start + low * N as u64;
        Ok([start..between, between..end].map(|left| Self::new(self.file, left, self.at_once)))
    }

    #[inline]
    fn advance(&mut self) -> Outcome<()> {
        self.at += 1;
        if self.at < self.records.len() { Ok(()) } else { self.fill() }
    }

    /// Reads the next piece; nothing when there is none.
    fn fill(&mut self) -> Outcome<()> {
        let left = ((self.left.end - self.left.start) / N as u64) as usize;
        self.records.resize(left.min(self.at_once), [0; N]);
        self.file.read(self.records.as_flattened_mut(), self.left.start)?;
        self.left.start += (self.records.len() * N) as u64;
        self.at = 0;
        Ok(())
    }
}
