//! Reading trees leaf by leaf.

use kgdump_sled::failure::{Doing, Outcome};
use kgdump_sled::guard;
use kgdump_sled::read::pass::{KeyRange, Pass as _};
use kgdump_sled::read::sled_walk::Walk;

pub type Pairs = Vec<(Vec<u8>, Vec<u8>)>;

/// The entries of a range, in the order in which they are read.
pub fn read(tree: &sled::Tree, range: &KeyRange) -> Outcome<Pairs> {
    guard::contain(Doing::Reading, || {
        let mut walk = Walk::begin(tree, range)?;
        let mut found = Pairs::new();
        while let Some((prefix, suffix, value)) = walk.entry(range)? {
            found.push(([prefix, suffix].concat(), value.to_vec()));
            walk.step(range);
        }
        Ok(found)
    })
}

/// All entries, in one order or the other.
pub fn all(reverse: bool) -> KeyRange {
    KeyRange { lower: None, upper: None, reverse }
}
