//! Sorting more records of one fixed size than memory holds: runs that fit are sorted and written to a temporary file, and merged as they
//! are read (external merge sort; Knuth, The Art of Computer Programming, vol. 3, 5.4). What comes in order already is not sorted again:
//! a store's keys are, so that much of what they say is (natural merge sort, ibid. 5.2.4).

use std::cmp::Ordering;
use std::ops::Range;
use std::sync::Arc;

use kgdump_shared::fault::Outcome;

use super::merge::{Piece, Run, Sorted, order};
use super::sort::sort;
use super::spill::{Space, Spill};

/// Bytes of records that are held where nothing asks for another amount.
pub const HELD_BYTES: usize = 16 << 20;
/// Bytes of all spilled runs of a sorter that are held while they are merged, unless there are so many that each has too few.
const MERGE_BYTES: usize = 2 << 20;
const LEAST_RECORDS_READ: usize = 128;
/// Most bytes of one run that are held: as many as a processor's cache has room for.
const MOST_BYTES_READ: usize = 1 << 18;
/// More runs than these are sorted instead.
const MOST_NATURAL_RUNS: usize = 8;
/// From so many records on, each half is looked at by a thread of its own.
const FEWEST_IN_HALVES: usize = 1 << 15;

/// Where spills are made, and how many records are sorted in memory.
#[derive(Clone)]
pub struct Room {
    pub space: Arc<dyn Space>,
    /// Instead of as many as fit into what each sorter may hold.
    pub run_records: Option<usize>,
}

impl Room {
    /// Whether so many records are worth a second thread, of which WebAssembly has none.
    pub fn has_halves(&self, records: u64) -> bool {
        !cfg!(target_family = "wasm") && records >= self.run_records.unwrap_or(FEWEST_IN_HALVES) as u64
    }
}

/// Takes records in any order and gives them back in byte order, each as often as it came.
pub struct Sorter<const N: usize> {
    room: Room,
    most: usize,
    records: Vec<[u8; N]>,
    /// Where each run of `records` begins; `None` when they are in no order.
    starts: Option<Vec<usize>>,
    spilled: Vec<Range<u64>>,
    /// The last record of the last of these.
    spilled_last: Option<[u8; N]>,
    file: Option<Box<dyn Spill>>,
}

impl<const N: usize> Sorter<N> {
    /// @param held bytes of records that it may hold
    pub fn new(room: &Room, held: usize) -> Self {
        let most = room.run_records.unwrap_or(held / N).max(1);
        Self {
            room: room.clone(),
            most,
            records: Vec::new(),
            starts: Some(Vec::new()),
            spilled: Vec::new(),
            spilled_last: None,
            file: None,
        }
    }

    /// Errors: those of the temporary file.
    #[inline]
    pub fn push(&mut self, record: [u8; N]) -> Outcome<()> {
        if self.records.len() >= self.most {
            self.flush()?;
        }
        if let Some(starts) = &mut self.starts
            && self.records.last().is_none_or(|last| order(&record, last) == Ordering::Less)
        {
            starts.push(self.records.len());
            if starts.len() > MOST_NATURAL_RUNS {
                self.starts = None;
            }
        }
        self.records.push(record);
        Ok(())
    }

    /// Runs of `records`, which are sorted for that when they are in no order.
    fn held(&mut self) -> Vec<Range<usize>> {
        let records = &mut self.records;
        let starts = self.starts.get_or_insert_with(|| {
            sort(records);
            vec![0]
        });
        let ends = starts.iter().skip(1).copied().chain([records.len()]);
        starts.iter().zip(ends).map(|(&start, end)| start..end).collect()
    }

