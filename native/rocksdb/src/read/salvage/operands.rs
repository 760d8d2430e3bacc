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
