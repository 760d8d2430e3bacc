//! What is sound of one table: its blocks one by one, by its index or, when that is lost, by their checksums alone.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use crate::files::live_file::LiveFile;
use crate::files::table::block::{Entries, Layout};
use crate::files::table::error::{Read, TableError};
use crate::files::table::footer::Handle;
use crate::files::table::properties::Properties;
use crate::files::table::reader::BlockReader;
use crate::files::table::{kind, of_block, InternalKey, SoundParts, TableFile};
use crate::read::walk::KeyOrder;

use super::losses::{Loss, What};
use super::run::{with_sequence, Form, MemoryRun, TableRun};

/// A deletion of a range: first key, key before which it ends, sequence number.
pub type RangeDeletion = (Vec<u8>, Vec<u8>, u64);

/// What was found of a table.
#[derive(Default)]
pub struct Surveyed {
    pub run: Option<TableRun>,
    /// Its entries, when they are out of order: then there is no run.
    pub unordered: MemoryRun,
    pub range_deletions: Vec<RangeDeletion>,
    pub losses: Vec<Loss>,
    pub properties: Option<Properties>,
    pub entries: u64,
    pub largest_sequence: u64,
}

/// Looks at every block of the table at `path`, whose file's name is `name`. `live` is what MANIFEST says of it.
///
/// Errors: only those of the disk; damage is a loss. The losses' family is `family`.
pub fn survey_table(
    path: &Path,
    name: &str,
    family: Option<u32>,
    order: KeyOrder,
    live: Option<&LiveFile>,
) -> Read<Surveyed> {
    let file = Arc::new(File::open(path)?);
    let (lowest, highest) = live.and_then(|live| live.sequences).unzip();
    let mut survey = Survey {
        name,
        family,
        order,
        live,
        lowest: lowest.unwrap_or(0),
        highest: highest.unwrap_or(u64::MAX),
        found: Surveyed::default(),
        blocks: Vec::new(),
        first: Vec::new(),
        last: Vec::new(),
        ordered: true,
    };
    let parts = TableFile::sound_parts(&file, highest)?;
    match parts {
        SoundParts::Whole(table) => survey.by_index(path, &table)?,
        SoundParts::Pieces(pieces) => {
            if let Some(error) = Some(&pieces.problem).filter(|error| !error.is_damage()) {
                survey.all_lost(error.reason());
                return Ok(survey.found);
            }
            let reason = pieces.problem.reason();
            survey.by_checksums(path, &file, &pieces, pieces.table.as_deref(), &reason)?;
        }
    }
    Ok(survey.found)
}

/// A survey that is under way.
pub struct Survey<'s> {
    pub(super) name: &'s str,
    pub(super) family: Option<u32>,
    pub(super) order: KeyOrder,
    pub(super) live: Option<&'s LiveFile>,
    pub(super) lowest: u64,
    pub(super) highest: u64,
    pub(super) found: Surveyed,
    pub(super) blocks: Vec<Handle>,
    pub(super) first: Vec<u8>,
    /// The last internal key of a sound block, and whether all of them ascend.
    pub(super) last: Vec<u8>,
    pub(super) ordered: bool,
}

