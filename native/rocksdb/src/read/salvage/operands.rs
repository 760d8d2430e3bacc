//! What the operands of one key make, where all of them are there.
//!
//! Contract: a value is made only of operands between which nothing can be lost; else what was there before them is told, which is
//! older, and was the key's value once.

use crate::files::table::kind;
use crate::read::merge_operators::Operator;

use super::losses::{lies_between, Sweep};
use super::merge::Merge;
use super::values::{Value, Values};

/// How the operands of a family are joined.
pub enum Joining {
    By(Operator),
    /// They are left out: why.
    Not(String),
}

/// What became of a key.
pub enum Joined {
    Whole(Vec<u8>),
    /// Operands that came later are left out: why.
    Older(Vec<u8>, String),
    Removed,
    /// Nothing can be told: why, and from which file.
    Lost(String, Option<String>),
}

/// Where operands of a key may be lost.
pub struct Doubts<'d> {
    /// Losses that are about the key's place; it stands on the key.
    pub here: &'d Sweep,
    /// Those that may be anywhere: their smallest and largest sequence numbers.
    pub anywhere: &'d [(u64, u64)],
    /// The sequence number of the newest removal of a range that the key lies in.
    pub removed: Option<u64>,
}

/// Joins the operands of `key`, on whose newest one `merge` stands; it stands within the key's entries after that, or behind them.
pub fn join(merge: &mut Merge, key: &[u8], joining: &Joining, doubts: &Doubts<'_>, values: &mut Values) -> Joined {
    let mut operands: Vec<Vec<u8>> = Vec::new();
    let mut before: Option<Vec<u8>> = None;
    // Nothing that is older than this matters; the last level's entries have the number 0.
    let mut floor = doubts.removed;
    let (mut newest, mut last, mut twice) = (0, u64::MAX, false);
    while let Some(top) = merge.key().filter(|top| top.user == key) {
        let (sequence, found) = (top.sequence, top.kind);
        if doubts.removed.is_some_and(|removal| removal > sequence) {
            break;
        }
        newest = newest.max(sequence);
        twice |= sequence == last;
        last = sequence;
        let Some(cursor) = merge.top() else { break };
        let stored = match cursor.value() {
            Ok(stored) => stored,
            Err(error) => return Joined::Lost(error.reason(), None),
        };
        if found == kind::MERGE {
            operands.push(stored.to_vec());
            merge.pop();
            continue;
        }
        floor = Some(sequence);
        match values.resolve(key, found, stored) {
            Value::Bytes(bytes) => before = Some(bytes.to_vec()),
            Value::Removed => {}
            Value::Lost(reason, file) => return Joined::Lost(reason, file),
        }
        break;
    }
    let reason = match joining {
        Joining::Not(reason) => reason.as_str(),
        Joining::By(_) if twice => "two of its entries have the same number: what an operand made may be among them",
        Joining::By(operator) => {
            let here = doubts.here.between(floor, newest);
            if !here && !doubts.anywhere.iter().any(|&range| lies_between(range, floor, newest)) {
                let oldest_first = operands.iter().rev().map(Vec::as_slice);
                return Joined::Whole(operator.join(before.as_deref(), oldest_first));
            }
            "its newest entry is an operand, and one before it may be lost"
        }
    };
    match before {
        Some(before) => Joined::Older(before, reason.to_owned()),
        None => Joined::Lost(reason.to_owned(), None),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::read::salvage::losses::Loss;
    use crate::read::salvage::run::{Cursor, MemoryRun};
    use crate::read::walk::KeyOrder;

    /// Operands with the numbers 8 and 6, and perhaps a value with the number 4 before them.
    fn entries(with_value: bool) -> Merge {
        let mut run = MemoryRun::default();
        let all = [(8, kind::MERGE, "c"), (6, kind::MERGE, "b"), (4, kind::VALUE, "a")];
        for (sequence, kind, value) in all.into_iter().take(if with_value { 3 } else { 2 }) {
            run.push(&[b"k", &(sequence << 8 | u64::from(kind)).to_le_bytes()[..]].concat(), value.as_bytes());
        }
        Merge::new(KeyOrder::Bytewise, vec![Cursor::over_memory(1, Arc::new(run))])
    }

    #[test]
    fn operands_are_joined_unless_one_of_them_may_be_lost() {
        // The numbers of what is lost about the key, and of what is lost anywhere; what there is, of three and of two entries.
        for (here, anywhere, of_three, of_two) in [
            (&[][..], &[][..], "a,b,c", "b,c"),
            (&[(5, 5)], &[], "older a", "lost"),
            (&[(7, 7)], &[], "older a", "lost"),
            (&[], &[(7, 7)], "older a", "lost"),
            (&[(7, 7)], &[(7, 7)], "older a", "lost"),
            (&[(0, u64::MAX)], &[], "older a", "lost"),
            // Behind all that is there, where something newer may be lost and no operand between them.
            (&[(9, 9)], &[(9, 20)], "a,b,c", "b,c"),
            (&[(9, 9)], &[(7, 7)], "older a", "lost"),
            // Before the value.
            (&[(1, 3)], &[], "a,b,c", "lost"),
            (&[], &[(1, 3)], "a,b,c", "lost"),
            (&[(1, 3)], &[(9, 9)], "a,b,c", "lost"),
        ] {
            let loss = |&(lowest, highest): &(u64, u64)| Loss::of_file(Some(0), "x", "y").since(lowest).up_to(highest);
            let losses: Vec<_> = here.iter().map(loss).collect();
            let mut sweep = Sweep::over_doubts(KeyOrder::Bytewise, losses.iter());
            sweep.advance(b"k");
            for (with_value, wanted) in [(true, of_three), (false, of_two)] {
                let doubts = Doubts { here: &sweep, anywhere, removed: None };
                let joining = Joining::By(Operator::Joining(b",".to_vec()));
                let joined = join(&mut entries(with_value), b"k", &joining, &doubts, &mut Values::new(Vec::new()));
                let said = match joined {
                    Joined::Whole(value) => String::from_utf8(value).unwrap(),
                    Joined::Older(value, _) => format!("older {}", String::from_utf8(value).unwrap()),
                    Joined::Removed => "removed".to_owned(),
                    Joined::Lost(..) => "lost".to_owned(),
                };
                assert_eq!(said, wanted, "{here:?}, {anywhere:?}, {with_value}");
            }
        }
    }
}
