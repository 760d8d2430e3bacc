//! Changes, put into a batch, a transaction or a table of RocksDB's.

use std::collections::BTreeMap;
use std::ffi::CStr;
use std::slice::from_raw_parts;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::Outcome;
use crate::ffi::*;
use crate::plan::Change;
use crate::session::{call, failure};

/// Adds a change to a batch.
pub fn add(batch: Pointer, family: Pointer, change: &Change) -> Outcome<()> {
    // SAFETY: batch and family are open, and the library copies the bytes.
    unsafe {
        match change {
            Change::Put { key: k, value: v } => {
                rocksdb_writebatch_put_cf(batch, family, k.as_ptr(), k.len(), v.as_ptr(), v.len());
            }
            Change::Merge { key: k, operand: v } => {
                rocksdb_writebatch_merge_cf(batch, family, k.as_ptr(), k.len(), v.as_ptr(), v.len());
            }
            Change::Delete { key: k } => rocksdb_writebatch_delete_cf(batch, family, k.as_ptr(), k.len()),
            Change::SingleDelete { key: k } => rocksdb_writebatch_singledelete_cf(batch, family, k.as_ptr(), k.len()),
            Change::DeleteRange { from: k, to: e } => {
                rocksdb_writebatch_delete_range_cf(batch, family, k.as_ptr(), k.len(), e.as_ptr(), e.len());
            }
            Change::Timed { key: k, value: v, age } => {
                let written = (SystemTime::now() - *age).duration_since(UNIX_EPOCH)?.as_secs();
                if maker_timed_put(batch, family, k.as_ptr(), k.len(), v.as_ptr(), v.len(), written) == 0 {
                    return Err("the value with its time can't be put".into());
                }
            }
            Change::Entity { key: k, columns } => {
                let parts: Vec<&[u8]> = columns.iter().flat_map(|(name, value)| [&name[..], value]).collect();
                let pointers: Vec<*const u8> = parts.iter().map(|part| part.as_ptr()).collect();
                let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
                let (p, l) = (pointers.as_ptr(), lengths.as_ptr());
                if maker_put_entity(batch, family, k.as_ptr(), k.len(), p, l, columns.len()) == 0 {
                    return Err("the entity can't be put".into());
                }
            }
        }
    }
    Ok(())
}

/// Adds a change to a transaction.
pub fn within(transaction: Pointer, family: Pointer, change: &Change) -> Outcome<()> {
    match change {
        Change::Put { key: k, value: v } => {
            call!(rocksdb_transaction_put_cf(transaction, family, k.as_ptr(), k.len(), v.as_ptr(), v.len()))
        }
        Change::Merge { key: k, operand: v } => {
            call!(rocksdb_transaction_merge_cf(transaction, family, k.as_ptr(), k.len(), v.as_ptr(), v.len()))
        }
        Change::Delete { key: k } => call!(rocksdb_transaction_delete_cf(transaction, family, k.as_ptr(), k.len())),
        _ => Err("a transaction can't have such a change".into()),
    }
}

/// Writes a table of these rows, in their order.
pub fn write_table(path: &CStr, options: Pointer, rows: &[Change]) -> Outcome<()> {
    // SAFETY: makes something new.
    let writer = unsafe { rocksdb_sstfilewriter_create(rocksdb_envoptions_create(), options) };
    call!(rocksdb_sstfilewriter_open(writer, path.as_ptr()))?;
    for row in rows {
        match row {
            Change::Put { key: k, value: v } => {
                call!(rocksdb_sstfilewriter_put(writer, k.as_ptr(), k.len(), v.as_ptr(), v.len()))?;
            }
            Change::Merge { key: k, operand: v } => {
                call!(rocksdb_sstfilewriter_merge(writer, k.as_ptr(), k.len(), v.as_ptr(), v.len()))?;
            }
            Change::Delete { key: k } => call!(rocksdb_sstfilewriter_delete(writer, k.as_ptr(), k.len()))?,
            Change::DeleteRange { from: k, to: e } => {
                call!(rocksdb_sstfilewriter_delete_range(writer, k.as_ptr(), k.len(), e.as_ptr(), e.len()))?;
            }
            _ => return Err("a table can't have such a row".into()),
        }
    }
    call!(rocksdb_sstfilewriter_finish(writer))?;
    // SAFETY: nothing uses the writer later.
    unsafe { rocksdb_sstfilewriter_destroy(writer) };
    Ok(())
}

/// The transactions that were prepared before the database was opened, by their names.
pub fn prepared(db: Pointer) -> Outcome<BTreeMap<Vec<u8>, Pointer>> {
    let mut named = BTreeMap::new();
    let mut count = 0;
    // SAFETY: the database is open; the list has `count` transactions, and each name the length that is said.
    unsafe {
        let list = rocksdb_transactiondb_get_prepared_transactions(db, &raw mut count);
        if list.is_null() || count == 0 {
            return Ok(named);
        }
        for transaction in from_raw_parts(list, count) {
            let mut length = 0;
            let name = rocksdb_transaction_get_name(*transaction, &raw mut length);
            if name.is_null() {
                return Err("a prepared transaction has no name".into());
            }
            named.insert(from_raw_parts(name.cast::<u8>(), length).to_vec(), *transaction);
        }
    }
    Ok(named)
}
