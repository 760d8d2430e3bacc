//! A store that is open for writing: entries come in as encoded blocks, or as single operations.
//!
//! Contract: one `Sink` at a time has a store open (RocksDB's LOCK); its methods may be called from any thread and run
//! one after the other. Nothing that was written is lost by closing it.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::ptr;
use std::sync::Arc;

use crate::error::{Fault, Outcome};
use crate::ffi;
use crate::files::layout::fingerprint;
use crate::files::manifest::read_manifest;
use crate::handle::{Database, Options, OptionsByText};
use crate::write::batch::{chars, Batch};
use crate::write::crew::Crew;
use crate::write::entries::for_each_entry;
use crate::write::families::drop_family;
use crate::write::loading::Loading;
pub use crate::write::operations::{IfExists, Operation};
use crate::write::sequence;
use crate::write::times::Times;

/// `BottommostLevelCompaction::kForce` of RocksDB's options.h.
const FORCE: std::ffi::c_uchar = 2;

/// A store that is open for writing.
pub struct Sink {
    /// Before the database, which is closed when nobody works on it any more.
    pub(crate) crew: Crew,
    pub(crate) database: Arc<Database>,
    /// Names of the families, by their numbers in the database.
    names: Vec<Vec<u8>>,
    numbers: HashMap<Vec<u8>, usize>,
    write_options: *mut ffi::rocksdb_writeoptions_t,
    read_options: *mut ffi::rocksdb_readoptions_t,
    /// The family that is being loaded.
    pub(crate) loading: Option<(Vec<u8>, Loading)>,
    pub(crate) times: Times,
    pub(crate) options: OptionsByText,
    /// How many families were begun.
    pub(crate) begun: usize,
}

// SAFETY: the options are never changed after they were made, and the database may be used by all threads.
unsafe impl Send for Sink {}

impl Drop for Sink {
    fn drop(&mut self) {
        // SAFETY: ours, destroyed once.
        unsafe {
            ffi::rocksdb_writeoptions_destroy(self.write_options);
            ffi::rocksdb_readoptions_destroy(self.read_options);
        }
    }
}

impl Sink {
    /// Opens the store at `path`, or makes it. `families` are name and options; families that the store has and that
    /// are not among them are opened with `default_options`.
    ///
    /// Errors: STORE_IN_USE, NO_SPACE, PERMISSION_DENIED, USAGE for options that RocksDB does not take, STORE_DAMAGED.
    pub fn open(
        path: &Path,
        database_options: &str,
        default_options: &str,
        families: Vec<(Vec<u8>, String)>,
        disable_log: bool,
    ) -> Outcome<Self> {
        let mut all = Vec::new();
        if path.join("CURRENT").exists() {
            let manifest = read_manifest(&path.join(fingerprint(path)?.manifest))?;
            all.extend(manifest.families.into_values().map(|family| family.name));
        } else {
            all.push(b"default".to_vec());
        }
        let mut given: HashMap<Vec<u8>, String> = HashMap::new();
        let mut known: HashSet<Vec<u8>> = all.iter().cloned().collect();
        for (name, text) in families {
            if known.insert(name.clone()) {
                all.push(name.clone());
            }
            given.entry(name).or_insert(text);
        }
        let (mut opened, mut family_options) = (Vec::new(), OptionsByText::default());
        for name in &all {
            let text = given.get(name).map_or(default_options, String::as_str);
            opened.push((name.clone(), Some(family_options.get(text)?)));
        }
        let options = Options::from_text(database_options)?;
        options.silence();
        // SAFETY: the options are ours. Each family that is made later would write all options anew.
        unsafe {
            ffi::rocksdb_options_set_create_if_missing(options.as_ptr(), 1);
            ffi::rocksdb_options_set_create_missing_column_families(options.as_ptr(), 1);
        }
        let database = Database::open(path, options, opened, true)?;
        // SAFETY: no arguments, then our own options.
        let (write_options, read_options) = unsafe {
            let write_options = ffi::rocksdb_writeoptions_create();
            ffi::rocksdb_writeoptions_disable_WAL(write_options, disable_log.into());
            (write_options, ffi::rocksdb_readoptions_create())
        };
        let numbers = all.iter().cloned().zip(0..).collect();
        Ok(Self {
            crew: Crew::default(),
            database: Arc::new(database),
            names: all,
            numbers,
            write_options,
            read_options,
            loading: None,
            times: Times::default(),
            options: family_options,
            begun: 0,
        })
    }

