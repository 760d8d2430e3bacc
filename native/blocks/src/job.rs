//! Runs work on libuv's thread pool and gives its result to a promise.
//!
//! Contract: one kind of task for everything; no panic leaves it; buffers are held by the task itself, which is made and
//! dropped on the JavaScript thread.

use std::panic::{AssertUnwindSafe, catch_unwind};

use napi::bindgen_prelude::{AsyncTask, ToNapiValue, TypeName};
use napi::{Env, Result, Task};

use crate::fault::{Fault, Outcome};

/// Work on `Held`, what it needs of JavaScript's.
pub struct Job<Held, T> {
    held: Held,
    work: Work<Held, T>,
}

type Work<Held, T> = Box<dyn FnMut(&mut Held) -> Outcome<T> + Send>;

/// Starts `work` with what it needs.
pub fn start<Held, T>(held: Held, work: impl FnMut(&mut Held) -> Outcome<T> + Send + 'static) -> AsyncTask<Job<Held, T>>
where
    Held: Send + 'static,
    T: ToNapiValue + TypeName + Send + 'static,
{
    AsyncTask::new(Job { held, work: Box::new(work) })
}

impl<Held, T> Task for Job<Held, T>
where
    Held: Send + 'static,
    T: ToNapiValue + TypeName + Send + 'static,
{
    type Output = T;
    type JsValue = T;

    fn compute(&mut self) -> Result<T> {
        let Self { held, work } = self;
        let done = catch_unwind(AssertUnwindSafe(|| work(held)));
        done.unwrap_or_else(|_| Err(Fault::new("INTERNAL", "the addon for blocks failed inside"))).map_err(Into::into)
    }

    fn resolve(&mut self, _env: Env, output: T) -> Result<T> {
        Ok(output)
    }
}
