//! Following a tree, against a model of two maps: whatever the two states of its original are and however they are cut into blocks, the
//! changes that are found are exactly those between the maps, in order, and make the tree equal to its original.
//!
//! `SEED=n` chooses other states, `KGDUMP_FOLLOWS=n` more of them.

#[allow(dead_code)] // Not every test needs all of it.
mod support;

use std::collections::VecDeque;

use kgdump_sled::changes::blocks::{Changes, Chunk};
use kgdump_sled::changes::group_check::differing;
use kgdump_sled::entries::entry;
use kgdump_sled::fault::Code;
use kgdump_sled::guard::Health;
use kgdump_sled::store::{Store, existing_tree};
use kgdump_sled::write::apply::{self, Carried};

use support::states::{changed, fill, learned, number, tree_of};
use support::{Model, Random, blocks, options, scratch};

const CHUNK: usize = 1 << 20;

/// Key, and value or none for one that is to be removed; in the tree's order.
type Found = Vec<(Vec<u8>, Option<Vec<u8>>)>;

/// What must be found: the changes from one state to the other, and how many of each kind.
fn expected(old: &Model, new: &Model, descending: bool) -> (Found, [u64; 3]) {
    let mut counts = [0; 3];
    let mut found: Found = Vec::new();
    for (key, value) in new {
        match old.get(key) {
            None => counts[0] += 1,
            Some(before) if before == value => continue,
            Some(_) => counts[1] += 1,
        }
        found.push((key.clone(), Some(value.clone())));
    }
    for key in old.keys().filter(|key| !new.contains_key(*key)) {
        counts[2] += 1;
        found.push((key.clone(), None));
    }
    found.sort();
    if descending {
        found.reverse();
    }
    (found, counts)
}

/// The changes of a chunk, after a look at what the chunk says of itself.
fn changes_of(chunk: &Chunk) -> Found {
    let Chunk { data, stats } = chunk;
    let (mut found, mut sums, mut at) = (Found::new(), (0, 0), 0);
    while at < data.len() {
        let (next, end) = entry(data, at).unwrap();
        sums = (sums.0 + next.key.len(), sums.1 + next.value.as_ref().map_or(0, ExactSizeIterator::len));
        found.push((data[next.key].to_vec(), next.value.map(|value| data[value].to_vec())));
        at = end;
    }
    assert_eq!((found.len(), sums), (stats.entries, (stats.key_bytes, stats.value_bytes)));
    assert_eq!(data[stats.first_key.0..stats.first_key.1], found.first().unwrap().0);
    assert_eq!(data[stats.last_key.0..stats.last_key.1], found.last().unwrap().0);
    assert!(data.len() <= CHUNK || found.len() == 1);
    found
}

/// Applies changes some blocks after they were found, as the program does while it compares on.
struct Writer<'a> {
    store: &'a Store,
    tree: &'a [u8],
    late: usize,
    waiting: VecDeque<Changes>,
    found: Found,
    counts: [u64; 3],
}

impl Writer<'_> {
    fn take(&mut self, changes: Changes) {
        self.waiting.push_back(changes);
        while self.waiting.len() > self.late {
            self.write();
        }
    }

    fn write(&mut self) {
        let Some(Changes { chunks, .. }) = self.waiting.pop_front() else { return };
        for chunk in chunks {
            self.found.extend(changes_of(&chunk));
            let Carried { added, changed, removed } = apply::carry_over(self.store, self.tree, &chunk.data).unwrap();
            for (count, more) in self.counts.iter_mut().zip([added, changed, removed]) {
                *count += u64::from(more);
            }
        }
    }
}

fn own((key, value): (&Vec<u8>, &Vec<u8>)) -> (Vec<u8>, Vec<u8>) {
    (key.clone(), value.clone())
}

/// Lets a tree with the one state follow the other.
fn follow(store: &Store, tree: &[u8], old: &Model, new: &Model, descending: bool, random: &mut Random) {
    let parts = blocks(new, descending, random);
    follow_parts(store, tree, old, (new, parts), descending, random);
}

fn follow_parts(
    store: &Store,
    tree: &[u8],
    old: &Model,
    (new, parts): (&Model, Vec<Vec<u8>>),
    descending: bool,
    random: &mut Random,
) {
    fill(store, tree, old);
    let mut follower = learned(tree, old, descending, random);
    let late = random.below(4);
    let mut writer = Writer { store, tree, late, waiting: VecDeque::new(), found: Vec::new(), counts: [0; 3] };
    for block in parts {
        writer.take(follower.follow(store, &block).unwrap());
    }
    writer.take(follower.end(store).unwrap());
    while !writer.waiting.is_empty() {
        writer.write();
    }
    let (found, counts) = expected(old, new, descending);
    assert_eq!(writer.counts, counts);
    assert!(writer.found == found, "{} changes were found, {} are there", writer.found.len(), found.len());
    assert!(tree_of(store, tree) == *new);
    assert_eq!(differing(store, &follower, 0..follower.written.len()).unwrap(), 0);
}

