//! Every version of one key: in every table and log, also those that are damaged or not part of the store.
//!
//! Contract: only reads. Of a table with a sound index, only the blocks that may hold the key are read.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use crate::error::Outcome;
use crate::files::blob::BlobIndex;
use crate::files::table::error::{Read, TableError};
use crate::files::table::footer::Handle;
use crate::files::table::{kind, InternalKey, SoundParts, TableFile};
use crate::files::wal::Log;
use crate::read::walk::KeyOrder;

use super::find_blocks::find_blocks;
use super::logs::survey_logs;
use super::state::{logs_of, State};
use super::table_survey::properties_of;
use super::{order_by_name, run::Form};

/// One version of a key, or the removal of a range that it lies in.
#[derive(Debug, Clone)]
pub struct Version {
    pub family: Vec<u8>,
    pub sequence: u64,
    pub kind: u8,
    pub file: String,
    /// Level of the table, as far as MANIFEST tells.
    pub level: Option<u32>,
    /// Where its block starts.
    pub offset: Option<u64>,
    /// Bytes of its value; of one in a blob file, as stored there.
    pub value_bytes: u64,
    /// Number of the blob file that holds the value.
    pub blob_file: Option<u64>,
    /// First key, and the key before which it ends, of the removal of a range.
    pub range: Option<(Vec<u8>, Vec<u8>)>,
    /// Whether its file is part of the store.
    pub live: bool,
    /// Whether it decides what the store shows for the key.
    pub counts: bool,
}

/// What was found.
#[derive(Debug, Default)]
pub struct FoundVersions {
    /// By family, the newest first.
    pub versions: Vec<Version>,
    /// What could not be looked into: file and reason.
    pub problems: Vec<(String, String)>,
    pub remarks: Vec<String>,
}

/// Looks for all versions of `key` in the store at `path`; in one family or, without `family`, in all.
///
/// Errors: those of `State::read`, and of the disk.
pub fn find_versions(path: &Path, key: &[u8], family: Option<&[u8]>) -> Outcome<FoundVersions> {
    let state = State::read(path, true)?;
    let mut search = Search { key, wanted: family, found: FoundVersions::default(), orders: BTreeMap::new() };
    if let Some(manifest) = &state.manifest {
        for (&id, family) in &manifest.families {
            search.orders.insert(id, order_by_name(family.comparator.as_deref()).unwrap_or(KeyOrder::Bytewise));
        }
    }
    for (&number, table) in &state.tables {
        let name = match &table.path {
            Some(path) => path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
            None => format!("{number:06}.sst"),
        };
        search.table(&state, &name, table).map_err(|error| error.fault(table.path.as_deref().unwrap_or(path)))?;
    }
    search.logs(&state.logs, &state)?;
    // Logs that the store does not need any more show what a key was, too; some of them may be gone.
    let problems = search.found.problems.len();
    let mut older = logs_of(path, &state.options, 0)?;
    older.retain(|log| state.logs.iter().all(|needed| needed.number != log.number));
    search.logs(&older, &state)?;
    search.found.problems.truncate(problems);
    search.judge();
    search.found.remarks = state.remarks.into_iter().filter(|remark| !remark.contains("--include-unknown")).collect();
    Ok(search.found)
}

struct Search<'s> {
    key: &'s [u8],
    wanted: Option<&'s [u8]>,
    found: FoundVersions,
    orders: BTreeMap<u32, KeyOrder>,
}

