//! Random updates of a store that somebody else made.
//!
//! An entry is *still* when the FNV-1a hash of its key is even. `churn` leaves such entries alone, so that they must be
//! there unchanged after it was killed; `hammer` does not.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::time::{Duration, Instant};

use sled::{Db, IVec, Tree};

use crate::{Outcome, Random};

type Model = BTreeMap<IVec, IVec>;

/// Opens a store that this process had open: sled lets its lock go only when its last thread has ended.
fn open_again(open: &impl Fn() -> sled::Result<Db>) -> sled::Result<Db> {
    let until = Instant::now() + Duration::from_secs(10);
    loop {
        match open() {
            Err(sled::Error::Io(e)) if e.to_string().contains("acquire lock") && Instant::now() < until => {
                std::thread::sleep(Duration::from_millis(10));
            }
            other => return other,
        }
    }
}

/// Whether `churn` leaves the key alone.
pub fn is_still(key: &[u8]) -> bool {
    let hash = key.iter().fold(0xcbf2_9ce4_8422_2325_u64, |h, &b| (h ^ u64::from(b)).wrapping_mul(0x100_0000_01b3));
    (hash ^ (hash >> 32)).is_multiple_of(2)
}

/// Makes `count` random inserts, overwrites and removals in all trees, and compares with a model: the answer of each, and
/// everything after opening the store again.
///
/// # Errors
/// The first difference; those of sled.
pub fn hammer(open: impl Fn() -> sled::Result<Db>, seed: u64, count: u64) -> Outcome<()> {
    let db = open()?;
    let mut models = read(&db)?;
    let mut random = Random(seed | 1);
    let trees = models.iter().map(|(name, _, _)| db.open_tree(name)).collect::<sled::Result<Vec<Tree>>>()?;
    for step in 0..count {
        let at = random.below(trees.len() as u64);
        let (name, keys, model) = &mut models[at];
        let key = some_key(&mut random, keys);
        let (was, expected) = if random.below(3) == 0 {
            (trees[at].remove(&key)?, model.remove(&key))
        } else {
            let value = some_value(&mut random);
            (trees[at].insert(&key, &value)?, model.insert(key.clone(), value))
        };
        if was != expected {
            return Err(format!("step {step}, tree {name:?}: key {key:?} had {was:?} and not {expected:?}").into());
        }
    }
    db.flush()?;
    drop((trees, db));
    let db = open_again(&open)?;
    for (name, _, model) in &models {
        let mut expected = model.iter();
        for entry in db.open_tree(name)?.iter() {
            let (key, value) = entry?;
            if expected.next() != Some((&key, &value)) {
                return Err(format!("after opening again, tree {name:?} differs at key {key:?}").into());
            }
        }
        if let Some((key, _)) = expected.next() {
            return Err(format!("after opening again, tree {name:?} lacks key {key:?}").into());
        }
    }
    Ok(())
}

/// Changes entries that are not still until it is killed; prints `churning` once it has begun to.
///
/// # Errors
/// Those of sled.
pub fn churn(db: &Db, seed: u64) -> Outcome<()> {
    let models = read(db)?;
    let trees = models.iter().map(|(name, _, _)| db.open_tree(name)).collect::<sled::Result<Vec<Tree>>>()?;
    let mut random = Random(seed | 1);
    println!("churning");
    std::io::stdout().flush()?;
    loop {
        let at = random.below(trees.len() as u64);
        let key = some_key(&mut random, &models[at].1);
        if is_still(&key) {
            continue;
        }
        if random.below(3) == 0 {
            trees[at].remove(&key)?;
        } else {
            trees[at].insert(&key, some_value(&mut random))?;
        }
        if random.below(5000) == 0 {
            db.flush()?;
        }
    }
}

/// Name, keys and content of each tree.
fn read(db: &Db) -> Outcome<Vec<(IVec, Vec<IVec>, Model)>> {
    let mut names = db.tree_names();
    names.sort();
    let mut models = Vec::new();
    for name in names {
        let model = db.open_tree(&name)?.iter().collect::<sled::Result<Model>>()?;
        models.push((name, model.keys().cloned().collect(), model));
    }
    Ok(models)
}

/// A key that was there at first, one right behind such a key, or any.
fn some_key(random: &mut Random, keys: &[IVec]) -> IVec {
    let any = random.below(3);
    if keys.is_empty() || any == 0 {
        let length = random.below(30);
        return random.bytes(length).into();
    }
    let key = &keys[random.below(keys.len() as u64)];
    if any == 1 {
        return key.clone();
    }
    let mut longer = key.to_vec();
    longer.extend(random.bytes(2));
    longer.into()
}

fn some_value(random: &mut Random) -> IVec {
    let length = random.below(300);
    random.bytes(length).into()
}