    fn flush(&mut self) -> Outcome<()> {
        let runs = self.held();
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(self.room.space.open()?),
        };
        for run in runs {
            let records = &self.records[run];
            let start = file.length();
            file.append(records.as_flattened())?;
            match (self.spilled.last_mut(), &self.spilled_last, records.first()) {
                // It goes on in order: that is one run.
                (Some(run), Some(last), Some(first)) if order(last, first) != Ordering::Greater => {
                    run.end = file.length()
                }
                _ => self.spilled.push(start..file.length()),
            }
            self.spilled_last = records.last().copied();
        }
        self.records.clear();
        self.starts = Some(Vec::new());
        Ok(())
    }

    /// Number of all records.
    pub fn len(&self) -> u64 {
        self.spilled.iter().map(|run| (run.end - run.start) / N as u64).sum::<u64>() + self.records.len() as u64
    }

    /// All runs, in memory and in the file.
    fn runs(&mut self) -> Vec<Run<'_, N>> {
        let held = self.held();
        let bytes = MOST_BYTES_READ.min(MERGE_BYTES / self.spilled.len().max(1));
        let at_once = (bytes / N).max(LEAST_RECORDS_READ);
        let file = self.file.as_deref().into_iter();
        let spilled = file.flat_map(|file| {
            self.spilled.iter().map(move |left| Run::Spilled(Piece::new(file, left.clone(), at_once)))
        });
        spilled.chain(held.into_iter().map(|run| Run::Held(self.records[run].iter()))).collect()
    }

    /// All records in byte order. More may be added later, and it may be called again.
    ///
    /// Errors: those of the temporary file.
    pub fn sorted(&mut self) -> Outcome<Sorted<'_, N>> {
        Sorted::of(self.runs())
    }

    /// The same in two parts: what comes before `at` in byte order, and the rest. @param at the first bytes of a record
    ///
    /// Errors: those of the temporary file.
    pub fn halves(&mut self, at: &[u8]) -> Outcome<[Sorted<'_, N>; 2]> {
        let mut record = [0; N];
        record[..at.len()].copy_from_slice(at);
        let (mut first, mut second) = (Vec::new(), Vec::new());
        for run in self.runs() {
            let [before, behind] = run.split(&record)?;
            first.push(before);
            second.push(behind);
        }
        Ok([Sorted::of(first)?, Sorted::of(second)?])
    }

    /// The length of the longest run, and the record in its middle.
    ///
    /// Errors: those of the temporary file.
    pub fn middle(&mut self) -> Outcome<(u64, Option<[u8; N]>)> {
        let runs = self.runs();
        let Some(longest) = runs.iter().max_by_key(|run| run.len()) else { return Ok((0, None)) };
        Ok((longest.len(), Some(longest.middle()?)))
    }

    /// Gives memory and disk back; nothing may be asked of it any more.
    pub fn clear(&mut self) {
        *self = Self { most: self.most, ..Self::new(&self.room, 0) };
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

    /// Numbers that look random, the same for the same seed.
    fn numbers(seed: u32) -> impl Iterator<Item = u32> {
        std::iter::successors(Some(seed + 1), |state| Some(state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223)))
            .skip(1)
    }

    fn record(number: u32) -> [u8; 3] {
        let [a, b, c, _] = (number & 0xf0f_f0ff).to_be_bytes();
        [a, b, c]
    }

    /// Records as they come from stores: in order, backwards, in some orders one after the other, in none.
    fn orders(count: usize) -> [Vec<[u8; 3]>; 5] {
        let any: Vec<_> = numbers(count as u32).map(record).take(count).collect();
        let mut up = any.clone();
        up.sort_unstable();
        let down = up.iter().rev().copied().collect();
        let twice = up.iter().step_by(2).chain(up.iter().skip(1).step_by(2)).copied().collect();
        let mut late = up.clone();
        late.rotate_left(count.min(1));
        [any, up, down, twice, late]
    }

    #[test]
    fn records_of_any_number_of_runs_come_in_order() {
        let many = FEWEST_IN_HALVES + 1;
        for (count, run) in
            [(0, 1), (1, 1), (5, 7), (7, 7), (8, 7), (1000, 7), (1000, 1), (1000, 999), (many, many), (many, 1 << 14)]
        {
            for (order, records) in orders(count).into_iter().enumerate() {
                let what = format!("{count} in runs of {run}, order {order}");
                let room = Room { space: Arc::new(Memory), run_records: Some(run) };
                let mut sorter = Sorter::<3>::new(&room, 0);
                records.iter().for_each(|record| sorter.push(*record).expect("it can be written"));
                let mut wanted = records;
                wanted.sort_unstable();
                assert!(all(&mut sorter) == wanted, "{what}");
                assert!(all(&mut sorter) == wanted, "{what}, a second time");
                assert!(order != 1 || sorter.spilled.len() < 2, "{what}: what comes in order is one run");
                sorter.push([7; 3]).expect("it can be written");
                wanted.push([7; 3]);
                wanted.sort_unstable();
                assert!(all(&mut sorter) == wanted, "{what}, with one more");
            }
        }
    }

    #[test]
    fn halves_are_all_of_it_each_on_its_side_of_the_boundary() {
        for (count, run) in [(0, 5), (1, 5), (5, 5), (1000, 7), (1000, 1), (300, 1000)] {
            for (number, records) in orders(count).into_iter().enumerate() {
                let what = format!("{count} in runs of {run}, order {number}");
                let room = Room { space: Arc::new(Memory), run_records: Some(run) };
                let mut sorter = Sorter::<3>::new(&room, 0);
                records.iter().for_each(|record| sorter.push(*record).expect("it can be written"));
                assert_eq!(sorter.len(), count as u64, "{what}");
                let mut wanted = records;
                wanted.sort_unstable();
                let (length, middle) = sorter.middle().expect("it can be read");
                assert!(length <= count as u64 && (length == 0) == (count == 0), "{what}");
                assert_eq!(middle.is_none(), count == 0, "{what}");
                assert!(middle.is_none_or(|middle| wanted.contains(&middle)), "{what}");
                let middle = middle.unwrap_or_default();
                for boundary in [&[][..], &middle[..1], &middle, &[0xff; 3]] {
                    let [first, second] = sorter.halves(boundary).expect("they can be sorted").map(|mut half| {
                        std::iter::from_fn(|| half.next().expect("it can be read")).collect::<Vec<_>>()
                    });
                    assert!(first.iter().all(|record| record[..] < *boundary), "{what}");
                    assert!(second.iter().all(|record| record[..] >= *boundary), "{what}");
                    assert_eq!([first, second].concat(), wanted, "{what}");
                }
            }
        }
    }
}
