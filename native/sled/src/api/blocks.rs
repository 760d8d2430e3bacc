//! The two calls that take a block of entries from JavaScript. Its bytes are copied on the worker thread, so that no thread
//! that runs sled ever reads a buffer of JavaScript's.

use std::sync::Arc;

use napi::bindgen_prelude::{Buffer, Uint8Array};
use napi::{Env, Task};
use napi_derive::napi;

use crate::api::job::to_js;
use crate::failure::Doing;
use crate::guard;
use crate::store::Store;
use crate::write::apply::{self, IfExists};

/// What `apply` did, in entries.
#[napi(object)]
pub struct AppliedCounts {
    pub written: u32,
    pub kept: u32,
}

/// An `apply`.
pub struct ApplyTask {
    pub store: Arc<Store>,
    pub tree: Vec<u8>,
    pub block: Uint8Array,
    pub if_exists: IfExists,
}

impl Task for ApplyTask {
    type Output = apply::Applied;
    type JsValue = AppliedCounts;

    fn compute(&mut self) -> napi::Result<apply::Applied> {
        let (store, if_exists) = (self.store.clone(), self.if_exists);
        let (tree, block) = (std::mem::take(&mut self.tree), self.block.to_vec());
        guard::run(store.health, Doing::Writing, move || apply::apply(&store, &tree, &block, if_exists)).map_err(to_js)
    }

    fn resolve(&mut self, _env: Env, applied: apply::Applied) -> napi::Result<AppliedCounts> {
        Ok(AppliedCounts { written: applied.written, kept: applied.kept })
    }
}

/// A `compare`.
pub struct CompareTask {
    pub store: Arc<Store>,
    pub tree: Vec<u8>,
    pub block: Uint8Array,
}

/// What `compare` found, in entries, and the first key that differs.
#[napi(object)]
pub struct ComparedCounts {
    pub missing: u32,
    pub changed: u32,
    pub first_key: Option<Buffer>,
}

impl Task for CompareTask {
    type Output = apply::Compared;
    type JsValue = ComparedCounts;

    fn compute(&mut self) -> napi::Result<apply::Compared> {
        let store = self.store.clone();
        let (tree, block) = (std::mem::take(&mut self.tree), self.block.to_vec());
        guard::run(store.health, Doing::Reading, move || apply::compare(&store, &tree, &block)).map_err(to_js)
    }

    fn resolve(&mut self, _env: Env, compared: apply::Compared) -> napi::Result<ComparedCounts> {
        let first_key = compared.first_key.map(Buffer::from);
        Ok(ComparedCounts { missing: compared.missing, changed: compared.changed, first_key })
    }
}
