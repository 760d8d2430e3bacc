//! The kinds of problems that a graph can have, as records of fixed size that sort and compare as bytes; and how many of each there are.

use kgdump_shared::fault::Outcome;

use super::id::Id;
use super::layout::Kind;
use super::merge::Sorted;
use super::sorter::Sorter;

/// As they are named in `src/operations/graph/problems.ts`, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problem {
    KeyMalformed,
    ValueNotJson,
    ValueMisshapen,
    IdDiffers,
    SourceMissing,
    TargetMissing,
    ListLacksEdge,
    ListHasExtraEdge,
    ListRepeatsEdge,
    ListWithoutNode,
    StoredTwice,
}

pub const KINDS: usize = 11;
/// 1 kind, 1 kind of the record, 16 its id, 1 kind of the other + 1 (0: none), 16 its id.
pub const RECORD: usize = 35;
const RECORD_KINDS: [Kind; 4] = [Kind::Node, Kind::Edge, Kind::Outgoing, Kind::Incoming];
const EXAMPLES: usize = 5;

pub type Problems = Sorter<RECORD>;

/// Adds a problem to those that are to be sorted.
pub fn add(
    problems: &mut Problems,
    problem: Problem,
    (kind, id): (Kind, &Id),
    other: Option<(Kind, &Id)>,
) -> Outcome<()> {
    let mut record = [0; RECORD];
    (record[0], record[1]) = (problem as u8, kind as u8);
    record[2..18].copy_from_slice(id);
    if let Some((kind, id)) = other {
        record[18] = kind as u8 + 1;
        record[19..].copy_from_slice(id);
    }
    problems.push(record)
}

/// A problem, as it is told.
#[derive(Clone, Debug)]
pub struct Example {
    pub kind: Kind,
    pub id: Id,
    pub other: Option<(Kind, Id)>,
}

/// One kind of problem: how many, how many of them are new, and the first of them, or of the new ones.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    pub count: u64,
    pub new: u64,
    pub examples: Vec<Example>,
}

impl Tally {
    fn add(&mut self, is_new: bool, record: &[u8; RECORD]) {
        self.count += 1;
        if is_new && self.new == 0 {
            self.examples.clear();
        }
        self.new += u64::from(is_new);
        if is_new == (self.new > 0) && self.examples.len() < EXAMPLES {
            self.examples.push(example(record));
        }
    }
}

fn example(record: &[u8; RECORD]) -> Example {
    let id_at = |at: usize| {
        let mut id = Id::default();
        id.copy_from_slice(&record[at..at + 16]);
        id
    };
    let kind = |number: u8| RECORD_KINDS[usize::from(number) % RECORD_KINDS.len()];
    let other = record[18].checked_sub(1).map(|number| (kind(number), id_at(19)));
    Example { kind: kind(record[1]), id: id_at(2), other }
}

/// Counts them, those that another graph has too apart.
///
/// Errors: IO_FAILED.
pub fn tallies(own: &mut Problems, before: Option<&mut Problems>) -> Outcome<Vec<Tally>> {
    let compared = before.is_some();
    let mut tallies = vec![Tally::default(); KINDS];
    let mut own = Once::new(own.sorted()?);
    let mut others = before.map(|before| before.sorted()).transpose()?.map(Once::new);
    let mut other = next(&mut others)?;
    while let Some(record) = own.next()? {
        while other.is_some_and(|other| other < record) {
            other = next(&mut others)?;
        }
        let is_new = compared && other != Some(record);
        tallies[usize::from(record[0]) % KINDS].add(is_new, &record);
    }
    Ok(tallies)
}

fn next(others: &mut Option<Once<'_>>) -> Outcome<Option<[u8; RECORD]>> {
    others.as_mut().map_or(Ok(None), Once::next)
}

/// Problems one after the other, each once: two keyspaces may have the same.
struct Once<'a> {
    sorted: Sorted<'a, RECORD>,
    last: Option<[u8; RECORD]>,
}

impl<'a> Once<'a> {
    fn new(sorted: Sorted<'a, RECORD>) -> Self {
        Self { sorted, last: None }
    }

    fn next(&mut self) -> Outcome<Option<[u8; RECORD]>> {
        loop {
            let record = self.sorted.next()?;
            if record.is_none() || record != self.last {
                self.last = record;
                return Ok(record);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::Arc;

    use super::super::sorter::Room;
    use super::super::spill::memory::Memory;
    use super::*;

    /// Problems by a model: 3 bits for the kind, 2 for an id, 2 for that of the other record (0: none); and the same to be sorted.
    fn problems(bits: u128) -> (BTreeSet<(u8, u8)>, Problems) {
        let room = Room { space: Arc::new(Memory), run_records: Some(5) };
        let (mut model, mut sorter) = (BTreeSet::new(), Problems::new(&room, 0));
        for number in (0..128u8).filter(|number| bits >> number & 1 == 1) {
            let (kind, id) = (number >> 4, number & 15);
            model.insert((kind, id));
            let mut record = [0; RECORD];
            (record[0], record[17]) = (kind, id >> 2);
            (record[18], record[34]) = (u8::from(id & 3 > 0), id & 3);
            // Two keyspaces may have the same.
            for _ in 0..=id % 2 {
                sorter.push(record).expect("it can be kept");
            }
        }
        (model, sorter)
    }

    #[test]
    fn problems_that_were_there_before_are_told_from_new_ones_whatever_lies_between_them() {
        let mut state = 0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835_u128;
        let mut draw = |thin: bool| {
            state = state.wrapping_mul(0xda94_2042_e4dd_58b5).wrapping_add(1).rotate_left(47);
            if thin { state & state.rotate_left(31) & state.rotate_left(77) } else { state }
        };
        for round in 0..200 {
            let (own, mut sorted) = problems(draw(round % 2 == 0));
            let (before, mut sorted_before) = problems(draw(round % 3 == 0));
            let found = tallies(&mut sorted, Some(&mut sorted_before)).expect("it can be counted");
            for kind in 0..8 {
                let all: Vec<_> = own.iter().filter(|one| one.0 == kind).collect();
                let new: Vec<_> = all.iter().filter(|one| !before.contains(one)).map(|one| one.1).collect();
                let tally = &found[usize::from(kind)];
                assert_eq!(
                    (tally.count, tally.new),
                    (all.len() as u64, new.len() as u64),
                    "round {round}, kind {kind}"
                );
                let id_of = |Example { id, other, .. }: &Example| id[15] << 2 | other.map_or(0, |(_, other)| other[15]);
                let told: Vec<u8> = tally.examples.iter().map(id_of).collect();
                let first: Vec<u8> = if new.is_empty() { all.iter().map(|one| one.1).collect() } else { new };
                assert_eq!(told, first[..first.len().min(EXAMPLES)], "round {round}, kind {kind}");
            }
        }
    }
}
