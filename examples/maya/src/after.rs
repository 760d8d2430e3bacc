//! The store after the migration: the sled crate as it is published, in its default tree.
//!
//! Contract: settings must be those that the store was made with, which `kgdump import` and `kgdump migrate` print.

use crate::Outcome;
use crate::store::{Each, Store};

pub struct Sled(sled::Db);

impl Sled {
    pub fn open(path: &str, compression: bool) -> Outcome<Self> {
        Ok(Self(sled::Config::new().path(path).use_compression(compression).open()?))
    }
}

impl Store for Sled {
    fn get(&self, key: &[u8]) -> Outcome<Option<Vec<u8>>> {
        Ok(self.0.get(key)?.map(|value| value.to_vec()))
    }

    fn put(&self, key: &[u8], value: &[u8]) -> Outcome<()> {
        self.0.insert(key, value)?;
        Ok(())
    }

    fn remove(&self, key: &[u8]) -> Outcome<()> {
        self.0.remove(key)?;
        Ok(())
    }

    fn scan(&self, prefix: &[u8], each: &mut Each) -> Outcome<()> {
        for entry in self.0.scan_prefix(prefix) {
            let (key, value) = entry?;
            each(&key, &value)?;
        }
        Ok(())
    }

    fn flush(&self) -> Outcome<()> {
        self.0.flush()?;
        Ok(())
    }
}