    /// Makes the family when it is not there.
    pub fn create_family(&mut self, name: &[u8], options: &str) -> Outcome<()> {
        if !self.numbers.contains_key(name) {
            let options = self.options.get(options)?;
            let number = self.alone()?.create_family(name, options)?;
            self.names.push(name.to_vec());
            self.numbers.insert(name.to_vec(), number);
        }
        Ok(())
    }

    /// The database, when nothing is done with it meanwhile.
    fn alone(&mut self) -> Outcome<&mut Database> {
        self.crew.finish()?;
        Arc::get_mut(&mut self.database).ok_or_else(|| Fault::new("INTERNAL", "the store is in use"))
    }

    pub(crate) fn family(&self, name: &[u8]) -> Outcome<*mut ffi::rocksdb_column_family_handle_t> {
        self.database.family(self.number(name)?)
    }

    /// Number of a family in the database.
    pub(crate) fn number(&self, name: &[u8]) -> Outcome<usize> {
        self.numbers.get(name).copied().ok_or_else(|| {
            Fault::new("KEYSPACE_UNKNOWN", format!("the store has no family \"{}\"", name.escape_ascii()))
                .at(self.database.path())
        })
    }

    /// Writes the entries of an encoded block at once; returns how many were written and how many were kept.
    ///
    /// Errors: KEY_EXISTS with `Fail`, before anything of the block is written; DUMP_ENTRIES_MALFORMED for a bad block.
    pub fn apply(&self, family: &[u8], block: &[u8], if_exists: IfExists) -> Outcome<(usize, usize)> {
        let handle = self.family(family)?;
        let batch = Batch::new();
        let (mut written, mut kept) = (0, 0);
        for_each_entry(block, |key, value| {
            if if_exists != IfExists::Overwrite && self.look_up(handle, key, |_| ())?.is_some() {
                if if_exists == IfExists::Fail {
                    return Err(Fault::new(
                        "KEY_EXISTS",
                        format!("the store already has the key \"{}\"", key.escape_ascii()),
                    )
                    .at(self.database.path()));
                }
                kept += 1;
                return Ok(());
            }
            batch.put(handle, key, value);
            written += 1;
            Ok(())
        })?;
        self.write(&batch).map_err(|fault| fault.of_family(family))?;
        Ok((written, kept))
    }

    /// Does all operations at once.
    pub fn operate(&self, family: &[u8], operations: &[Operation]) -> Outcome<()> {
        let handle = self.family(family)?;
        let batch = Batch::new();
        for operation in operations {
            match operation {
                Operation::Put(key, value) => batch.put(handle, key, value),
                Operation::Merge(key, operand) => batch.merge(handle, key, operand),
                Operation::Delete(key) => batch.delete(handle, key),
                Operation::DeleteRange(from, to) => batch.delete_range(handle, from, to),
            }
        }
        self.write(&batch)
    }

    pub(crate) fn write(&self, batch: &Batch) -> Outcome<()> {
        // SAFETY: all pointers are valid for the call.
        self.database.call(|db, error| unsafe { ffi::rocksdb_write(db, self.write_options, batch.as_ptr(), error) })
    }

