//! Writes the entries of a block into a tree, and compares them with it.

use sled::Tree;

use crate::entries::{self, Entry, check_size};
use crate::fault::{Code, Doing, Outcome, SledFault, printable};
use crate::store::{DEFAULT_TREE, Store, existing_tree};

/// What to do with a key that is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IfExists {
    Fail,
    Keep,
    Overwrite,
}

/// What was done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    pub written: u32,
    pub kept: u32,
}

/// Writes every entry of `block` into `tree`, which is made when it is not there. A block that cannot be parsed, or has an
/// entry that is too big, changes nothing. With `Fail`, neither does one that has a key that exists. An entry without a
/// value deletes its key; a key that exists is then kept, or fails, as with a value.
///
/// # Errors
/// DUMP_ENTRIES_MALFORMED, STORE_UNSUPPORTED (too big), KEY_EXISTS, and what writing fails with: then a part of the block
/// may have been written.
pub fn apply(store: &Store, tree: &[u8], block: &[u8], if_exists: IfExists) -> Outcome<Applied> {
    let entries = entries::parse(block)?;
    check_sizes(block, &entries)?;
    store.with_writable(|db| {
        let tree = db.open_tree(tree).map_err(failed)?;
        if if_exists == IfExists::Fail {
            for entry in &entries {
                let key = &block[entry.key.clone()];
                if tree.contains_key(key).map_err(failed)? {
                    return Err(exists(key));
                }
            }
        }
        let mut applied = Applied::default();
        for entry in entries {
            let key = &block[entry.key];
            let value = entry.value.map(|value| &block[value]);
            if put(&tree, key, value, if_exists)? {
                applied.written += 1;
            } else if if_exists == IfExists::Keep {
                applied.kept += 1;
            } else {
                return Err(exists(key));
            }
        }
        Ok(applied)
    })
}

/// What carrying changes over did: keys that were new, had another value, and are gone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Carried {
    pub added: u32,
    pub changed: u32,
    pub removed: u32,
}

/// Writes every entry of `block` into `tree`, whatever it has, and removes keys without a value.
///
/// # Errors
/// As `apply`.
pub fn carry_over(store: &Store, tree: &[u8], block: &[u8]) -> Outcome<Carried> {
    let entries = entries::parse(block)?;
    check_sizes(block, &entries)?;
    store.with_writable(|db| {
        let tree = db.open_tree(tree).map_err(failed)?;
        let mut carried = Carried::default();
        for entry in entries {
            let key = &block[entry.key];
            match entry.value.map(|value| &block[value]) {
                None => carried.removed += u32::from(tree.remove(key).map_err(failed)?.is_some()),
                Some(value) => match tree.insert(key, value).map_err(failed)? {
                    None => carried.added += 1,
                    Some(before) => carried.changed += u32::from(before != value),
                },
            }
        }
        Ok(carried)
    })
}

/// Removes a tree that is there, and all that is in it. Sled's default tree can't be removed: it is emptied.
///
/// # Errors
/// What writing fails with; then a part of it may be gone.
pub fn drop_tree(store: &Store, name: &[u8]) -> Outcome<()> {
    store.with_writable(|db| {
        if name == DEFAULT_TREE { db.clear() } else { db.drop_tree(name).map(drop) }.map_err(failed)
    })
}

/// What comparing a block with a tree found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Compared {
    /// Entries whose key the tree does not have.
    pub missing: u32,
    /// Entries that the tree has with another value, or has although they delete their key.
    pub changed: u32,
    /// Key of the first of these.
    pub first_key: Option<Vec<u8>>,
}

/// Looks up every entry of `block` in `tree`; writes nothing.
///
/// # Errors
/// DUMP_ENTRIES_MALFORMED, KEYSPACE_UNKNOWN, and what reading fails with.
pub fn compare(store: &Store, tree: &[u8], block: &[u8]) -> Outcome<Compared> {
    let entries = entries::parse(block)?;
    store.with(|db| {
        let tree = existing_tree(db, tree)?;
        let mut compared = Compared::default();
        for entry in entries {
            let key = &block[entry.key];
            let value = entry.value.map(|value| &block[value]);
            let found = tree.get(key).map_err(|e| SledFault::sled(&e, Doing::Reading, "reading a key"))?;
            match (value, found) {
                (None, None) => continue,
                (Some(value), Some(found)) if found == value => continue,
                (Some(_), None) => compared.missing += 1,
                _ => compared.changed += 1,
            }
            compared.first_key.get_or_insert_with(|| key.to_vec());
        }
        Ok(compared)
    })
}

/// Writes or deletes one key; false when it was there and must not be changed.
fn put(tree: &Tree, key: &[u8], value: Option<&[u8]>, if_exists: IfExists) -> Outcome<bool> {
    match (value, if_exists) {
        (Some(value), IfExists::Overwrite) => tree.insert(key, value).map(|_| true),
        (None, IfExists::Overwrite) => tree.remove(key).map(|_| true),
        (Some(value), _) => tree.compare_and_swap(key, None::<&[u8]>, Some(value)).map(|swapped| swapped.is_ok()),
        (None, _) => tree.contains_key(key).map(|there| !there),
    }
    .map_err(failed)
}

fn check_sizes(block: &[u8], entries: &[Entry]) -> Outcome<()> {
    entries.iter().try_for_each(|entry| check_size(block, entry))
}

fn exists(key: &[u8]) -> SledFault {
    SledFault::new(Code::KeyExists, format!("the store has the key {} already", printable(key)))
}

fn failed(error: sled::Error) -> SledFault {
    SledFault::sled(&error, Doing::Writing, "writing")
}
