//! Reading trees leaf by leaf.

use kgdump_sled::fault::{Doing, Outcome};
use kgdump_sled::guard;
use kgdump_sled::read::pass::{KeyRange, Pass};
use kgdump_sled::read::sled_walk::Walk;
use kgdump_sled::read::store::FileStore;

pub type Pairs = Vec<(Vec<u8>, Vec<u8>)>;

/// The entries of a range, in the order in which they are read.
pub fn read(tree: &sled::Tree, range: &KeyRange) -> Outcome<Pairs> {
    guard::contain(Doing::Reading, || entries(Walk::begin(tree, range)?, range))
}

/// The same, read by files.
pub fn read_files(store: &FileStore, tree: &[u8], range: &KeyRange) -> Outcome<Pairs> {
    entries(store.walk(tree, range)?, range)
}

fn entries(mut pass: impl Pass, range: &KeyRange) -> Outcome<Pairs> {
    let mut found = Pairs::new();
    while let Some((prefix, suffix, value)) = pass.entry(range)? {
        found.push(([prefix, suffix].concat(), value.to_vec()));
        pass.step(range);
    }
    Ok(found)
}

/// All entries, in one order or the other.
pub fn all(reverse: bool) -> KeyRange {
    KeyRange { lower: None, upper: None, reverse }
}