    /// What `see` makes of the value of a key; `None` when the store does not have it.
    fn look_up<T>(
        &self,
        handle: *mut ffi::rocksdb_column_family_handle_t,
        key: &[u8],
        see: impl FnOnce(&[u8]) -> T,
    ) -> Outcome<Option<T>> {
        // SAFETY: all pointers are valid for the call; the slice is ours and lives until it is destroyed.
        self.database.call(|db, error| unsafe {
            let found = ffi::rocksdb_get_pinned_cf(db, self.read_options, handle, chars(key), key.len(), error);
            if found.is_null() {
                return None;
            }
            let mut length = 0;
            let start = ffi::rocksdb_pinnableslice_value(found, &raw mut length);
            let value = if length == 0 { &[][..] } else { std::slice::from_raw_parts(start.cast::<u8>(), length) };
            let result = see(value);
            ffi::rocksdb_pinnableslice_destroy(found);
            Some(result)
        })
    }

    /// Looks up every entry of an encoded block: how many keys are missing, how many have another value, and the first
    /// key of these.
    pub fn compare(&self, family: &[u8], block: &[u8]) -> Outcome<(usize, usize, Option<Vec<u8>>)> {
        let handle = self.family(family)?;
        let (mut missing, mut changed, mut first) = (0, 0, None);
        for_each_entry(block, |key, value| {
            let equal = self.look_up(handle, key, |found| found == value)?;
            missing += usize::from(equal.is_none());
            changed += usize::from(equal == Some(false));
            if equal != Some(true) && first.is_none() {
                first = Some(key.to_vec());
            }
            Ok(())
        })?;
        Ok((missing, changed, first))
    }

    /// Hands the log to the system and makes it durable; with `tables`, all that is in memory is written to tables too.
    pub fn flush(&self, tables: bool) -> Outcome<()> {
        // SAFETY: the error slot is valid.
        self.database.call(|db, error| unsafe { ffi::rocksdb_flush_wal(db, 1, error) })?;
        for index in 0..if tables { self.database.family_count() } else { 0 } {
            sequence::flush(&self.database, self.database.family(index)?)?;
        }
        Ok(())
    }

    /// Ends the loading: all that is in memory goes to tables, and the store leaves sequence number 0.
    ///
    /// Errors: NO_SPACE, IO_FAILED, STORE_FAILED when the store still stands at 0.
    pub fn finish_loads(&mut self) -> Outcome<()> {
        self.crew.finish()?;
        self.flush(true)?;
        sequence::lift_above_zero(&self.database)
    }

    /// Drops a family with all that is in it. After an error it is there as before.
    ///
    /// Errors: KEYSPACE_UNKNOWN, STORE_FAILED for the family `default`, IO_FAILED, and that of work that was given away.
    pub fn drop_family(&mut self, family: &[u8]) -> Outcome<()> {
        let number = self.number(family)?;
        let database = self.alone()?;
        drop_family(database, database.family(number)?)?;
        database.forget_family(number);
        self.names.remove(number);
        self.numbers.remove(family);
        self.numbers.values_mut().filter(|other| **other > number).for_each(|other| *other -= 1);
        Ok(())
    }

    /// Compacts one family whole: also tables that would only be moved to the last level, as merge operands could be left in these.
    pub fn compact(&self, family: &[u8]) -> Outcome<()> {
        let handle = self.family(family)?;
        // SAFETY: null bounds mean all keys; the options live until it has returned.
        unsafe {
            let options = ffi::rocksdb_compactoptions_create();
            ffi::rocksdb_compactoptions_set_bottommost_level_compaction(options, FORCE);
            ffi::rocksdb_compact_range_cf_opt(self.database.as_ptr(), handle, options, ptr::null(), 0, ptr::null(), 0);
            ffi::rocksdb_compactoptions_destroy(options);
        }
        Ok(())
    }

    pub fn identity(&self) -> Option<String> {
        self.database.identity()
    }

    pub fn latest_sequence_number(&self) -> u64 {
        self.database.latest_sequence_number()
    }

    /// Names of all families.
    pub fn names(&self) -> &[Vec<u8>] {
        &self.names
    }
}

#[cfg(test)]
mod tests;
