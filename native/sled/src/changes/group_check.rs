//! Whether a tree is where it was written as its original was when that was followed: the groups are read and compared with their prints.

use std::ops::Range;

use sha2::{Digest, Sha256};

use crate::changes::follow::Follower;
use crate::changes::prints::Print;
use crate::entries::push_bin_of;
use crate::fault::Outcome;
use crate::read::pass::{KeyRange, Pass as _};
use crate::read::sled_walk::Walk;
use crate::store::{Store, existing_tree};

/// Compares some of the follower's groups that were written with the store's tree, which may have been opened anew since; `part` says which
/// of them. Returns how many are not as they should be.
///
/// # Errors
/// KEYSPACE_UNKNOWN, STORE_DAMAGED, IO_FAILED.
pub fn differing(store: &Store, follower: &Follower, part: Range<usize>) -> Outcome<usize> {
    store.with(|db| {
        let tree = existing_tree(db, &follower.tree)?;
        let mut differing = 0;
        let mut bytes = Vec::new();
        let mut before: Option<Walk> = None;
        for &group in follower.written.get(part).unwrap_or_default() {
            let range = range_of(follower, group);
            let mut walk = match before.take() {
                Some(walk) => Walk::again(walk, &range)?,
                None => Walk::begin(&tree, &range)?,
            };
            let mut count = 0_u32;
            bytes.clear();
            while let Some((prefix, suffix, value)) = walk.entry(&range)? {
                push_bin_of(&mut bytes, [prefix, suffix])?;
                push_bin_of(&mut bytes, [value])?;
                count += 1;
                walk.step(&range);
            }
            before = Some(walk);
            let print: Print = Sha256::digest(&bytes).into();
            differing += usize::from(follower.prints.group(group) != Some((count, &print)));
        }
        Ok(differing)
    })
}

/// All keys from the group's first one on, or from the very first, to the next group's.
fn range_of(follower: &Follower, group: usize) -> KeyRange {
    let Follower { prints, descending, .. } = follower;
    let from = if group == 0 { None } else { prints.first_key(group) };
    let to = prints.first_key(group + 1);
    if *descending {
        // What comes after a key in the tree's reverse order is below it; a bound of the range is the key right above.
        let above = |key: &[u8]| [key, &[0]].concat();
        return KeyRange { lower: to.map(above), upper: from.map(above), reverse: true };
    }
    KeyRange { lower: from.map(<[u8]>::to_vec), upper: to.map(<[u8]>::to_vec), reverse: false }
}
