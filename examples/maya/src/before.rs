//! The store before the migration: RocksDB with MAYA's families and settings. All records are in the family `default`.
//!
//! Contract: as that of `rocksdb.rs`, whose names are those of the crate `rocksdb`; with the crate this file stays as it is.

use crate::Outcome;
use crate::rocksdb::{BlockBasedOptions, DB, DBCompressionType, Options};
use crate::store::{Each, Store};

const FAMILIES: [&str; 4] = ["default", "nodes", "edges", "indices"];

pub struct RocksDb(DB);

impl RocksDb {
    pub fn open(path: &str) -> Outcome<Self> {
        let mut table = BlockBasedOptions::default();
        table.set_block_size(16 * 1024);
        table.set_bloom_filter(10.0, false);
        let mut options = Options::default();
        options.create_if_missing(true);
        options.create_missing_column_families(true);
        options.set_compression_type(DBCompressionType::Lz4);
        options.set_manual_wal_flush(true);
        options.set_block_based_table_factory(&table);
        Ok(Self(DB::open_cf(&options, path, FAMILIES)?))
    }
}

impl Store for RocksDb {
    fn get(&self, key: &[u8]) -> Outcome<Option<Vec<u8>>> {
        self.0.get(key)
    }

    fn put(&self, key: &[u8], value: &[u8]) -> Outcome<()> {
        self.0.put(key, value)
    }

    fn remove(&self, key: &[u8]) -> Outcome<()> {
        self.0.delete(key)
    }

    fn scan(&self, prefix: &[u8], each: &mut Each) -> Outcome<()> {
        self.0.prefix_iterator(prefix, each)
    }

    fn flush(&self) -> Outcome<()> {
        self.0.flush_wal(true)
    }
}
