//! A failure of a store and its surroundings, which the rules look at.

use std::path::Path;

use crate::error::Fault;

/// How many tables are looked at.
pub const MOST_TABLES: usize = 64;
/// Longest part of RocksDB's own sentence that is told.
const MOST_SAID: usize = 300;

/// A failure and its surroundings.
pub struct Scene<'a> {
    pub store: &'a Path,
    pub fault: &'a Fault,
    /// Names of the files in the store's directory.
    pub names: Vec<String>,
}

impl Scene<'_> {
    /// Whether the failure is told in RocksDB's own words, all of which are in it.
    pub fn says(&self, words: &[&str]) -> bool {
        self.fault.message.starts_with("RocksDB: ") && words.iter().all(|word| self.fault.message.contains(word))
    }

    /// Whether it is about a file that is not there.
    pub fn is_missing(&self) -> bool {
        self.fault.code == "STORE_DAMAGED"
            && (self.fault.message.ends_with(" is missing") || self.says(&["No such file or directory"]))
    }

    /// What failed, for the end of a sentence.
    pub fn reason(&self) -> String {
        let message = self.fault.message.as_str();
        match message.char_indices().nth(MOST_SAID) {
            Some((end, _)) => format!("{}…", &message[..end]),
            None => message.to_owned(),
        }
    }

    /// The failure of a store that is not damaged, but can't be read.
    pub fn unsupported(&self, message: String, hint: &str) -> Fault {
        let fault = Fault::new("STORE_UNSUPPORTED", message).hint(hint);
        let path = self.fault.path.clone().or_else(|| Some(self.store.to_string_lossy().into_owned()));
        Fault { path, ..fault }
    }

    /// The table files in the store's directory.
    pub fn tables(&self) -> impl Iterator<Item = &String> {
        self.names.iter().filter(|name| name.ends_with(".sst") || name.ends_with(".ldb"))
    }

    /// Whether a file of this name is in the store's directory.
    pub fn has(&self, name: &str) -> bool {
        self.names.iter().any(|there| there == name)
    }
}
