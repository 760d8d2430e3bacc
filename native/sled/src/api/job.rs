//! Work off the main thread.
//!
//! Contract: what calls sled runs on a thread of its own (see `guard`), which never sees a buffer of JavaScript's: its bytes are copied on
//! Node's worker. What does not call sled runs on that worker.

use std::sync::{Arc, Mutex, PoisonError};

use kgdump_shared::fault::Fault;
use kgdump_shared::job;
use napi::bindgen_prelude::{AsyncTask, Buffer, ToNapiValue, TypeName};

use crate::fault::{Doing, Outcome, SledFault};
use crate::guard::{self, Health};

/// Work, and the buffer that it has until the promise is settled.
pub type Job<T> = job::Job<Option<Buffer>, T>;

/// Starts work that calls sled.
pub fn start<T>(health: Health, doing: Doing, work: impl FnOnce() -> Outcome<T> + Send + 'static) -> AsyncTask<Job<T>>
where
    T: ToNapiValue + TypeName + Send + 'static,
{
    on_worker(None, move |_| guard::run(health, doing, work))
}

/// Starts work that calls sled with the bytes of a block, which are copied into `memory`.
pub fn start_with<T>(
    health: Health,
    doing: Doing,
    block: Buffer,
    memory: impl FnOnce() -> Vec<u8> + Send + 'static,
    work: impl FnOnce(Vec<u8>) -> Outcome<T> + Send + 'static,
) -> AsyncTask<Job<T>>
where
    T: ToNapiValue + TypeName + Send + 'static,
{
    on_worker(Some(block), move |bytes| {
        let mut block = memory();
        block.clear();
        block.extend_from_slice(bytes);
        guard::run(health, doing, move || work(block))
    })
}

/// Starts work that reads files and does not call sled.
pub fn reading<T>(work: impl FnOnce() -> Outcome<T> + Send + 'static) -> AsyncTask<Job<T>>
where
    T: ToNapiValue + TypeName + Send + 'static,
{
    on_worker(None, |_| guard::contain(Doing::Reading, work))
}

/// Starts work on Node's worker, with the bytes of a buffer. JavaScript must not touch them until the promise is settled.
pub fn on_worker<T>(
    buffer: Option<Buffer>,
    work: impl FnOnce(&mut [u8]) -> Outcome<T> + Send + 'static,
) -> AsyncTask<Job<T>>
where
    T: ToNapiValue + TypeName + Send + 'static,
{
    let broken: job::Panicked = |_| Fault::new("INTERNAL", "the addon for sled failed inside");
    job::start(buffer, broken, |buffer| Ok(work(buffer.as_deref_mut().unwrap_or_default())?))
}

/// The error that JavaScript sees.
pub fn to_js(fault: SledFault) -> napi::Error {
    Fault::from(fault).into()
}

/// A pass over entries that does not call sled, and the memory of its blocks.
pub struct Passing<S>(Arc<Mutex<(S, Vec<u8>)>>);

impl<S: Send + 'static> Passing<S> {
    pub fn new(scan: S) -> Self {
        Passing(Arc::new(Mutex::new((scan, Vec::new()))))
    }

    /// Fills `buffer`: `fill` is given the pass, an empty block, and how many bytes there is room for.
    pub fn fill<T>(
        &self,
        buffer: Buffer,
        fill: impl FnOnce(&mut S, &mut Vec<u8>, usize) -> Outcome<T> + Send + 'static,
    ) -> AsyncTask<Job<T>>
    where
        T: ToNapiValue + TypeName + Send + 'static,
    {
        // A big entry's memory is not kept.
        const KEPT: usize = 16 << 20;
        let pass = self.0.clone();
        on_worker(Some(buffer), move |buffer| {
            let mut pass = pass.lock().unwrap_or_else(PoisonError::into_inner);
            let (scan, block) = &mut *pass;
            block.clear();
            let filled = guard::contain(Doing::Reading, || fill(scan, block, buffer.len()))?;
            buffer[..block.len()].copy_from_slice(block);
            if block.capacity() > KEPT {
                *block = Vec::new();
            }
            Ok(filled)
        })
    }

    /// Ends the pass by `end`, and lets go of its memory.
    pub fn end(&self, end: impl FnOnce(&mut S) + Send + 'static) -> AsyncTask<Job<()>> {
        let pass = self.0.clone();
        reading(move || {
            let mut pass = pass.lock().unwrap_or_else(PoisonError::into_inner);
            end(&mut pass.0);
            pass.1 = Vec::new();
            Ok(())
        })
    }
}
