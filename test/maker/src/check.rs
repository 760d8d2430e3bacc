//! What RocksDB itself shows of an open store, against the model.

use std::slice::from_raw_parts;

use crate::Outcome;
use crate::ffi::*;
use crate::model::{Entries, Value};
use crate::plan::hex;
use crate::session::{call, failure};

/// All entries of a family by RocksDB's iterator; of an entity the value of its nameless column.
pub fn shown(db: Pointer, family: Pointer, transactional: bool) -> Outcome<Vec<(Vec<u8>, Vec<u8>)>> {
    let mut entries = Vec::new();
    // SAFETY: database and family are open; key and value are copied before the iterator moves.
    let iterator = unsafe {
        let create = if transactional { rocksdb_transactiondb_create_iterator_cf } else { rocksdb_create_iterator_cf };
        let iterator = create(db, rocksdb_readoptions_create(), family);
        rocksdb_iter_seek_to_first(iterator);
        while rocksdb_iter_valid(iterator) != 0 {
            let (mut key_length, mut value_length) = (0, 0);
            let key = rocksdb_iter_key(iterator, &raw mut key_length);
            let value = rocksdb_iter_value(iterator, &raw mut value_length);
            entries.push((copied(key, key_length), copied(value, value_length)));
            rocksdb_iter_next(iterator);
        }
        iterator
    };
    call!(rocksdb_iter_get_error(iterator))?;
    // SAFETY: nothing uses it later.
    unsafe { rocksdb_iter_destroy(iterator) };
    Ok(entries)
}

/// # Safety
/// `length` bytes stand at `bytes`.
unsafe fn copied(bytes: *const u8, length: usize) -> Vec<u8> {
    // SAFETY: by the contract of this function.
    if length == 0 { Vec::new() } else { unsafe { from_raw_parts(bytes, length) }.to_vec() }
}

/// Compares them, in whatever order they are.
///
/// # Errors
/// When they differ: says where.
pub fn compare(family: &[u8], mut shown: Vec<(Vec<u8>, Vec<u8>)>, wanted: Entries) -> Outcome<()> {
    let plain = |value| match value {
        Value::Plain(value) => value,
        Value::Wide(columns) => {
            columns.into_iter().find(|(name, _)| name.is_empty()).map_or(vec![], |(_, value)| value)
        }
    };
    let mut wanted: Vec<_> = wanted.into_iter().map(|(key, value)| (key, plain(value))).collect();
    shown.sort();
    wanted.sort();
    if shown == wanted {
        return Ok(());
    }
    let odd = |all: &[(Vec<u8>, Vec<u8>)], other: &[(Vec<u8>, Vec<u8>)]| {
        let found = all.iter().find(|entry| !other.contains(entry));
        found.map_or("nothing".into(), |(key, value)| format!("{} {}", hex(key), hex(value)))
    };
    let counts = format!("{} entries and the model has {}", shown.len(), wanted.len());
    let (only_shown, only_wanted) = (odd(&shown, &wanted), odd(&wanted, &shown));
    Err(format!(
        "family {}: RocksDB shows {counts}; only shown: {only_shown}; only in the model: {only_wanted}",
        hex(family)
    )
    .into())
}
