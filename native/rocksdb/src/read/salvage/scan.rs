//! One pass over what is sound of a family: of each key the newest entry that is left.
//!
//! Contract: used by one thread at a time; a block of entries never goes over a place where something may be missing, as long as
//! there are not too many such places.

use std::sync::Arc;

use crate::error::{Fault, Outcome};
use crate::files::options_file::object_name;
use crate::files::table::kind;
use crate::read::block::{put, Filled};
use crate::read::merge_operators::Operator;
use crate::read::walk::KeyOrder;

use super::losses::{Loss, Sweep, What};
use super::merge::Merge;
use super::operands::{join, Doubts, Joined, Joining};
use super::run::Cursor;
use super::values::{Value, Values};
use super::{is_anywhere, Family, Salvage};

/// From so many places on where a block ended for a gap, entries within a gap share blocks.
const MOST_CUTS: u32 = 1000;

/// What one fill gave.
#[derive(Debug, Default)]
pub struct SalvageFilled {
    pub filled: Filled,
    /// Something may be missing before the first entry; at the end, behind the last.
    pub gap: bool,
    /// Entries of this block that may be older than what was lost.
    pub doubtful: u64,
}

/// A pass over a family.
pub struct SalvageScan {
    merge: Merge,
    deletions: Sweep,
    doubts: Sweep,
    gaps: Sweep,
    /// What is missing nobody knows where: the smallest and largest sequence numbers that each loss may have had.
    anywhere: Vec<(u64, u64)>,
    values: Values,
    joining: Joining,
    id: u32,
    /// The next entry, when it did not fit yet.
    pending: Option<Entry>,
    last: Option<Vec<u8>>,
    cuts: u32,
    /// A key was lost since the last entry.
    lost_key: bool,
    /// What was lost on the way, and is not among the store's losses yet.
    pub losses: Vec<Loss>,
    names: Vec<(u64, String)>,
}

struct Entry {
    key: Vec<u8>,
    value: Vec<u8>,
    /// Something may be missing before it.
    gap: bool,
    /// A range of losses began or ended right before it.
    edge: bool,
    doubtful: bool,
}

impl SalvageScan {
    /// Begins a pass over the family with this id.
    pub fn new(salvage: &Salvage, id: u32) -> Outcome<Self> {
        let family = salvage.family_of(id)?;
        let order = if family.reverse { KeyOrder::Reverse } else { KeyOrder::Bytewise };
        let mut cursors = Vec::new();
        let mut names = Vec::new();
        for (number, run) in &family.tables {
            cursors.push(Cursor::over_table(*number, Arc::clone(run)));
            names.push((
                *number,
                run.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
            ));
        }
        for (number, run) in &family.memory {
            cursors.push(Cursor::over_memory(*number, Arc::clone(run)));
        }
        Ok(Self {
            merge: Merge::new(order, cursors),
            deletions: Sweep::over_deletions(order, family.range_deletions.clone()),
            doubts: Sweep::over_doubts(order, salvage.losses_of(id)),
            gaps: Sweep::over_gaps(order, salvage.losses_of(id)),
            anywhere: salvage
                .losses_of(id)
                .filter(|loss| is_anywhere(loss))
                .map(|loss| (loss.lowest, loss.highest))
                .collect(),
            values: Values::new(salvage.directories.clone()),
            joining: joining_of(salvage, family),
            id,
            pending: None,
            last: None,
            cuts: 0,
            lost_key: false,
            losses: Vec::new(),
            names,
        })
    }

    /// Writes the next entries into `out`: as many as fit, up to a gap.
    pub fn fill(&mut self, out: &mut [u8]) -> Outcome<SalvageFilled> {
        let mut result = SalvageFilled::default();
        loop {
            if self.pending.is_none() {
                self.pending = self.next_entry()?;
            }
            let Some(entry) = &self.pending else {
                result.filled.done = true;
                if result.filled.stats.entries == 0 {
                    result.gap = !self.anywhere.is_empty() || self.lost_key || self.gaps.goes_on(self.last.as_deref());
                } else {
                    // The end is told by itself, so that a gap behind the last entry has its place.
                    result.filled.done = false;
                }
                return Ok(result);
            };
            if result.filled.stats.entries == 0 {
                result.gap = entry.gap || !self.anywhere.is_empty();
            } else if entry.gap && (entry.edge || self.cuts < MOST_CUTS) {
                self.cuts += 1;
                return Ok(result);
            }
            if !put(out, &mut result.filled, &entry.key, &entry.value)? {
                return Ok(result);
            }
            result.doubtful += u64::from(entry.doubtful);
            self.last = self.pending.take().map(|entry| entry.key);
        }
    }

