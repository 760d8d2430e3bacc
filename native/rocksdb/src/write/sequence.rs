//! Lifts a new store above sequence number 0.
//!
//! Ingested tables have sequence number 0, and so has the store that they went into, until somebody writes to it. A snapshot or
//! transaction that begins then is snapshot 0. RocksDB up to 9.1 takes that for "no snapshot" in compactions and loses every
//! record; later ones lose sight of deleted records in that snapshot. So a number is used up before anybody gets the store.
//!
//! It is used up by the deletion of a key that the store does not have. That changes no content, needs no record, and is the same
//! for every kind of family; the next compaction drops it. RocksDB takes the last number of a store without a log from its tables
//! alone, so that something has to be in one: a record that is put and taken back again leaves no table and no number.
//!
//! Contract: the store's content is the same before and after.

use crate::error::{Fault, Outcome};
use crate::ffi;
use crate::files::layout::fingerprint;
use crate::files::manifest::read_manifest;
use crate::handle::Database;
use crate::write::batch::{chars, Batch};

/// The family that every store has, as number in `Database`.
const DEFAULT_FAMILY: usize = 0;

/// Uses up a sequence number when none was used so far, and sees that MANIFEST has it.
///
/// Errors: STORE_FAILED when the store's MANIFEST still ends with number 0; those of writing and flushing.
pub fn lift_above_zero(database: &Database) -> Outcome<()> {
    if database.latest_sequence_number() == 0 {
        use_number(database)?;
    }
    let manifest = read_manifest(&database.path().join(fingerprint(database.path())?.manifest))?;
    if manifest.last_sequence == 0 {
        let problem = "the new store's last sequence number is 0: a snapshot before its first write would lose records";
        return Err(Fault::new("STORE_FAILED", problem).at(database.path()));
    }
    Ok(())
}

fn use_number(database: &Database) -> Outcome<()> {
    let family = database.family(DEFAULT_FAMILY)?;
    let key = absent_key(database, family)?;
    let batch = Batch::new();
    batch.delete(family, &key);
    // SAFETY: the options are ours, destroyed once, after the call; the batch lives through it.
    database.call(|db, error| unsafe {
        let options = ffi::rocksdb_writeoptions_create();
        ffi::rocksdb_writeoptions_disable_WAL(options, 1);
        ffi::rocksdb_write(db, options, batch.as_ptr(), error);
        ffi::rocksdb_writeoptions_destroy(options);
    })?;
    flush(database, family)
}

/// A key that the family does not have, like one that it has, so that prefixes of keys are found in it too.
fn absent_key(database: &Database, family: *mut ffi::rocksdb_column_family_handle_t) -> Outcome<Vec<u8>> {
    // SAFETY: options and iterator are ours, destroyed once, in this order; the key lives until the iterator moves.
    let mut key = unsafe {
        let options = ffi::rocksdb_readoptions_create();
        ffi::rocksdb_readoptions_set_total_order_seek(options, 1);
        let iterator = ffi::rocksdb_create_iterator_cf(database.as_ptr(), options, family);
        ffi::rocksdb_iter_seek_to_first(iterator);
        let mut entry =
            ffi::kgd_entry { key: std::ptr::null(), key_length: 0, value: std::ptr::null(), value_length: 0 };
        let found = ffi::kgd_current(iterator, &raw mut entry);
        let first = match found {
            ffi::KGD_INVALID => Vec::new(),
            _ if entry.key_length == 0 => Vec::new(),
            _ => std::slice::from_raw_parts(entry.key.cast::<u8>(), entry.key_length).to_vec(),
        };
        ffi::rocksdb_iter_destroy(iterator);
        ffi::rocksdb_readoptions_destroy(options);
        first
    };
    loop {
        key.push(0);
        // SAFETY: the options and what is found are ours, destroyed once, after their use.
        let found = database.call(|db, error| unsafe {
            let options = ffi::rocksdb_readoptions_create();
            let found = ffi::rocksdb_get_pinned_cf(db, options, family, chars(&key), key.len(), error);
            let is_there = !found.is_null();
            if is_there {
                ffi::rocksdb_pinnableslice_destroy(found);
            }
            ffi::rocksdb_readoptions_destroy(options);
            is_there
        })?;
        if !found {
            return Ok(key);
        }
    }
}

/// Writes what a family has in memory to a table.
pub fn flush(database: &Database, family: *mut ffi::rocksdb_column_family_handle_t) -> Outcome<()> {
    // SAFETY: our own options, destroyed once, after the call.
    database.call(|db, error| unsafe {
        let options = ffi::rocksdb_flushoptions_create();
        ffi::rocksdb_flush_cf(db, options, family, error);
        ffi::rocksdb_flushoptions_destroy(options);
    })
}
