//! Entries that tables should have by the numbers of their logs, and can't have by their own.
//!
//! When MANIFEST tells that a family's tables have all of the logs before one, no entry of these logs is newer than all that tables had then, but for
//! what a flush leaves nothing of: values and the single deletions of them.

use std::collections::{BTreeMap, HashSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};

use crate::files::family::Family;
use crate::files::log_replay::Entry;
use crate::files::manifest::Manifest;
use crate::files::write_batch::Kind;

#[derive(Default)]
struct Found {
    count: u64,
    /// The last log with any.
    path: PathBuf,
    /// Hashes of the keys of which a flush leaves something.
    left: HashSet<u64>,
}

/// Collects them by family, in the order of their numbers.
#[derive(Default)]
pub struct Unflushed(BTreeMap<u32, Found>);

impl Unflushed {
    /// Looks at one in the log at `path`, which the family does not need. `first` is its batch's first number: a batch goes into a memtable as a whole, and so
    /// into a table, and where transactions are written before they are committed, all of its entries have that number.
    pub fn add(&mut self, family: &Family, first: u64, entry: &Entry<'_>, path: &Path) {
        // From a key to itself nothing is removed.
        if first <= family.flushed_to || (entry.kind == Kind::RangeDeletion && entry.key == entry.value) {
            return;
        }
        let found = self.0.entry(entry.family).or_default();
        found.count += 1;
        if found.path != path {
            found.path = path.to_owned();
        }
        let mut hasher = DefaultHasher::new();
        (entry.kind == Kind::RangeDeletion, entry.key).hash(&mut hasher);
        if entry.kind == Kind::SingleDeletion {
            found.left.remove(&hasher.finish());
        } else {
            found.left.insert(hasher.finish());
        }
    }

    /// What is to be said of each family of which a flush would have left something.
    pub fn warnings<'a>(&'a self, manifest: &'a Manifest) -> impl Iterator<Item = String> + 'a {
        self.0.iter().filter(|(_, found)| !found.left.is_empty()).map(|(id, Found { count, path, .. })| {
            let name = manifest.families.get(id).map(|family| family.name.escape_ascii().to_string());
            let entries = if *count == 1 { "1 entry is".to_owned() } else { format!("{count} entries are") };
            format!(
                "of the family \"{}\", {entries} in logs up to {} and newer than all that tables had when the store's MANIFEST told that they have them: logs changed places, or tables are missing",
                name.unwrap_or_default(),
                path.display()
            )
        })
    }
}
