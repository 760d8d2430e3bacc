//! Two states of one original: another state of the same keys, trees that hold a state, and followers that have read them.

use kgdump_sled::changes::follow::Follower;
use kgdump_sled::store::{Store, existing_tree};
use kgdump_sled::write::apply::{self, IfExists};
use sha2::{Digest, Sha256};

use super::{Model, Random, blocks, encode};

/// A number from the environment.
pub fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// What a tree holds.
pub fn tree_of(store: &Store, tree: &[u8]) -> Model {
    let pairs = |db: &sled::Db| {
        Ok(existing_tree(db, tree)?
            .iter()
            .map(Result::unwrap)
            .map(|(key, value)| (key.to_vec(), value.to_vec()))
            .collect())
    };
    store.with(pairs).unwrap()
}

/// Makes a tree that holds a state.
pub fn fill(store: &Store, tree: &[u8], model: &Model) {
    store.create_trees(&[tree.to_vec()]).unwrap();
    apply::apply(store, tree, &encode(model), IfExists::Fail).unwrap();
}

/// A follower that has read the tree.
pub fn learned(tree: &[u8], old: &Model, descending: bool, random: &mut Random) -> Follower {
    let mut follower = Follower::new(tree.to_vec(), descending);
    let mut hash = Sha256::new();
    for block in blocks(old, descending, random) {
        hash.update(&block);
        follower.learn(&block).unwrap();
    }
    let digest: [u8; 32] = hash.finalize().into();
    assert_eq!(follower.learned(), (old.len() as u64, digest));
    follower
}

/// Another state of the same original.
pub fn changed(old: &Model, random: &mut Random) -> Model {
    let keys: Vec<Vec<u8>> = old.keys().cloned().collect();
    let mut new = old.clone();
    let many = random.below(keys.len() + 1);
    match random.below(12) {
        0 => {}
        1 => new.clear(),
        2 => new = random.shapes(),
        3 => new.values_mut().for_each(|value| value.push(b'x')),
        // All of it at one end.
        4 => keys.iter().take(many).for_each(|key| drop(new.remove(key))),
        5 => keys.iter().rev().take(many).for_each(|key| drop(new.remove(key))),
        6 => new.extend((0..many).map(|at| ([&[0; 3], &at.to_be_bytes()[..]].concat(), b"before".to_vec()))),
        7 => new.extend((0..many).map(|at| ([&[0xff; 700], &at.to_be_bytes()[..]].concat(), b"behind".to_vec()))),
        8 => drop(new.insert(Vec::new(), b"the empty key".to_vec())),
        // Beside each key, with all of it for a prefix, or without its last byte.
        9 => new.extend(keys.iter().map(|key| ([key, &[0][..]].concat(), Vec::new()))),
        10 => new.extend(keys.iter().map(|key| (key[..key.len().saturating_sub(1)].to_vec(), key.clone()))),
        _ => {
            for _ in 0..many {
                let key = keys[random.below(keys.len())].clone();
                match random.below(4) {
                    0 => drop(new.remove(&key)),
                    1 => drop(new.insert(random.key(), b"new".to_vec())),
                    _ => {
                        let length = random.below(300);
                        new.insert(key, random.bytes(length));
                    }
                }
            }
        }
    }
    new
}