impl Survey<'_> {
    pub(super) fn loss(&self, reason: impl Into<String>) -> Loss {
        Loss::of_file(self.family, self.name, reason).since(self.lowest).up_to(self.highest)
    }

    pub(super) fn bounds(&self) -> (Option<Vec<u8>>, Option<Vec<u8>>) {
        self.live.map_or((None, None), |live| (Some(live.first_key().to_vec()), Some(live.last_key().to_vec())))
    }

    /// The whole table is lost.
    pub(super) fn all_lost(&mut self, reason: String) {
        let (from, to) = self.bounds();
        let entries = self.found.properties.as_ref().and_then(Properties::entries);
        self.found.losses.push(self.loss(reason).between(from, to).counting(entries));
    }

    fn by_index(&mut self, path: &Path, table: &TableFile) -> Read<()> {
        self.found.properties = Some(table.properties().clone());
        let user_keys = table.properties().index_has_user_keys();
        let user = |key: &[u8]| if user_keys { key.to_vec() } else { key[..key.len().saturating_sub(8)].to_vec() };
        let mut handles: Vec<(Vec<u8>, Result<Handle, TableError>)> = Vec::new();
        let listed = {
            let cell = std::cell::RefCell::new(&mut handles);
            table.for_each_block(
                |key, handle| cell.borrow_mut().push((user(key), Ok(handle))),
                |key, error| {
                    cell.borrow_mut().push((user(key), Err(error)));
                    Ok(())
                },
            )
        };
        if let Err(error) = listed {
            if matches!(error, TableError::Io(_)) {
                return Err(error);
            }
            let reason = error.reason();
            return self.by_checksums(path, table.file(), &table.pieces(), Some(table), &reason);
        }
        let form = match table.dictionary_bytes() {
            Ok(dictionary) => Form {
                version: table.footer().version,
                check: table.check(),
                dictionary,
                global_sequence: table.global_sequence(),
            },
            Err(error @ TableError::Io(_)) => return Err(error),
            Err(error) => {
                self.all_lost(error.reason());
                return Ok(());
            }
        };
        let mut reader = form.reader(Arc::clone(table.file()), table.size());
        let expected = table.properties().entries();
        let (mut before, mut lost): (Option<Vec<u8>>, Vec<Loss>) = (None, Vec::new());
        for (separator, handle) in handles {
            let read = handle.and_then(|handle| self.block(&mut reader, &form, handle).map(|()| handle));
            match read {
                Ok(handle) => self.blocks.push(handle),
                Err(error @ TableError::Io(_)) => return Err(error),
                Err(error) => {
                    // Its keys lie behind what was read last and are not greater than the index's key.
                    let from = InternalKey::parse(&self.last).map(|key| key.user.to_vec()).or_else(|| before.clone());
                    let offset = if let TableError::Damaged { offset, .. } = &error { *offset } else { 0 };
                    lost.push(self.loss(error.reason()).at(offset).range(
                        later(self.order, from, before.clone()),
                        self.bounds().0,
                        Some(separator.clone()),
                    ));
                }
            }
            before = Some(separator);
        }
        self.range_deletions(table)?;
        let ranges = self.found.range_deletions.len() as u64;
        let missing = expected.map(|expected| expected.saturating_sub(self.found.entries + ranges));
        if let [loss] = lost.as_mut_slice() {
            loss.entries = missing;
        }
        if lost.is_empty() && missing.is_some_and(|missing| missing > 0) {
            let (from, to) = self.bounds();
            lost.push(self.loss("it has fewer entries than its properties say").between(from, to).counting(missing));
        }
        self.found.losses.extend(lost);
        self.finish(path, form)
    }

    pub(super) fn range_deletions(&mut self, table: &TableFile) -> Read<()> {
        let mut found = Vec::new();
        let read = table.for_each_range_deletion(|key, end| {
            if let Some(key) = InternalKey::parse(key) {
                found.push((key.user.to_vec(), end.to_vec(), key.sequence));
            }
            Ok(())
        });
        match read {
            Err(error @ TableError::Io(_)) => return Err(error),
            Err(error) => {
                let (from, to) = self.bounds();
                let mut loss = self.loss(error.reason()).between(from, to);
                loss.what = What::Deletions;
                self.found.losses.push(loss);
            }
            Ok(()) => {}
        }
        self.found.range_deletions = found;
        Ok(())
    }

    /// Reads a block whole, and takes note of its entries when it is sound.
    pub(super) fn block(&mut self, reader: &mut BlockReader, form: &Form, handle: Handle) -> Read<()> {
        let content = reader.block(handle, true)?;
        let wrong = |reason: &str| TableError::damaged(handle.offset, reason);
        let bad = |error| of_block(error, handle.offset);
        let mut entries = Entries::new(content, Layout::Plain, Vec::new()).map_err(bad)?;
        let (mut count, mut largest, mut ordered) = (0_u64, 0, true);
        let (mut first, mut last) = (Vec::new(), self.last.clone());
        while entries.advance().map_err(bad)?.is_some() {
            let key = entries.key();
            let parsed = InternalKey::parse(key).ok_or_else(|| wrong("a key is too short"))?;
            if !kind::is_known(parsed.kind) {
                return Err(TableError::newer(format!("it has entries of kind {}", parsed.kind)));
            }
            if let Some(last) = InternalKey::parse(&last) {
                ordered &= self.order.compare_internal(parsed, last).is_gt();
            }
            if count == 0 {
                first = key.to_vec();
            }
            last.clear();
            last.extend_from_slice(key);
            largest = largest.max(form.global_sequence.unwrap_or(parsed.sequence));
            count += 1;
        }
        if !ordered && self.ordered {
            self.ordered = false;
            let mut loss = self.loss("its keys are not in order: one of them may have been another");
            loss.what = What::Odd;
            let key = InternalKey::parse(&self.last).map(|key| key.user.to_vec());
            self.found
                .losses
                .push(loss.at(handle.offset).between(key, InternalKey::parse(&last).map(|key| key.user.to_vec())));
        }
        if self.first.is_empty() {
            self.first = first;
        }
        self.last = last;
        self.found.entries += count;
        self.found.largest_sequence = self.found.largest_sequence.max(largest);
        Ok(())
    }

    /// Makes a run of the sound blocks, or entries in memory when they are not in order.
    pub(super) fn finish(&mut self, path: &Path, form: Form) -> Read<()> {
        if self.blocks.is_empty() {
            return Ok(());
        }
        let with_number = |key: &[u8]| {
            let mut key = key.to_vec();
            with_sequence(&mut key, form.global_sequence);
            key
        };
        if self.ordered {
            let (first, blocks) = (with_number(&self.first), std::mem::take(&mut self.blocks));
            self.found.run = Some(TableRun { path: path.to_owned(), form, blocks, first });
            return Ok(());
        }
        let file = Arc::new(File::open(path)?);
        let size = file.metadata()?.len();
        let mut reader = form.reader(file, size);
        for &handle in &self.blocks {
            let content = reader.block(handle, true)?;
            let bad = |error| of_block(error, handle.offset);
            let mut entries = Entries::new(content, Layout::Plain, Vec::new()).map_err(bad)?;
            while let Some(value) = entries.advance().map_err(bad)? {
                self.found.unordered.push(&with_number(entries.key()), value);
            }
        }
        self.found.unordered.sort(self.order);
        Ok(())
    }
}

/// The one of two keys that comes later.
fn later(order: KeyOrder, a: Option<Vec<u8>>, b: Option<Vec<u8>>) -> Option<Vec<u8>> {
    match (a, b) {
        (Some(a), Some(b)) if order.compare(&a, &b).is_lt() => Some(b),
        (Some(a), _) => Some(a),
        (None, b) => b,
    }
}

/// The properties of the table at `path`; none when they can't be read. Errors: those of the disk.
pub fn properties_of(path: &Path) -> Read<Option<Properties>> {
    let file = Arc::new(File::open(path)?);
    Ok(match TableFile::sound_parts(&file, None)? {
        SoundParts::Whole(table) => Some(table.properties().clone()),
        SoundParts::Pieces(pieces) => pieces.properties,
    })
}
