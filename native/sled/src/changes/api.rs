//! Following a store, as JavaScript sees it.

use std::sync::{Arc, PoisonError, RwLock, RwLockWriteGuard};
use std::time::Duration;

use kgdump_shared::fill::BlockFacts;
use napi::bindgen_prelude::{AsyncTask, Buffer, ToNapiValue, TypeName, Uint8Array};
use napi_derive::napi;

use crate::api::job::{Job, start, start_with};
use crate::api::store::SledStore;
use crate::changes::blocks::{Changes, Chunk};
use crate::changes::follow::Follower;
use crate::changes::group_check;
use crate::changes::touch::Touched;
use crate::fault::{Doing, Outcome};
use crate::guard;
use crate::store::Store;
use crate::write::apply::{self, Carried};

/// Compares a tree with what its original holds. Calls are made one after the other.
#[napi]
pub struct SledFollower {
    store: Arc<Store>,
    follower: Arc<RwLock<Follower>>,
}

/// What was learned of a tree.
#[napi(object)]
pub struct Learned {
    pub entries: f64,
    /// SHA-256 of all its encoded entries.
    pub digest: Buffer,
}

/// What part of the original is to be read.
#[napi(object)]
pub struct TouchedGroups {
    /// Groups that are to be compared, and how many there are.
    pub groups: f64,
    pub of: f64,
    /// Their ranges of keys: first key, inclusive, and end key, exclusive, as bins or nil.
    pub ranges: Buffer,
}

/// A run of changes; places are within `data`.
#[napi(object)]
pub struct ChangeChunk {
    pub data: Buffer,
    pub facts: BlockFacts,
}

/// What following a block found.
#[napi(object)]
pub struct FoundChanges {
    pub chunks: Vec<ChangeChunk>,
    /// Groups of entries that differ.
    pub differing: f64,
}

/// What carrying changes over did.
#[napi(object)]
pub struct CarriedOver {
    pub added: f64,
    pub changed: f64,
    pub removed: f64,
}

#[napi]
impl SledStore {
    /// A follower of a tree, in its order or in the reverse.
    #[napi]
    pub fn follower(&self, tree: Uint8Array, descending: bool) -> SledFollower {
        let follower = Follower::new(tree.to_vec(), descending);
        SledFollower { store: self.store.clone(), follower: Arc::new(RwLock::new(follower)) }
    }

    /// Writes and removes what a block says, whatever the tree has.
    #[napi]
    pub fn carry_over(&self, tree: Uint8Array, block: Buffer) -> AsyncTask<Job<CarriedOver>> {
        let tree = tree.to_vec();
        self.with_block(Doing::Writing, block, move |store, block| {
            let Carried { added, changed, removed } = apply::carry_over(store, &tree, block)?;
            Ok(CarriedOver { added: added.into(), changed: changed.into(), removed: removed.into() })
        })
    }

    /// How many of the groups that a follower wrote are not as its original was, of those with these numbers (`to` exclusive).
    #[napi]
    pub fn differing_groups(&self, follower: &SledFollower, from: u32, to: u32) -> AsyncTask<Job<f64>> {
        let follower = follower.follower.clone();
        self.job(Doing::Reading, move |store| {
            let follower = follower.read().unwrap_or_else(PoisonError::into_inner);
            Ok(group_check::differing(store, &follower, from as usize..to as usize)? as f64)
        })
    }

    /// Removes a tree and all that is in it; of sled's default tree only what is in it.
    #[napi]
    pub fn drop_tree(&self, tree: Uint8Array) -> AsyncTask<Job<()>> {
        let tree = tree.to_vec();
        self.job(Doing::Writing, move |store| apply::drop_tree(store, &tree))
    }
}

#[napi]
impl SledFollower {
    /// Takes the next entries of the tree.
    #[napi]
    pub fn learn(&self, block: Buffer) -> AsyncTask<Job<FoundChanges>> {
        self.with_block(block, |follower, _, block| follower.learn(block).map(|()| Changes::default()))
    }

    /// Ends learning.
    #[napi]
    pub fn learned(&self) -> AsyncTask<Job<Learned>> {
        self.job(|follower, _| {
            let (entries, digest) = follower.learned();
            Ok(Learned { entries: entries as f64, digest: digest.to_vec().into() })
        })
    }

    /// Narrows what is to be followed to the groups of these keys, as bins.
    #[napi]
    pub fn touch(&self, keys: Uint8Array) -> AsyncTask<Job<TouchedGroups>> {
        let keys = keys.to_vec();
        self.job(move |follower, _| {
            let Touched { groups, of, ranges } = follower.touch(keys)?;
            Ok(TouchedGroups { groups: groups as f64, of: of as f64, ranges: ranges.into() })
        })
    }

    /// How many groups were written.
    #[napi]
    pub fn written_groups(&self) -> u32 {
        self.follower.read().unwrap_or_else(PoisonError::into_inner).written.len() as u32
    }

    /// Begins once more, with the whole original, which must be as the tree was left.
    #[napi]
    pub fn confirm(&self) {
        write(&self.follower).confirm();
    }

    /// Takes the next entries of the original.
    #[napi]
    pub fn follow(&self, block: Buffer) -> AsyncTask<Job<FoundChanges>> {
        self.with_block(block, |follower, store, block| follower.follow(store, block))
    }

    /// Ends following.
    #[napi]
    pub fn end(&self) -> AsyncTask<Job<FoundChanges>> {
        self.job(|follower, store| Ok(follower.end(store)?.into()))
    }

    fn job<T>(&self, work: impl FnOnce(&mut Follower, &Store) -> Outcome<T> + Send + 'static) -> AsyncTask<Job<T>>
    where
        T: ToNapiValue + TypeName + Send + 'static,
    {
        let (store, follower) = (self.store.clone(), self.follower.clone());
        start(store.health, Doing::Reading, move || work(&mut write(&follower), &store))
    }

    /// Work with a block, in memory that is used again.
    fn with_block(
        &self,
        block: Buffer,
        work: fn(&mut Follower, &Store, &[u8]) -> Outcome<Changes>,
    ) -> AsyncTask<Job<FoundChanges>> {
        let (store, follower) = (self.store.clone(), self.follower.clone());
        let memory = {
            let follower = follower.clone();
            move || std::mem::take(&mut write(&follower).memory)
        };
        start_with(store.health, Doing::Reading, block, memory, move |block| {
            let mut follower = write(&follower);
            let changes = work(&mut follower, &store, &block)?;
            follower.memory = block;
            Ok(changes.into())
        })
    }
}

fn write(follower: &RwLock<Follower>) -> RwLockWriteGuard<'_, Follower> {
    follower.write().unwrap_or_else(PoisonError::into_inner)
}

impl Drop for SledFollower {
    fn drop(&mut self) {
        guard::drop_elsewhere((self.follower.clone(), self.store.clone()), Duration::ZERO);
    }
}

impl From<Changes> for FoundChanges {
    fn from(Changes { chunks, differing }: Changes) -> Self {
        let chunk = |Chunk { data, stats }| ChangeChunk { data: data.into(), facts: stats.into() };
        Self { chunks: chunks.into_iter().map(chunk).collect(), differing: differing as f64 }
    }
}
