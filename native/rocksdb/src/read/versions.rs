//! Whether versions of keys are to be found in a family's tables and logs.
//!
//! Contract: only reads; of a table, only blocks that may hold one of the keys are read. What can't be read holds nothing.

use std::cmp::Ordering;
use std::collections::HashSet;
use std::fs::File;
use std::io::BufReader;
use std::ops::Range;

use crate::files::layout::table_path;
use crate::files::log_file::{read_log, Piece};
use crate::files::log_replay::{Entry, Replay};
use crate::files::table::error::Read;
use crate::files::table::footer::Handle;
use crate::files::table::{kind, InternalKey, TableFile};
use crate::files::write_batch::Kind;
use crate::read::judge::Plan;
use crate::read::log_faults::WalError;
use crate::read::store::Store;
use crate::read::walk::KeyOrder;

/// A version of a key that is looked for.
#[derive(Debug)]
struct Wanted {
    key: Vec<u8>,
    sequence: u64,
    found: bool,
}

/// Versions that are looked for, and removals of ranges, in the order of their keys.
pub struct Search {
    order: KeyOrder,
    wanted: Vec<Wanted>,
    /// Sequence numbers of removals of ranges that are still to be found.
    removals: HashSet<u64>,
    bytes: usize,
}

impl Search {
    pub fn new(order: KeyOrder) -> Self {
        Self { order, wanted: Vec::new(), removals: HashSet::new(), bytes: 0 }
    }

    /// Looks for this version, too. It must come in the table's order; one that a value or a removal before it hides is left out.
    pub fn add(&mut self, key: InternalKey<'_>, hidden: bool) {
        if !hidden {
            self.bytes += key.user.len() + size_of::<Wanted>();
            self.wanted.push(Wanted { key: key.user.to_vec(), sequence: key.sequence, found: false });
        }
    }

    /// Looks for a removal of a range with this number, too.
    pub fn add_removal(&mut self, sequence: u64) {
        self.removals.insert(sequence);
    }

    /// Bytes of what is looked for.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// How many of them the tables and logs of a family have neither as they are nor with something newer in their place, and the
    /// greatest sequence number among those.
    pub fn missing(mut self, store: &Store, plan: &Plan) -> (u64, u64) {
        self.wanted.sort_by(|a, b| self.order.compare(&a.key, &b.key));
        self.look_into_logs(store, plan);
        for (&number, file) in &plan.tables {
            if self.left() == 0 {
                break;
            }
            let path = table_path(store.database.path(), number);
            let _ = TableFile::open(&path, file.sequences.map(|(_, largest)| largest))
                .map(|table| self.look_into_table(&table));
        }
        let lost = self.wanted.iter().filter(|wanted| !wanted.found).map(|wanted| wanted.sequence);
        let lost = lost.chain(self.removals.iter().copied());
        lost.fold((0, 0), |(count, last), sequence| (count + 1, last.max(sequence)))
    }

    fn left(&self) -> usize {
        self.removals.len() + self.wanted.iter().filter(|wanted| !wanted.found).count()
    }

    /// What is wanted of these keys and may stand for this version, or be older, is found.
    fn meet(&mut self, among: Range<usize>, user: &[u8], sequence: u64, is_operand: bool) {
        let Self { order, wanted, .. } = self;
        let among = &mut wanted[among];
        let start = among.partition_point(|wanted| order.compare(&wanted.key, user) == Ordering::Less);
        for wanted in among[start..].iter_mut().take_while(|wanted| wanted.key == user) {
            // A compaction sets numbers to 0 that no snapshot needs any more.
            let same = wanted.sequence == sequence || wanted.sequence == 0;
            wanted.found |= same || (sequence > wanted.sequence && !is_operand);
        }
    }

    fn look_into_logs(&mut self, store: &Store, plan: &Plan) {
        let needed = store.point.manifest.families.get(&plan.id).map_or(0, |family| family.log_number);
        let mut replay = Replay::default();
        for log in &store.logs {
            let Ok(file) = File::open(&log.path) else { continue };
            let _ = read_log::<WalError>(BufReader::new(file), Some(log.number as u32), |offset, piece| {
                let Piece::Record(record) = piece else { return Ok(()) };
                let each = |entry: Entry<'_>| {
                    if entry.family != plan.id || log.number < needed {
                        return;
                    }
                    if entry.kind == Kind::RangeDeletion {
                        self.removals.remove(&entry.sequence);
                    } else {
                        self.meet(0..self.wanted.len(), entry.key, entry.sequence, entry.kind == Kind::Merge);
                    }
                };
                replay.apply(log.number, record, each).map(drop).map_err(|error| WalError::Replay(offset, error))
            });
        }
    }

    fn look_into_table(&mut self, table: &TableFile) -> Read<()> {
        let mut removals = Vec::new();
        table.for_each_range_deletion(|first, _| {
            removals.extend(InternalKey::parse(first).map(|first| first.sequence));
            Ok(())
        })?;
        removals.iter().for_each(|sequence| _ = self.removals.remove(sequence));
        let mut reader = table.reader()?;
        let mut memory = Vec::new();
        for (handle, among) in self.blocks_of(table)? {
            let mut block = table.data_block(&mut reader, handle, memory)?;
            while let Some((key, _)) = block.next()? {
                if let Some(key) = InternalKey::parse(key) {
                    self.meet(among.clone(), key.user, key.sequence, key.kind == kind::MERGE);
                }
            }
            memory = block.into_key();
        }
        Ok(())
    }

    /// The blocks of a table that may hold wanted keys, each with the keys that it may hold.
    fn blocks_of(&self, table: &TableFile) -> Read<Vec<(Handle, Range<usize>)>> {
        let has_user_keys = table.properties().index_has_user_keys();
        let mut blocks = Vec::new();
        let mut from = 0;
        table.for_each_block(
            |key, handle| {
                let last = &key[..if has_user_keys { key.len() } else { key.len().saturating_sub(8) }];
                let rest = &self.wanted[from..];
                let to =
                    from + rest.partition_point(|wanted| self.order.compare(&wanted.key, last) != Ordering::Greater);
                if to > from {
                    blocks.push((handle, from..to));
                }
                // Older versions of the last key may stand in the next block.
                from += rest.partition_point(|wanted| self.order.compare(&wanted.key, last) == Ordering::Less);
            },
            |_, error| Err(error),
        )?;
        Ok(blocks)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_found_as_it_is_or_with_something_newer_in_its_place() {
        // The numbers of the version that is looked for and of one that is there, and whether the latter is an operand.
        for (wanted, there, is_operand, is_found) in [
            (5, 5, false, true),
            (5, 5, true, true),
            (5, 6, false, true),
            (5, 6, true, false),
            (5, 4, false, false),
            (5, 4, true, false),
            // Numbers that a compaction has set to 0 tell nothing of the version that is looked for, but that of the other tells its age.
            (0, 0, false, true),
            (0, 7, false, true),
            (0, 7, true, true),
            (5, 0, false, false),
        ] {
            let mut search = Search::new(KeyOrder::Bytewise);
            search.add(InternalKey { user: b"k", sequence: wanted, kind: kind::VALUE }, false);
            for other in [&b"a"[..], b"z"] {
                search.meet(0..1, other, wanted, false);
            }
            assert_eq!(search.left(), 1);
            search.meet(0..1, b"k", there, is_operand);
            assert_eq!(search.left() == 0, is_found, "{wanted}, {there}, {is_operand}");
        }
    }
}
