//! Sorting more records of one fixed size than memory holds: runs that fit are sorted and written to a temporary file, and merged as they
//! are read (external merge sort; Knuth, The Art of Computer Programming, vol. 3, 5.4). What comes in order already is not sorted again:
//! a store's keys are, so that much of what they say is (natural merge sort, ibid. 5.2.4).

use std::cmp::Ordering;
use std::ops::Range;
use std::sync::Arc;

use kgdump_shared::fault::Outcome;

use super::merge::{Piece, Run, Sorted, order};
use super::spill::{Space, Spill};

/// Bytes of records that are held where nothing asks for another amount.
pub const HELD_BYTES: usize = 16 << 20;
/// Bytes of all spilled runs together that are held while they are merged, unless there are so many that each has too few.
const MERGE_BYTES: usize = 8 * 1024 * 1024;
const LEAST_RECORDS_READ: usize = 128;
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
    fn has_halves(&self, records: u64) -> bool {
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

    /// Sorts what is in memory, on this thread.
    pub fn settle(&mut self) {
        let records = &mut self.records;
        self.starts.get_or_insert_with(|| {
            records.sort_unstable_by(order);
            vec![0]
        });
    }

    /// Runs of `records`, which are sorted for that when they are in no order.
    fn runs(&mut self) -> Vec<Range<usize>> {
        let records = &mut self.records;
        let starts = self.starts.get_or_insert_with(|| sort(records));
        let ends = starts.iter().skip(1).copied().chain([records.len()]);
        starts.iter().zip(ends).map(|(&start, end)| start..end).collect()
    }

    fn flush(&mut self) -> Outcome<()> {
        let runs = self.runs();
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

    /// All records in byte order. More may be added later, and it may be called again.
    ///
    /// Errors: those of the temporary file.
    pub fn sorted(&mut self) -> Outcome<Sorted<'_, N>> {
        merged([self])
    }

    /// Gives memory and disk back; nothing may be asked of it any more.
    pub fn clear(&mut self) {
        *self = Self { most: self.most, ..Self::new(&self.room, 0) };
    }
}

/// The records of several sorters in byte order.
///
/// Errors: those of the temporary files.
pub fn merged<'a, const N: usize>(sorters: impl IntoIterator<Item = &'a mut Sorter<N>>) -> Outcome<Sorted<'a, N>> {
    Sorted::of(runs_of(sorters)?)
}

/// The same in two parts, where a second thread is worth it, and else in one.
/// @param boundary the first record that may be in the second part, from one in the middle
///
/// Errors: those of the temporary files.
pub fn parts<'a, const N: usize>(
    room: &Room,
    sorters: impl IntoIterator<Item = &'a mut Sorter<N>>,
    boundary: impl FnOnce([u8; N]) -> [u8; N],
) -> Outcome<Vec<Sorted<'a, N>>> {
    let runs = runs_of(sorters)?;
    let longest = runs.iter().max_by_key(|run| run.len());
    let Some(longest) = longest.filter(|_| room.has_halves(runs.iter().map(Run::len).sum())) else {
        return Ok(vec![Sorted::of(runs)?]);
    };
    let at = boundary(longest.middle()?);
    let mut halves = [Vec::new(), Vec::new()];
    for run in runs {
        for (half, part) in halves.iter_mut().zip(run.split(&at)?) {
            half.push(part);
        }
    }
    halves.into_iter().map(Sorted::of).collect()
}

fn runs_of<'a, const N: usize>(sorters: impl IntoIterator<Item = &'a mut Sorter<N>>) -> Outcome<Vec<Run<'a, N>>> {
    let sorters: Vec<_> = sorters.into_iter().collect();
    let spilled: usize = sorters.iter().map(|sorter| sorter.spilled.len()).sum();
    // Two parts are read at once.
    let at_once = (MERGE_BYTES / 2 / spilled.max(1) / N).max(LEAST_RECORDS_READ);
    let mut runs = Vec::new();
    for sorter in sorters {
        let held = sorter.runs();
        if let Some(file) = sorter.file.as_deref() {
            let spilled = sorter.spilled.iter().cloned();
            runs.extend(spilled.map(|left| Run::Spilled(Piece::new(file, left, at_once))));
        }
        runs.extend(held.into_iter().map(|run| Run::Held(sorter.records[run].iter())));
    }
    Ok(runs)
}

/// Sorts records, and says where runs begin then.
fn sort<const N: usize>(records: &mut [[u8; N]]) -> Vec<usize> {
    let by_bytes = |records: &mut [[u8; N]]| records.sort_unstable_by(order);
    // WebAssembly has one thread.
    if cfg!(target_family = "wasm") || records.len() < FEWEST_IN_HALVES {
        by_bytes(records);
        return vec![0];
    }
    let half = records.len() / 2;
    let (first, second) = records.split_at_mut(half);
    let alone = std::thread::scope(|scope| {
        let other = std::thread::Builder::new().spawn_scoped(scope, || by_bytes(first));
        by_bytes(second);
        other.is_err()
    });
    if alone {
        by_bytes(first);
    }
    vec![0, half]
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
    fn parts_are_all_of_it_each_on_its_side_of_the_boundary() {
        for (count, run, wanted_parts) in [(0, 5, 1), (4, 5, 1), (5, 5, 2), (1000, 7, 2), (1000, 1, 2), (300, 1000, 1)]
        {
            for (number, records) in orders(count).into_iter().enumerate() {
                let what = format!("{count} in runs of {run}, order {number}");
                let room = Room { space: Arc::new(Memory), run_records: Some(run) };
                let mut sorters = [0; 2].map(|_| Sorter::<3>::new(&room, 0));
                for (at, record) in records.iter().enumerate() {
                    sorters[at % 2].push(*record).expect("it can be written");
                }
                let mut boundary = [0; 3];
                let parts = parts(&room, &mut sorters, |middle| {
                    boundary = if number % 2 == 0 { middle } else { [middle[0], 0, 0] };
                    boundary
                });
                let parts = parts.expect("they can be sorted").into_iter();
                let parts: Vec<Vec<_>> = parts
                    .map(|mut part| std::iter::from_fn(|| part.next().expect("it can be read")).collect())
                    .collect();
                let mut wanted = records;
                wanted.sort_unstable();
                assert_eq!((parts.len(), &parts.concat()), (wanted_parts, &wanted), "{what}");
                if let [first, second] = &parts[..] {
                    assert!(first.iter().all(|record| *record < boundary), "{what}");
                    assert!(second.first().is_some_and(|record| *record >= boundary), "{what}");
                }
            }
        }
    }

    #[test]
    fn several_sorters_give_one_order() {
        for run in [3, 1000] {
            let room = Room { space: Arc::new(Memory), run_records: Some(run) };
            let mut sorters = [0; 3].map(|_| Sorter::<3>::new(&room, 0));
            let mut wanted = Vec::new();
            for (number, records) in orders(100).into_iter().take(3).enumerate() {
                for record in records {
                    sorters[number].push(record).expect("it can be written");
                    wanted.push(record);
                }
            }
            wanted.sort_unstable();
            let mut sorted = merged(sorters.each_mut()).expect("they can be sorted");
            let all: Vec<_> = std::iter::from_fn(|| sorted.next().expect("it can be read")).collect();
            assert_eq!(all, wanted);
        }
    }
}
