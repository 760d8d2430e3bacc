//! Runs work on libuv's thread pool and gives its result to a promise.
//!
//! Contract: no panic leaves it; what is JavaScript's (a buffer) is held by the task itself, which is made and dropped on the
//! JavaScript thread.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use napi::bindgen_prelude::{AsyncTask, ToNapiValue, TypeName};
use napi::{Env, Result, Task};

use crate::fault::{Fault, Outcome};

/// Work on `Held`, what it needs of JavaScript's.
pub struct Job<Held, T> {
    held: Held,
    work: Option<Work<Held, T>>,
    panicked: Panicked,
}

type Work<Held, T> = Box<dyn FnOnce(&mut Held) -> Outcome<T> + Send>;

/// Makes the error of a panic of what was caught.
pub type Panicked = fn(&(dyn Any + Send)) -> Fault;

/// Starts `work` with what it needs.
pub fn start<Held, T>(
    held: Held,
    panicked: Panicked,
    work: impl FnOnce(&mut Held) -> Outcome<T> + Send + 'static,
) -> AsyncTask<Job<Held, T>>
where
    Held: Send + 'static,
    T: ToNapiValue + TypeName + Send + 'static,
{
    AsyncTask::new(Job { held, work: Some(Box::new(work)), panicked })
}

impl<Held, T> Task for Job<Held, T>
where
    Held: Send + 'static,
    T: ToNapiValue + TypeName + Send + 'static,
{
    type Output = T;
    type JsValue = T;

    fn compute(&mut self) -> Result<T> {
        let Some(work) = self.work.take() else { return Err(Fault::new("INTERNAL", "a task ran twice").into()) };
        let done = catch_unwind(AssertUnwindSafe(|| work(&mut self.held)));
        done.unwrap_or_else(|payload| Err((self.panicked)(&*payload))).map_err(Into::into)
    }

    fn resolve(&mut self, _env: Env, output: T) -> Result<T> {
        Ok(output)
    }
}
