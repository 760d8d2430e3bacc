//! Work for another thread, and what JavaScript sees of its result.

use kgdump_shared::fault::Fault;
use napi::bindgen_prelude::{AsyncTask, ToNapiValue, TypeName};
use napi::{Env, Task};

use crate::failure::{Doing, Failure, Outcome};
use crate::guard::{self, Health};

/// Work for another thread, and how its result becomes a value of JavaScript's.
pub struct Job<T, J> {
    health: Health,
    doing: Doing,
    work: Option<Box<dyn FnOnce() -> Outcome<T> + Send>>,
    convert: fn(T) -> J,
}

impl<T, J> Job<T, J> {
    /// A promise of JavaScript's for the result of `work`.
    pub fn task(
        health: Health,
        doing: Doing,
        convert: fn(T) -> J,
        work: impl FnOnce() -> Outcome<T> + Send + 'static,
    ) -> AsyncTask<Job<T, J>>
    where
        T: Send + 'static,
        J: ToNapiValue + TypeName + 'static,
    {
        AsyncTask::new(Job { health, doing, work: Some(Box::new(work)), convert })
    }
}

impl<T: Send + 'static, J: ToNapiValue + TypeName + 'static> Task for Job<T, J> {
    type Output = T;
    type JsValue = J;

    fn compute(&mut self) -> napi::Result<T> {
        match self.work.take() {
            Some(work) => guard::run(self.health, self.doing, work).map_err(to_js),
            None => Err(napi::Error::from_reason("a task was run twice")),
        }
    }

    fn resolve(&mut self, _env: Env, output: T) -> napi::Result<J> {
        Ok((self.convert)(output))
    }
}

/// The error that JavaScript sees.
pub fn to_js(failure: Failure) -> napi::Error {
    Fault::from(failure).into()
}
