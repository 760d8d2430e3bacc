//! Reads what a MANIFEST says: families and their comparators, live table and blob files, which logs count, and the
//! last sequence number that any table file may hold.
//!
//! RocksDB reads the same file when it opens the store. It is read here before, because RocksDB takes a MANIFEST whose
//! end is missing as an older state of the store, with status OK, and does not say what it expects of the logs.
//! Tags and fields as RocksDB's `VersionEdit` encodes them (MANIFEST is documented in its wiki).
//!
//! Contract: pure but for reading one file; memory grows with the number of live files.

mod edit;
mod state;

use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::error::{Fault, Outcome, Reason as _};
use crate::files::family::Family;
use crate::files::log_file::{read_log, End, LogError, Piece};

pub use edit::time_places;
use edit::{read_edit, Edit};
pub use state::Manifest;

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::log_writer::LogWriter;

    #[test]
    fn a_group_of_edits_is_whole_or_none() {
        // For each edit, how many of its group must follow it.
        for (edits, is_whole) in [
            (&[0][..], true),
            (&[1], false),
            (&[1, 0], true),
            (&[2, 1], false),
            (&[2, 1, 0], true),
            (&[1, 0, 2, 1], false),
        ] {
            let mut log = LogWriter::default();
            // Tag 300, and the count.
            edits.iter().for_each(|&following| log.add(&[0xac, 0x02, following]));
            let read = read_manifest_in(&log.into_bytes()[..], Path::new("MANIFEST-000001"));
            assert_eq!(
                read.map(drop).map_err(|fault| fault.code),
                if is_whole { Ok(()) } else { Err("STORE_DAMAGED") },
                "{edits:?}"
            );
        }
    }
}