impl Search<'_> {
    fn table(&mut self, state: &State, name: &str, table: &super::state::TableOf) -> Read<()> {
        let known = table.known.as_ref();
        let id = known.map(|(id, _)| *id);
        let own = id.and_then(|id| state.names.get(&id).cloned());
        if self.wanted.is_some_and(|wanted| own.as_ref().is_some_and(|own| own != wanted)) {
            return Ok(());
        }
        let mut order = id.and_then(|id| self.orders.get(&id).copied()).unwrap_or(KeyOrder::Bytewise);
        if let Some((_, live)) = known {
            let outside =
                order.compare(self.key, live.first_key()).is_lt() || order.compare(self.key, live.last_key()).is_gt();
            if outside {
                return Ok(());
            }
        }
        let Some(path) = &table.path else {
            self.found
                .problems
                .push((name.to_owned(), "the file is missing; its keys include this one's range".to_owned()));
            return Ok(());
        };
        let mut family = own;
        if family.is_none() {
            let properties = properties_of(path)?;
            order = properties.as_ref().and_then(|own| order_by_name(own.comparator())).unwrap_or(order);
            family = properties.and_then(|own| own.family_name().map(<[u8]>::to_vec));
        }
        let family = family.unwrap_or_else(|| b"default".to_vec());
        if self.wanted.is_some_and(|wanted| family != wanted) {
            return Ok(());
        }
        let from =
            Place { family, file: name.to_owned(), level: known.map(|(_, live)| live.level), live: known.is_some() };
        let largest = known.and_then(|(_, live)| live.sequences).map(|(_, largest)| largest);
        let file = Arc::new(File::open(path)?);
        match TableFile::sound_parts(&file, largest)? {
            SoundParts::Whole(table) => self.by_index(&table, order, &from),
            SoundParts::Pieces(pieces) => {
                self.found.problems.push((name.to_owned(), pieces.problem.reason()));
                let Some(found) = find_blocks(&file, &pieces)? else { return Ok(()) };
                let size = file.metadata()?.len();
                let mut reader = found.form.reader(file, size);
                for handle in found.blocks.into_iter().flatten() {
                    let _ = self.block(&mut reader, &found.form, handle, &from);
                }
                Ok(())
            }
        }
    }

    fn by_index(&mut self, table: &TableFile, order: KeyOrder, from: &Place) -> Read<()> {
        let user_keys = table.properties().index_has_user_keys();
        let user = |key: &[u8]| key[..if user_keys { key.len() } else { key.len().saturating_sub(8) }].to_vec();
        let (mut handles, mut lost) = (Vec::new(), Vec::new());
        let mut behind = false;
        let listed = table.for_each_block(
            |key, handle| {
                let separator = user(key);
                if !behind && order.compare(&separator, self.key).is_ge() {
                    handles.push(handle);
                    behind = order.compare(&separator, self.key).is_gt();
                }
            },
            |_, error| {
                lost.push(error.reason());
                Ok(())
            },
        );
        for reason in lost.into_iter().chain(listed.err().map(|error| error.reason())) {
            self.found.problems.push((from.file.clone(), reason));
        }
        let form = Form {
            version: table.footer().version,
            check: table.check(),
            dictionary: table.dictionary_bytes().unwrap_or_default(),
            global_sequence: table.global_sequence(),
        };
        let mut reader = form.reader(Arc::clone(table.file()), table.size()).with_stretch(1);
        for handle in handles {
            match self.block(&mut reader, &form, handle, from) {
                Err(error @ TableError::Io(_)) => return Err(error),
                Err(error) => self.found.problems.push((from.file.clone(), error.reason())),
                Ok(()) => {}
            }
        }
        let (key, mut removals) = (self.key, Vec::new());
        let read = table.for_each_range_deletion(|first, end| {
            let first = InternalKey::parse(first);
            if let Some(first) =
                first.filter(|first| order.compare(first.user, key).is_le() && order.compare(key, end).is_lt())
            {
                removals.push((first.user.to_vec(), end.to_vec(), first.sequence));
            }
            Ok(())
        });
        if let Err(error) = read {
            self.found.problems.push((from.file.clone(), error.reason()));
        }
        for (first, end, sequence) in removals {
            let version = from.version(sequence, kind::RANGE_DELETION, 0);
            self.found.versions.push(Version { range: Some((first, end)), ..version });
        }
        Ok(())
    }

    fn block(
        &mut self,
        reader: &mut crate::files::table::reader::BlockReader,
        form: &Form,
        handle: Handle,
        from: &Place,
    ) -> Read<()> {
        let content = reader.block(handle, true)?;
        let mut entries = super::run::entries_of(content, handle)?;
        while let Some(value) =
            entries.advance().map_err(|error| crate::files::table::of_block(error, handle.offset))?
        {
            let Some(key) = InternalKey::parse(entries.key()).filter(|key| key.user == self.key) else { continue };
            let version = from.version(form.global_sequence.unwrap_or(key.sequence), key.kind, value.len() as u64);
            let blob = (key.kind == kind::BLOB_INDEX).then(|| BlobIndex::parse(value)).flatten();
            self.found.versions.push(Version {
                offset: Some(handle.offset),
                value_bytes: blob.map_or(version.value_bytes, |blob| blob.size),
                blob_file: blob.map(|blob| blob.file),
                ..version
            });
        }
        Ok(())
    }

    fn logs(&mut self, logs: &[Log], state: &State) -> Outcome<()> {
        let found = survey_logs(logs, None)?;
        for loss in found.losses.into_iter().filter(|loss| !loss.reason.is_empty()) {
            self.found.problems.push((loss.file, loss.reason));
        }
        for (id, mut entries) in found.families {
            let family = state.names.get(&id).cloned().unwrap_or_else(|| b"default".to_vec());
            if self.wanted.is_some_and(|wanted| family != wanted) {
                continue;
            }
            let order = self.orders.get(&id).copied().unwrap_or(KeyOrder::Bytewise);
            entries.run.sort(order);
            let place = |sequence: u64| {
                let log = found.ranges.iter().find(|(first, behind, _)| (*first..*behind).contains(&sequence));
                let number = log.map(|(_, _, number)| *number);
                let flushed = state
                    .manifest
                    .as_ref()
                    .and_then(|manifest| manifest.families.get(&id))
                    .map(|family| family.log_number);
                Place {
                    family: family.clone(),
                    file: number.map_or_else(|| "a log".to_owned(), |number| format!("{number:06}.log")),
                    level: None,
                    live: number.zip(flushed).is_none_or(|(number, flushed)| number >= flushed),
                }
            };
            let key = self.key;
            entries.run.each(|internal, value| {
                if let Some(entry) = InternalKey::parse(internal).filter(|entry| entry.user == key) {
                    let version = place(entry.sequence).version(entry.sequence, entry.kind, value.len() as u64);
                    self.found.versions.push(version);
                }
            });
            for (first, end, sequence) in entries.range_deletions {
                if order.compare(&first, key).is_le() && order.compare(key, &end).is_lt() {
                    let version = place(sequence).version(sequence, kind::RANGE_DELETION, 0);
                    self.found.versions.push(Version { range: Some((first, end)), ..version });
                }
            }
        }
        Ok(())
    }

    /// Sorts what was found, and tells what decides for each family: the newest version in a file of the store, and with operands
    /// of a merge all down to the first that is none.
    fn judge(&mut self) {
        let versions = &mut self.found.versions;
        versions.sort_by(|a, b| a.family.cmp(&b.family).then(b.sequence.cmp(&a.sequence)).then(b.live.cmp(&a.live)));
        let mut decided: Option<(Vec<u8>, Option<u64>)> = None;
        for version in versions {
            let (open, last) = match &decided {
                Some((family, last)) if *family == version.family => (last.is_none(), *last),
                _ => (true, None),
            };
            if !version.live || (!open && last != Some(version.sequence)) {
                continue;
            }
            version.counts = open;
            let end = (version.kind != kind::MERGE).then_some(version.sequence);
            decided = Some((version.family.clone(), last.or(end)));
        }
    }
}

/// Where a version was found.
struct Place {
    family: Vec<u8>,
    file: String,
    level: Option<u32>,
    live: bool,
}

impl Place {
    fn version(&self, sequence: u64, kind: u8, value_bytes: u64) -> Version {
        Version {
            family: self.family.clone(),
            sequence,
            kind,
            file: self.file.clone(),
            level: self.level,
            offset: None,
            value_bytes,
            blob_file: None,
            range: None,
            live: self.live,
            counts: false,
        }
    }
}