    /// The next key that has a value.
    fn next_entry(&mut self) -> Outcome<Option<Entry>> {
        let (mut gap, mut edge) = (false, false);
        while let Some(top) = self.merge.key() {
            let (key, sequence, kind) = (top.user.to_vec(), top.sequence, top.kind);
            let touched = self.gaps.advance(&key);
            self.doubts.advance(&key);
            self.deletions.advance(&key);
            edge |= touched;
            gap |= touched || self.gaps.covered();
            let deletion = self.deletions.highest();
            let removed = deletion.is_some_and(|deletion| deletion > sequence);
            let (mut value, mut older) = (None, false);
            if !removed {
                let cursor = self.merge.top().ok_or_else(|| Fault::new("INTERNAL", "the merge is empty"))?;
                let rank = cursor.rank;
                let resolved = if kind == kind::MERGE {
                    let doubts = Doubts { here: &self.doubts, anywhere: &self.anywhere, removed: deletion };
                    join(&mut self.merge, &key, &self.joining, &doubts, &mut self.values)
                } else {
                    match cursor.value().map(|stored| self.values.resolve(&key, kind, stored)) {
                        Ok(Value::Bytes(bytes)) => Joined::Whole(bytes.to_vec()),
                        Ok(Value::Removed) => Joined::Removed,
                        Ok(Value::Lost(reason, file)) => Joined::Lost(reason, file),
                        Err(error) => Joined::Lost(error.reason(), None),
                    }
                };
                match resolved {
                    Joined::Whole(bytes) => value = Some(bytes),
                    Joined::Older(bytes, reason) => {
                        (value, older) = (Some(bytes), true);
                        let reason = format!("{reason}: its value from before is taken");
                        self.lose(&key, sequence, self.name_of(rank), reason);
                    }
                    Joined::Removed => {}
                    Joined::Lost(reason, file) => {
                        self.lose(&key, sequence, file.unwrap_or_else(|| self.name_of(rank)), reason);
                        self.lost_key = true;
                    }
                }
            }
            while self.merge.key().is_some_and(|next| next.user == key) {
                self.merge.pop();
            }
            self.failures();
            if let Some(value) = value {
                gap |= self.lost_key;
                edge |= self.lost_key;
                self.lost_key = false;
                let doubtful = older || self.doubts.highest().is_some_and(|highest| highest > sequence);
                return Ok(Some(Entry { key, value, gap, edge, doubtful }));
            }
        }
        Ok(None)
    }

    /// The value of `key` that was written with this number is lost.
    fn lose(&mut self, key: &[u8], sequence: u64, file: String, reason: String) {
        let mut loss = Loss::of_file(Some(self.id), &file, reason);
        loss.what = What::Value;
        self.losses.push(loss.between(Some(key.to_vec()), Some(key.to_vec())).up_to(sequence).counting(Some(1)));
    }

    /// The file that the run of this rank lies in.
    fn name_of(&self, rank: u64) -> String {
        let found = self.names.iter().find(|(number, _)| *number == rank);
        found.map_or_else(|| "a log".to_owned(), |(_, name)| name.clone())
    }

    /// A block that was sound when it was looked at can't be read any more.
    fn failures(&mut self) {
        for (rank, key, error) in self.merge.failures.drain(..) {
            let named = self.names.iter().find(|(number, _)| *number == rank);
            let name = named.map(|(_, name)| name.clone()).unwrap_or_default();
            let user = key[..key.len().saturating_sub(8)].to_vec();
            self.losses.push(Loss::of_file(Some(self.id), &name, error.reason()).behind(Some(user), None));
            self.anywhere.push((0, u64::MAX));
        }
    }
}

/// How the operands of a family are joined: by the operator that the store's OPTIONS or else its tables name, when RocksDB brings it along.
fn joining_of(salvage: &Salvage, family: &Family) -> Joining {
    let options = salvage.options.as_ref().and_then(|options| options.family(&family.name));
    let told = options.map(|options| options.values.get("merge_operator").map_or("nullptr", String::as_str));
    let told = told.unwrap_or(&family.operator);
    match Operator::of(told) {
        Some(_) if salvage.unsure => Joining::Not(
            "its newest entry is an operand, and without MANIFEST it is unknown whether one of its operands is there twice"
                .to_owned(),
        ),
        Some(operator) => Joining::By(operator),
        None => {
            let operator = object_name(told).map_or_else(String::new, |name| format!(" ({})", name.escape_debug()));
            Joining::Not(format!("its newest entry is an operand, whose merge operator{operator} is not known"))
        }
    }
}
