//! Runs work on libuv's thread pool and gives its result to a promise.
//!
//! Contract: one kind of task for everything; no panic and no C++ exception leaves it; what must be released on the JavaScript thread (a
//! buffer) is held by the task itself, which lives and dies there.

use std::panic::{catch_unwind, AssertUnwindSafe};

use napi::bindgen_prelude::{AsyncTask, Buffer, ToNapiValue, TypeName};
use napi::{Env, Result, Task};

use crate::error::{Fault, Outcome};
use crate::guard::guarded;

/// Work that is to be done off the JavaScript thread.
pub struct Job<T> {
    work: Option<Box<dyn FnOnce() -> Outcome<T> + Send>>,
    /// Kept alive until the promise is settled.
    _held: Option<Buffer>,
}

/// Starts `work`.
pub fn start<T>(work: impl FnOnce() -> Outcome<T> + Send + 'static) -> AsyncTask<Job<T>>
where
    T: ToNapiValue + TypeName + Send + 'static,
{
    AsyncTask::new(Job { work: Some(Box::new(work)), _held: None })
}

/// Starts `work` with the bytes of a buffer. JavaScript must not touch them until the promise is settled.
pub fn start_with<T>(
    mut buffer: Buffer,
    work: impl FnOnce(&mut [u8]) -> Outcome<T> + Send + 'static,
) -> AsyncTask<Job<T>>
where
    T: ToNapiValue + TypeName + Send + 'static,
{
    let bytes = Bytes { start: buffer.as_mut_ptr(), length: buffer.len() };
    let work = move || {
        let bytes = bytes;
        if bytes.length == 0 {
            return work(&mut []);
        }
        // SAFETY: the task holds the buffer until after this ran, and nobody else uses its bytes meanwhile.
        work(unsafe { std::slice::from_raw_parts_mut(bytes.start, bytes.length) })
    };
    AsyncTask::new(Job { work: Some(Box::new(work)), _held: Some(buffer) })
}

struct Bytes {
    start: *mut u8,
    length: usize,
}

// SAFETY: only the one thread that runs the work uses the pointer.
unsafe impl Send for Bytes {}

impl<T: ToNapiValue + TypeName + Send + 'static> Task for Job<T> {
    type Output = T;
    type JsValue = T;

    fn compute(&mut self) -> Result<T> {
        let Some(work) = self.work.take() else { return Err(Fault::new("INTERNAL", "a task ran twice").into()) };
        match catch_unwind(AssertUnwindSafe(|| guarded(work))) {
            Ok(outcome) => outcome.map_err(Into::into),
            Err(payload) => Err(Fault::panic(&*payload).into()),
        }
    }

    fn resolve(&mut self, _env: Env, output: T) -> Result<T> {
        Ok(output)
    }
}
