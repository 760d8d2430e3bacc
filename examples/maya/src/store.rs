//! What the graph needs of a storage engine. Moving from RocksDB to sled, this is all that changes in the service.
//!
//! Contract: keys come in byte order; `flush` makes all that was written durable.

use crate::Outcome;

/// Is given each entry of a scan.
pub type Each<'a> = dyn FnMut(&[u8], &[u8]) -> Outcome<()> + 'a;

pub trait Store {
    fn get(&self, key: &[u8]) -> Outcome<Option<Vec<u8>>>;
    fn put(&self, key: &[u8], value: &[u8]) -> Outcome<()>;
    fn remove(&self, key: &[u8]) -> Outcome<()>;
    fn scan(&self, prefix: &[u8], each: &mut Each) -> Outcome<()>;
    fn flush(&self) -> Outcome<()>;
}
