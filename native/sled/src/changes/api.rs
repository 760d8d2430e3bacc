//! Following a store, as JavaScript sees it.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use napi::bindgen_prelude::{AsyncTask, Buffer, Uint8Array};
use napi::{Env, Task};
use napi_derive::napi;

use crate::api::job::{Job, to_js};
use crate::api::store::SledStore;
use crate::changes::blocks::{Changes, Chunk};
use crate::changes::follow::Follower;
use crate::changes::group_check;
use crate::changes::touch::Touched;
use crate::failure::{Doing, Outcome};
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
    pub entries: f64,
    pub key_bytes: f64,
    pub value_bytes: f64,
    pub first_key_start: f64,
    pub first_key_end: f64,
    pub last_key_start: f64,
    pub last_key_end: f64,
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
    pub fn carry_over(&self, tree: Uint8Array, block: Uint8Array) -> AsyncTask<Job<Carried, CarriedOver>> {
        let (store, tree, block) = (self.store.clone(), tree.to_vec(), block.to_vec());
        Job::task(
            store.health,
            Doing::Writing,
            |Carried { added, changed, removed }| CarriedOver {
                added: added.into(),
                changed: changed.into(),
                removed: removed.into(),
            },
            move || apply::carry_over(&store, &tree, &block),
        )
    }

    /// How many of the groups that a follower wrote are not as its original was, of those with these numbers (`to` exclusive).
    #[napi]
    pub fn differing_groups(&self, follower: &SledFollower, from: u32, to: u32) -> AsyncTask<Job<usize, f64>> {
        let (store, follower) = (self.store.clone(), follower.follower.clone());
        Job::task(
            store.health,
            Doing::Reading,
            |differing| differing as f64,
            move || {
                let follower = follower.read().unwrap_or_else(PoisonError::into_inner);
                group_check::differing(&store, &follower, from as usize..to as usize)
            },
        )
    }

    /// Removes a tree and all that is in it; of sled's default tree only what is in it.
    #[napi]
    pub fn drop_tree(&self, tree: Uint8Array) -> AsyncTask<Job<(), ()>> {
        let (store, tree) = (self.store.clone(), tree.to_vec());
        Job::task(store.health, Doing::Writing, |()| (), move || apply::drop_tree(&store, &tree))
    }
}

#[napi]
impl SledFollower {
    /// Takes the next entries of the tree.
    #[napi]
    pub fn learn(&self, block: Uint8Array) -> AsyncTask<FollowTask> {
        self.task(block, |follower, _, block| follower.learn(block).map(|()| Changes::default()))
    }

    /// Ends learning.
    #[napi]
    pub fn learned(&self) -> AsyncTask<Job<(u64, [u8; 32]), Learned>> {
        let follower = self.follower.clone();
        Job::task(
            self.store.health,
            Doing::Reading,
            |(entries, digest)| Learned { entries: entries as f64, digest: digest.to_vec().into() },
            move || Ok(follower.write().unwrap_or_else(PoisonError::into_inner).learned()),
        )
    }

    /// Narrows what is to be followed to the groups of these keys, as bins.
    #[napi]
    pub fn touch(&self, keys: Uint8Array) -> AsyncTask<Job<Touched, TouchedGroups>> {
        let (follower, keys) = (self.follower.clone(), keys.to_vec());
        Job::task(
            self.store.health,
            Doing::Reading,
            |Touched { groups, of, ranges }| TouchedGroups {
                groups: groups as f64,
                of: of as f64,
                ranges: ranges.into(),
            },
            move || follower.write().unwrap_or_else(PoisonError::into_inner).touch(keys),
        )
    }

    /// How many groups were written.
    #[napi]
    pub fn written_groups(&self) -> u32 {
        self.follower.read().unwrap_or_else(PoisonError::into_inner).written.len() as u32
    }

    /// Begins once more, with the whole original, which must be as the tree was left.
    #[napi]
    pub fn confirm(&self) {
        self.follower.write().unwrap_or_else(PoisonError::into_inner).confirm();
    }

    /// Takes the next entries of the original.
    #[napi]
    pub fn follow(&self, block: Uint8Array) -> AsyncTask<FollowTask> {
        self.task(block, |follower, store, block| follower.follow(store, block))
    }

    /// Ends following.
    #[napi]
    pub fn end(&self) -> AsyncTask<FollowTask> {
        self.task(Uint8Array::new(Vec::new()), |follower, store, _| follower.end(store))
    }

    fn task(&self, block: Uint8Array, work: Work) -> AsyncTask<FollowTask> {
        AsyncTask::new(FollowTask { store: self.store.clone(), follower: self.follower.clone(), block, work })
    }
}

impl Drop for SledFollower {
    fn drop(&mut self) {
        guard::drop_elsewhere((self.follower.clone(), self.store.clone()), Duration::ZERO);
    }
}

type Work = fn(&mut Follower, &Store, &[u8]) -> Outcome<Changes>;

/// A call of a follower's with a block. Its bytes are copied on the worker thread, as in `api/blocks.rs`, into memory that is used again.
pub struct FollowTask {
    store: Arc<Store>,
    follower: Arc<RwLock<Follower>>,
    block: Uint8Array,
    work: Work,
}

impl Task for FollowTask {
    type Output = Changes;
    type JsValue = FoundChanges;

    fn compute(&mut self) -> napi::Result<Changes> {
        let (store, follower, work) = (self.store.clone(), self.follower.clone(), self.work);
        let mut block = std::mem::take(&mut self.follower.write().unwrap_or_else(PoisonError::into_inner).memory);
        block.clear();
        block.extend_from_slice(&self.block);
        let work = move || {
            let mut follower = follower.write().unwrap_or_else(PoisonError::into_inner);
            let changes = work(&mut follower, &store, &block)?;
            follower.memory = block;
            Ok(changes)
        };
        guard::run(self.store.health, Doing::Reading, work).map_err(to_js)
    }

    fn resolve(&mut self, _env: Env, changes: Changes) -> napi::Result<FoundChanges> {
        let Changes { chunks, differing } = changes;
        Ok(FoundChanges { chunks: chunks.into_iter().map(chunk_of).collect(), differing: differing as f64 })
    }
}

fn chunk_of(Chunk { data, stats }: Chunk) -> ChangeChunk {
    ChangeChunk {
        data: data.into(),
        entries: stats.entries as f64,
        key_bytes: stats.key_bytes as f64,
        value_bytes: stats.value_bytes as f64,
        first_key_start: stats.first_key.0 as f64,
        first_key_end: stats.first_key.1 as f64,
        last_key_start: stats.last_key.0 as f64,
        last_key_end: stats.last_key.1 as f64,
    }
}
