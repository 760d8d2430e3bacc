//! Sorting more records of one fixed size than memory holds: runs that fit are sorted and written to a temporary file, and merged as they
//! are read (external merge sort; Knuth, The Art of Computer Programming, vol. 3, 5.4).

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;

use kgdump_shared::fault::Outcome;

use super::spill::{Space, Spill};

/// Bytes of a run.
const RUN_BYTES: usize = 16 * 1024 * 1024;
/// Bytes of all runs together that are held while they are merged, unless there are so many that each has too few.
const MERGE_BYTES: usize = 8 * 1024 * 1024;
const LEAST_RECORDS_READ: usize = 128;

/// Where spills are made, and how many records are sorted in memory.
#[derive(Clone)]
pub struct Room {
    pub space: Arc<dyn Space>,
    /// Instead of as many as fit into 16 MiB.
    pub run_records: Option<usize>,
}

/// Takes records in any order and gives them back in byte order, each as often as it came.
pub struct Sorter<const N: usize> {
    room: Room,
    most: usize,
    records: Vec<[u8; N]>,
    is_sorted: bool,
    runs: Vec<(u64, u64)>,
    file: Option<Box<dyn Spill>>,
}

impl<const N: usize> Sorter<N> {
    pub fn new(room: &Room) -> Self {
        let most = room.run_records.unwrap_or(RUN_BYTES / N).max(1);
        Self { room: room.clone(), most, records: Vec::new(), is_sorted: true, runs: Vec::new(), file: None }
    }

    /// Errors: those of the temporary file.
    #[inline]
    pub fn push(&mut self, record: [u8; N]) -> Outcome<()> {
        if self.records.len() >= self.most {
            self.flush()?;
        }
        self.records.push(record);
        self.is_sorted = false;
        Ok(())
    }

    fn sort(&mut self) {
        if !self.is_sorted {
            self.records.sort_unstable_by(|a, b| start(a).cmp(&start(b)).then_with(|| a.cmp(b)));
            self.is_sorted = true;
        }
    }

    fn flush(&mut self) -> Outcome<()> {
        if self.records.is_empty() {
            return Ok(());
        }
        self.sort();
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(self.room.space.open()?),
        };
        let start = file.length();
        file.append(self.records.as_flattened())?;
        self.runs.push((start, file.length()));
        self.records.clear();
        Ok(())
    }

    /// All records in byte order. More may be added later, and it may be called again.
    ///
    /// Errors: those of the temporary file.
    pub fn sorted(&mut self) -> Outcome<Sorted<'_, N>> {
        if self.runs.is_empty() {
            self.sort();
            return Ok(Sorted::Held(self.records.iter()));
        }
        self.flush()?;
        self.records = Vec::new();
        let Some(file) = self.file.as_deref() else { return Ok(Sorted::Held([].iter())) };
        let at_once = (MERGE_BYTES / self.runs.len() / N).max(LEAST_RECORDS_READ);
        let mut merge = Merge { file, runs: Vec::new(), heap: BinaryHeap::new() };
        for (number, &(next, end)) in self.runs.iter().enumerate() {
            let mut run = Run { next, end, at_once, piece: Vec::new(), at: 0 };
            let first = run.take(file)?;
            merge.runs.push(run);
            merge.heap.extend(first.map(|record| Reverse((start(&record), record, number))));
        }
        Ok(Sorted::Merged(merge))
    }

    /// Gives memory and disk back; nothing may be asked of it any more.
    pub fn clear(&mut self) {
        (self.records, self.runs, self.file) = (Vec::new(), Vec::new(), None);
    }
}

/// The first bytes of a record as a number: most records differ there.
#[inline]
fn start<const N: usize>(record: &[u8; N]) -> u64 {
    record.first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes))
}

/// Records in byte order.
pub enum Sorted<'a, const N: usize> {
    Held(std::slice::Iter<'a, [u8; N]>),
    Merged(Merge<'a, N>),
}

impl<const N: usize> Sorted<'_, N> {
    /// Errors: IO_FAILED.
    #[inline]
    pub fn next(&mut self) -> Outcome<Option<[u8; N]>> {
        match self {
            Self::Held(records) => Ok(records.next().copied()),
            Self::Merged(merge) => merge.next(),
        }
    }
}

/// Runs that become one.
pub struct Merge<'a, const N: usize> {
    file: &'a dyn Spill,
    runs: Vec<Run<N>>,
    /// The start of a run's next record, that record, and the number of the run.
    heap: BinaryHeap<Reverse<(u64, [u8; N], usize)>>,
}

impl<const N: usize> Merge<'_, N> {
    fn next(&mut self) -> Outcome<Option<[u8; N]>> {
        let Some(mut first) = self.heap.peek_mut() else { return Ok(None) };
        let Reverse((_, record, number)) = *first;
        match self.runs[number].take(self.file)? {
            Some(next) => *first = Reverse((start(&next), next, number)),
            None => {
                std::collections::binary_heap::PeekMut::pop(first);
            }
        }
        Ok(Some(record))
    }
}

/// One run, piece by piece.
struct Run<const N: usize> {
    next: u64,
    end: u64,
    at_once: usize,
    piece: Vec<[u8; N]>,
    at: usize,
}

impl<const N: usize> Run<N> {
    fn take(&mut self, file: &dyn Spill) -> Outcome<Option<[u8; N]>> {
        if self.at == self.piece.len() {
            let left = ((self.end - self.next) / N as u64) as usize;
            self.piece.resize(left.min(self.at_once), [0; N]);
            file.read(self.piece.as_flattened_mut(), self.next)?;
            self.next += (self.piece.len() * N) as u64;
            self.at = 0;
        }
        let record = self.piece.get(self.at).copied();
        self.at += 1;
        Ok(record)
    }
}

#[cfg(test)]
mod tests {
    use super::super::spill::memory::Memory;
    use super::*;

    fn all<const N: usize>(sorter: &mut Sorter<N>) -> Vec<[u8; N]> {
        let mut sorted = sorter.sorted().expect("it can be sorted");
        std::iter::from_fn(|| sorted.next().expect("it can be read")).collect()
    }

    #[test]
    fn records_of_any_number_of_runs_come_in_order() {
        for (count, run) in [(0, 1), (1, 1), (5, 7), (7, 7), (8, 7), (1000, 7), (1000, 1), (1000, 999)] {
            let room = Room { space: Arc::new(Memory), run_records: Some(run) };
            let mut sorter = Sorter::<3>::new(&room);
            let mut wanted = Vec::new();
            let mut state = count as u32 + 1;
            for _ in 0..count {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let [a, b, c, _] = (state & 0xf0f_f0ff).to_be_bytes();
                wanted.push([a, b, c]);
                sorter.push([a, b, c]).expect("it can be written");
            }
            wanted.sort_unstable();
            assert_eq!(all(&mut sorter), wanted, "{count} {run}");
            assert_eq!(all(&mut sorter), wanted, "a second time");
            sorter.push([0; 3]).expect("it can be written");
            assert_eq!(all(&mut sorter).len(), wanted.len() + 1);
        }
    }
}
