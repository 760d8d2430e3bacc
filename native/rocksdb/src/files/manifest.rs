//! Reads what a MANIFEST says: families and their comparators, live table and blob files, which logs count, and the
//! last sequence number that any table file may hold.
//!
//! RocksDB reads the same file when it opens the store. It is read here before, because RocksDB takes a MANIFEST whose
//! end is missing as an older state of the store, with status OK, and does not say what it expects of the logs.
//! Tags and fields as RocksDB's `VersionEdit` encodes them (MANIFEST is documented in its wiki).
//!
//! Contract: pure but for reading one file; memory grows with the number of live files.

mod edit;

use std::collections::{BTreeMap, HashSet};
use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::error::{Fault, Outcome, Reason as _};
use crate::files::family::Family;
use crate::files::log_file::{read_log, End, LogError, Piece};
use crate::files::named_logs::NamedLogs;
use crate::files::options_file::OptionsFile;
use crate::files::tracked_logs::TrackedLogs;

pub use edit::time_places;
use edit::{read_edit, Edit};

/// The state that a MANIFEST ends with.
#[derive(Debug, Default)]
pub struct Manifest {
    /// Families by id.
    pub families: BTreeMap<u32, Family>,
    pub last_sequence: u64,
    pub next_file: u64,
    pub min_log_to_keep: u64,
    pub tracked_logs: TrackedLogs,
    /// The number in the file's own name: what has a greater one came after it was begun.
    pub number: u64,
    /// Whether RocksDB wrote any of it: LevelDB knows none of what it adds.
    pub rocksdb: bool,
    /// Whether the database's id is told.
    pub has_id: bool,
    /// How many edits did more than to put tables in the place of tables that hold the same: flushes, ingested or dropped files, families
    /// that came or went.
    pub moves: u64,
    /// Tables that were part of the store and are not any more.
    pub gone: HashSet<u64>,
    /// Whether it is told which logs are kept; then those from `min_log_to_keep` on are all there.
    pub tells_kept: bool,
    /// Logs that families needed at any time.
    pub named_logs: NamedLogs,
    /// The greatest id that any family ever had.
    pub greatest_family: u32,
    /// Sequence numbers that RocksDB gave to tables that it ingested.
    pub ingested: HashSet<u64>,
    /// Those that a table had for itself when it came in another way, or no one tells how: it has all that was written with that number, but
    /// for transactions that are written before they are committed. All entries of such a one, of whatever families, have one number.
    pub lone: HashSet<u64>,
    /// Families that were dropped, by id, each with its name and the number that the next file had then.
    pub dropped: BTreeMap<u32, (Vec<u8>, u64)>,
}

impl Manifest {
    /// The family `default` is always there.
    pub fn before_all_edits() -> Self {
        let mut manifest = Self::default();
        manifest.families.insert(0, Family { name: b"default".to_vec(), ..Family::default() });
        manifest
    }

    /// Whether LevelDB wrote the store: RocksDB also writes MANIFESTs that LevelDB could have written, but no store without IDENTITY or
    /// OPTIONS, except its oldest versions.
    pub fn is_leveldb(&self, store: &Path, options: &[OptionsFile]) -> bool {
        !self.rocksdb && options.is_empty() && !store.join("IDENTITY").exists()
    }

    /// Whether any family was dropped, in any time.
    pub fn has_dropped(&self) -> bool {
        self.families.len() <= self.greatest_family as usize
    }

    /// Number of the oldest log that may hold entries which no table file has; with two-phase commit, prepared
    /// transactions may be in logs that are older than all that was flushed.
    pub fn first_log(&self, two_phase: bool) -> u64 {
        if two_phase {
            return self.min_log_to_keep;
        }
        let unflushed = self.families.values().map(|family| family.log_number).min().unwrap_or(0);
        unflushed.max(self.min_log_to_keep)
    }
}

/// The number in a MANIFEST's name; the greatest when it has another name.
fn manifest_number(path: &Path) -> u64 {
    let name = path.file_name().and_then(|name| name.to_str()).and_then(|name| name.strip_prefix("MANIFEST-"));
    name.and_then(|digits| digits.parse().ok()).unwrap_or(u64::MAX)
}

/// Reads the MANIFEST at `path`.
///
/// Errors: STORE_DAMAGED when any of it is damaged or its last record is not complete.
pub fn read_manifest(path: &Path) -> Outcome<Manifest> {
    read_manifest_in(File::open(path).map_err(|error| Fault::io("opening", path, &error))?, path)
}

