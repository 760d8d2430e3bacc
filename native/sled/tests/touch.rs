//! Following only what was touched, against a model of two maps: whichever keys are told beside those that changed, and however the entries
//! of their groups are cut into blocks, the tree becomes equal to its original; and what is then compared with it sees every difference.
//!
//! `SEED=n` chooses other states, `KGDUMP_FOLLOWS=n` more of them.

#[allow(dead_code)] // Not every test needs all of it.
mod support;

use std::collections::BTreeSet;

use kgdump_sled::changes::blocks::Changes;
use kgdump_sled::changes::follow::Follower;
use kgdump_sled::changes::group_check::differing;
use kgdump_sled::entries::{bin, push_bin};
use kgdump_sled::fault::Code;
use kgdump_sled::guard::Health;
use kgdump_sled::store::{Store, existing_tree};
use kgdump_sled::write::apply::carry_over;

use support::states::{changed, fill, learned, number, tree_of};
use support::{Model, Random, blocks, options, scratch};

/// All keys that differ, and some that do not, of which some are in neither state.
fn told(old: &Model, new: &Model, random: &mut Random) -> BTreeSet<Vec<u8>> {
    let mut keys: BTreeSet<Vec<u8>> =
        old.keys().chain(new.keys()).filter(|key| old.get(*key) != new.get(*key)).cloned().collect();
    let known: Vec<&Vec<u8>> = old.keys().chain(new.keys()).collect();
    for _ in 0..random.below(20) {
        if random.below(2) == 0 || known.is_empty() {
            keys.insert(random.key());
        } else {
            keys.insert(known[random.below(known.len())].clone());
        }
    }
    keys
}

fn bins<'a>(keys: impl Iterator<Item = &'a Vec<u8>>) -> Vec<u8> {
    let mut out = Vec::new();
    keys.for_each(|key| push_bin(&mut out, key).unwrap());
    out
}

fn in_order(keys: &BTreeSet<Vec<u8>>, descending: bool) -> Vec<u8> {
    if descending { bins(keys.iter().rev()) } else { bins(keys.iter()) }
}

/// A bound of a range, and where the next one begins.
fn bound(ranges: &[u8], at: usize) -> (Option<Vec<u8>>, usize) {
    if ranges[at] == 0xc0 {
        return (None, at + 1);
    }
    let place = bin(ranges, at).unwrap();
    (Some(ranges[place.clone()].to_vec()), place.end)
}

/// The part of a state that is in the ranges; they must be in order, and apart.
fn within(model: &Model, ranges: &[u8], descending: bool) -> Model {
    let follows = |a: &[u8], b: &[u8]| if descending { b < a } else { b > a };
    let mut part = Model::new();
    let mut at = 0;
    let mut end_before: Option<Vec<u8>> = None;
    while at < ranges.len() {
        let (from, next) = bound(ranges, at);
        let (to, next) = bound(ranges, next);
        assert!(at == 0 || from.as_ref().zip(end_before.as_ref()).is_some_and(|(from, end)| follows(end, from)));
        let inside = |key: &[u8]| {
            from.as_ref().is_none_or(|from| from == key || follows(from, key))
                && to.as_ref().is_none_or(|to| follows(key, to))
        };
        part.extend(model.iter().filter(|(key, _)| inside(key)).map(|(key, value)| (key.clone(), value.clone())));
        (end_before, at) = (to, next);
    }
    part
}

fn write(store: &Store, tree: &[u8], changes: &[Changes]) {
    for chunk in changes.iter().flat_map(|changes| &changes.chunks) {
        carry_over(store, tree, &chunk.data).unwrap();
    }
}

/// Follows what the told keys touch; the changes are written when all were found.
fn follow_touched(store: &Store, follower: &mut Follower, old: &Model, new: &Model, random: &mut Random) {
    let tree = follower.tree.clone();
    let descending = follower.descending;
    let keys = told(old, new, random);
    if keys.is_empty() {
        return;
    }
    let touched = follower.touch(in_order(&keys, descending)).unwrap();
    assert!(touched.groups <= touched.of.max(1) && touched.groups > 0);
    let part = within(new, &touched.ranges, descending);
    let mut changes = Vec::new();
    for block in blocks(&part, descending, random) {
        changes.push(follower.follow(store, &block).unwrap());
    }
    changes.push(follower.end(store).unwrap());
    write(store, &tree, &changes);
    assert!(tree_of(store, &tree) == *new, "the tree is not as its original");
}

/// Follows the whole of another state and tells how many groups differ.
fn confirm(store: &Store, follower: &mut Follower, state: &Model, random: &mut Random) -> u64 {
    follower.confirm();
    let mut differing = 0;
    let descending = follower.descending;
    let parts = blocks(state, descending, random);
    let mut all: Vec<Changes> = parts.iter().map(|block| follower.follow(store, block).unwrap()).collect();
    all.push(follower.end(store).unwrap());
    for changes in all {
        assert!(changes.chunks.is_empty());
        differing += changes.differing;
    }
    differing
}