#[test]
fn whatever_changes_is_found_and_brings_the_tree_to_it() {
    let seed = number("SEED", 0x5eed_0006);
    println!("SEED={seed}");
    let mut random = Random(seed | 1);
    let home = scratch();
    let store = Store::open(&options(home.path(), false, None), Health::now()).unwrap();
    for round in 0..number("KGDUMP_FOLLOWS", 60) {
        let old = if random.below(8) == 0 { Model::new() } else { random.shapes() };
        let new = if old.is_empty() { random.shapes() } else { changed(&old, &mut random) };
        println!("round {round}: {} entries become {}", old.len(), new.len());
        let tree = format!("tree {round}");
        follow(&store, tree.as_bytes(), &old, &new, random.below(2) == 0, &mut random);
    }
    store.close().unwrap();
}

#[test]
fn more_entries_between_two_than_are_kept_and_ones_larger_than_a_chunk() {
    let home = scratch();
    let store = Store::open(&options(home.path(), false, None), Health::now()).unwrap();
    let mut random = Random(7);
    let big = |at: u32, length: usize| (format!("m{at:06}").into_bytes(), vec![at.to_be_bytes()[3]; length]);
    let ends = Model::from([(b"a".to_vec(), b"1".to_vec()), (b"z".to_vec(), b"2".to_vec())]);
    let mut full = ends.clone();
    full.extend((0..90).map(|at| big(at, 70_000)));
    full.extend([big(900, 3 << 20), big(901, 1 << 20)]);
    let mut other = full.clone();
    other.retain(|key, _| key.last() != Some(&b'3'));
    other.extend((0..90).step_by(7).map(|at| big(at, 69_000)));
    let nothing = Model::new();
    let turns = [(&ends, &full), (&full, &other), (&other, &ends), (&full, &nothing), (&nothing, &other)];
    for (round, (old, new)) in turns.into_iter().enumerate() {
        follow(&store, format!("tree {round}").as_bytes(), old, new, round % 2 == 0, &mut random);
    }
    store.close().unwrap();
}

#[test]
fn what_is_equal_and_larger_than_what_is_kept_leaves_nothing_to_the_next_group() {
    let home = scratch();
    let store = Store::open(&options(home.path(), false, None), Health::now()).unwrap();
    let huge = |key: &str| (key.as_bytes().to_vec(), vec![b'h'; 5 << 20]);
    let old: Model = [huge("b"), huge("f")].into_iter().chain((0..40).map(|at| (vec![b'c', at], vec![at]))).collect();
    let mut new = old.clone();
    new.extend([(vec![b'c', 0], vec![9]), (vec![b'c', 39], vec![9])]);
    // Blocks of one entry: what is kept is compared behind each huge one.
    let mut parts: Vec<Vec<u8>> = new.iter().map(|entry| support::encode(&Model::from([own(entry)]))).collect();
    let mut random = Random(5);
    for descending in [false, true] {
        let tree = format!("tree {descending}");
        follow_parts(&store, tree.as_bytes(), &old, (&new, parts.clone()), descending, &mut random);
        parts.reverse();
    }
    store.close().unwrap();
}

#[test]
fn a_tree_that_somebody_else_changed_is_told() {
    let home = scratch();
    let store = Store::open(&options(home.path(), false, None), Health::now()).unwrap();
    let mut random = Random(3);
    let old: Model = (0u32..40).map(|at| (at.to_be_bytes().to_vec(), b"v".to_vec())).collect();
    fill(&store, b"tree", &old);
    let mut follower = learned(b"tree", &old, false, &mut random);
    let remove = |db: &sled::Db| {
        existing_tree(db, b"tree")?.remove(39u32.to_be_bytes()).unwrap();
        Ok(())
    };
    store.with(remove).unwrap();
    // Its last group has to be read again, as the original has another value there.
    let mut new = old.clone();
    new.insert(38u32.to_be_bytes().to_vec(), b"w".to_vec());
    let outcome = follower.follow(&store, &support::encode(&new)).and_then(|_| follower.end(&store));
    assert_eq!(outcome.unwrap_err().code, Code::StoreDamaged);
    let mut absent = learned(b"absent", &old, false, &mut random);
    assert_eq!(absent.end(&store).unwrap_err().code, Code::KeyspaceUnknown);
    store.close().unwrap();
}