/// Reads a MANIFEST, or the beginning of one, that is at `path`.
///
/// Errors: as `read_manifest`.
pub fn read_manifest_in(file: impl Read, path: &Path) -> Outcome<Manifest> {
    let mut manifest = Manifest { number: manifest_number(path), ..Manifest::before_all_edits() };
    read_into(&mut manifest, file, path)?;
    Ok(manifest)
}

/// Applies all edits of a MANIFEST, or those before the first damage.
pub fn read_into(manifest: &mut Manifest, file: impl Read, path: &Path) -> Outcome<()> {
    let mut group_open = false;
    let end = read_log::<ManifestError>(file, None, |offset, piece| {
        let Piece::Record(record) = piece else { return Ok(()) };
        group_open = apply(manifest, record).ok_or(ManifestError::Edit(offset))?;
        Ok(())
    })
    .map_err(|error| match error {
        ManifestError::Log(LogError::Io(error)) => Fault::io("reading", path, &error),
        ManifestError::Log(LogError::Damaged { offset, reason }) => damaged(path, offset, &reason),
        ManifestError::Edit(offset) => damaged(path, offset, "an edit can't be understood"),
    })?;
    if let End::Torn { offset, .. } = end {
        return Err(damaged(path, offset, "its last record is not complete"));
    }
    if group_open {
        return Err(damaged(path, 0, "its last group of edits is not complete"));
    }
    Ok(())
}

fn damaged(path: &Path, offset: u64, reason: &str) -> Fault {
    Fault::new("STORE_DAMAGED", format!("{} is damaged at byte {offset}: {reason}", path.display()))
        .at(path)
        .hint("copy the store again from its origin; when its program stopped hard, start and stop that program once so that RocksDB repairs it")
}

enum ManifestError {
    Log(LogError),
    Edit(u64),
}

impl From<LogError> for ManifestError {
    fn from(error: LogError) -> Self {
        Self::Log(error)
    }
}

/// Applies one edit; `None` when it can't be understood. The result says whether more edits of its group must follow.
fn apply(manifest: &mut Manifest, record: &[u8]) -> Option<bool> {
    let (edit, group_open) = read_edit(manifest, record)?;
    manifest.moves += u64::from(edit.moves());
    if let Some(log) = edit.log_number {
        manifest.named_logs.add(log, edit.tells_next_file, edit.add.is_some() || log > manifest.number);
    }
    let alone = edit.new_tables.iter().filter_map(|(_, table)| table.sequences.filter(|(first, last)| first == last));
    let alone = alone.map(|(sequence, _)| sequence);
    let sequences = if edit.ingests() { &mut manifest.ingested } else { &mut manifest.lone };
    sequences.extend(alone);
    settle(manifest, edit);
    Some(group_open)
}

/// Applies an edit to its family. One about a family that is gone changes nothing; RocksDB judges whether it may be.
fn settle(manifest: &mut Manifest, edit: Edit) {
    if let Some(name) = edit.add {
        manifest.greatest_family = manifest.greatest_family.max(edit.family);
        manifest.families.insert(edit.family, Family { name, ..Family::default() });
    }
    if edit.drop {
        if let Some(family) = manifest.families.remove(&edit.family) {
            manifest.gone.extend(family.tables.keys());
            manifest.dropped.insert(edit.family, (family.name, manifest.next_file));
        }
        return;
    }
    let last_sequence = manifest.last_sequence;
    let Some(family) = manifest.families.get_mut(&edit.family) else { return };
    if edit.comparator.is_some() {
        family.comparator = edit.comparator;
    }
    if let Some(number) = edit.log_number {
        family.log_number = number;
        family.flushed_to = last_sequence;
        // A MANIFEST begins with the state before it, where what was ingested since the last flush stands beside its tables.
        if number > manifest.number {
            family.add_flushed(&edit.new_tables);
        }
    }
    manifest.gone.extend(&edit.gone_tables);
    for number in edit.gone_tables {
        family.tables.remove(&number);
    }
    family.tables.extend(edit.new_tables);
    family.blobs.extend(edit.new_blobs);
    for (number, count) in edit.garbage {
        if let Some(blob) = family.blobs.get_mut(&number) {
            blob.garbage = blob.garbage.saturating_add(count);
        }
    }
}
