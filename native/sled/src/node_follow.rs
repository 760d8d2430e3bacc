//! Following a store, as JavaScript sees it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use napi::bindgen_prelude::{AsyncTask, Buffer, Uint8Array};
use napi::{Env, Task};
use napi_derive::napi;

use crate::apply;
use crate::failure::{Doing, Outcome};
use crate::follow::{Changes, Chunk, Follower};
use crate::guard;
use crate::node::{Job, SledStore, to_js};
use crate::store::Store;

/// Compares a tree with what its original holds. Calls are made one after the other.
#[napi]
pub struct SledFollower {
    store: Arc<Store>,
    follower: Arc<Mutex<Follower>>,
}

/// What was learned of a tree.
#[napi(object)]
pub struct Learned {
    pub entries: f64,
    /// SHA-256 of all its encoded entries.
    pub digest: Buffer,
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
        SledFollower { store: self.store.clone(), follower: Arc::new(Mutex::new(follower)) }
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
            move || Ok(follower.lock().unwrap_or_else(PoisonError::into_inner).learned()),
        )
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

/// A call of a follower's with a block. Its bytes are copied on the worker thread, as in `node_blocks`, into memory that is used again.
pub struct FollowTask {
    store: Arc<Store>,
    follower: Arc<Mutex<Follower>>,
    block: Uint8Array,
    work: Work,
}

impl Task for FollowTask {
    type Output = Changes;
    type JsValue = FoundChanges;

    fn compute(&mut self) -> napi::Result<Changes> {
        let (store, follower, work) = (self.store.clone(), self.follower.clone(), self.work);
        let mut block = std::mem::take(&mut self.follower.lock().unwrap_or_else(PoisonError::into_inner).memory);
        block.clear();
        block.extend_from_slice(&self.block);
        let work = move || {
            let mut follower = follower.lock().unwrap_or_else(PoisonError::into_inner);
            let changes = work(&mut follower, &store, &block)?;
            follower.memory = block;
            Ok(changes)
        };
        guard::run(self.store.health, Doing::Reading, work).map_err(to_js)
    }

    fn resolve(&mut self, _env: Env, changes: Changes) -> napi::Result<FoundChanges> {
        let Changes { chunks, added, changed, removed } = changes;
        Ok(FoundChanges {
            chunks: chunks.into_iter().map(chunk_of).collect(),
            added: added as f64,
            changed: changed as f64,
            removed: removed as f64,
        })
    }
}

fn chunk_of(chunk: Chunk) -> ChangeChunk {
    ChangeChunk {
        entries: chunk.entries as f64,
        key_bytes: chunk.key_bytes as f64,
        value_bytes: chunk.value_bytes as f64,
        first_key_start: chunk.first_key.start as f64,
        first_key_end: chunk.first_key.end as f64,
        last_key_start: chunk.last_key.start as f64,
        last_key_end: chunk.last_key.end as f64,
        data: chunk.data.into(),
    }
}