/// One entry is put, changed or removed; which key it was.
fn spoilt(model: &Model, random: &mut Random) -> (Model, Vec<u8>) {
    let mut other = model.clone();
    let keys: Vec<Vec<u8>> = model.keys().cloned().collect();
    let picked = if keys.is_empty() { Vec::new() } else { keys[random.below(keys.len())].clone() };
    match random.below(4) {
        0 if !keys.is_empty() => drop(other.remove(&picked)),
        1 if !keys.is_empty() => {
            let value = other.get_mut(&picked).unwrap();
            let at = random.below(value.len() + 1);
            match value.get_mut(at) {
                Some(byte) => *byte ^= 1 << random.below(8),
                None => value.push(0),
            }
        }
        // The same value under another key.
        2 if !keys.is_empty() => {
            let value = other.remove(&picked).unwrap();
            let mut key = picked.clone();
            key.push(0);
            if other.contains_key(&key) {
                return (other, picked);
            }
            other.insert(key, value);
        }
        _ => {
            let mut key = random.key();
            while other.contains_key(&key) {
                key.push(random.byte());
            }
            other.insert(key.clone(), b"more".to_vec());
            return (other, key);
        }
    }
    (other, picked)
}

fn overwrite(store: &Store, tree: &[u8], from: &Model, to: &Model) {
    let apply = |db: &sled::Db| {
        let tree = existing_tree(db, tree)?;
        for key in from.keys().filter(|key| !to.contains_key(*key)) {
            tree.remove(key).unwrap();
        }
        for (key, value) in to.iter().filter(|(key, value)| from.get(*key) != Some(*value)) {
            tree.insert(key, value.clone()).unwrap();
        }
        Ok(())
    };
    store.with(apply).unwrap();
}

fn all_written(store: &Store, follower: &Follower, random: &mut Random) -> usize {
    let count = follower.written.len();
    let middle = random.below(count + 1);
    differing(store, follower, 0..middle).unwrap() + differing(store, follower, middle..count).unwrap()
}

/// Whether a key of the model's is in a group that was written.
fn is_watched(follower: &Follower, key: &[u8]) -> bool {
    let descending = follower.descending;
    let group = follower.prints.group_of(key, |a, b| if descending { b < a } else { b > a });
    follower.written.contains(&group)
}

#[test]
fn whatever_is_touched_brings_the_tree_to_its_original() {
    let seed = number("SEED", 0x5eed_0007);
    println!("SEED={seed}");
    let mut random = Random(seed | 1);
    let home = scratch();
    let mut store = Store::open(&options(home.path(), false, None), Health::now()).unwrap();
    let mut noticed = 0;
    for round in 0..number("KGDUMP_FOLLOWS", 12) {
        let old = if random.below(8) == 0 { Model::new() } else { random.shapes() };
        let new = if old.is_empty() { random.shapes() } else { changed(&old, &mut random) };
        println!("round {round}: {} entries become {}", old.len(), new.len());
        let tree = format!("tree {round}").into_bytes();
        let descending = random.below(2) == 0;
        fill(&store, &tree, &old);
        let mut follower = learned(&tree, &old, descending, &mut random);
        follow_touched(&store, &mut follower, &old, &new, &mut random);
        assert_eq!(all_written(&store, &follower, &mut random), 0);
        if random.below(4) == 0 {
            store.close().unwrap();
            store = Store::open(
                &kgdump_sled::store::Options { create: false, ..options(home.path(), false, None) },
                Health::now(),
            )
            .unwrap();
            assert_eq!(all_written(&store, &follower, &mut random), 0);
        }
        for _ in 0..3 {
            let (other, key) = spoilt(&new, &mut random);
            assert!(confirm(&store, &mut follower, &other, &mut random) > 0, "a difference at {key:?} passes");
            overwrite(&store, &tree, &new, &other);
            let seen = all_written(&store, &follower, &mut random);
            let watched = is_watched(&follower, &key);
            assert_eq!(seen > 0, watched, "{key:?}");
            noticed += usize::from(watched);
            overwrite(&store, &tree, &other, &new);
            assert_eq!(all_written(&store, &follower, &mut random), 0);
        }
        assert_eq!(confirm(&store, &mut follower, &new, &mut random), 0);
    }
    assert!(noticed > 0);
    store.close().unwrap();
}

#[test]
fn keys_out_of_order_and_entries_of_other_groups_are_refused() {
    let home = scratch();
    let store = Store::open(&options(home.path(), false, None), Health::now()).unwrap();
    let old: Model = (0u32..100).map(|at| (at.to_be_bytes().to_vec(), b"v".to_vec())).collect();
    fill(&store, b"tree", &old);
    let key = |at: u32| at.to_be_bytes().to_vec();
    let mut random = Random(9);
    for descending in [false, true] {
        let mut follower = learned(b"tree", &old, descending, &mut random);
        let (low, high) = (key(20), key(70));
        let wrong = if descending { [&low, &high] } else { [&high, &low] };
        assert_eq!(follower.touch(bins(wrong.into_iter())).unwrap_err().code, Code::DumpOrderBroken);
        assert_eq!(follower.touch(bins([&low, &low].into_iter())).unwrap_err().code, Code::DumpOrderBroken);
        assert_eq!(follower.touch(vec![0xc4, 3, b'a']).unwrap_err().code, Code::DumpEntriesMalformed);
        assert!(follower.touch(bins([&key(50)].into_iter())).is_ok());
        let early = if descending { key(99) } else { key(0) };
        let entry = support::encode(&Model::from([(early, b"v".to_vec())]));
        assert_eq!(follower.follow(&store, &entry).unwrap_err().code, Code::DumpOrderBroken);
    }
    store.close().unwrap();
}
