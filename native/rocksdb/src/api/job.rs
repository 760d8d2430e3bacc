//! Work of this addon off the main thread.
//!
//! Contract: no panic and no C++ exception leaves it.

use kgdump_shared::job;
use kgdump_shared::slot::Slot;
use napi::bindgen_prelude::{AsyncTask, Buffer, ToNapiValue, TypeName};

use crate::error::{Fault, Outcome, Reason as _};
use crate::guard::guarded;

/// Work, and the buffer that it has until the promise is settled.
pub type Job<T> = job::Job<Option<Buffer>, T>;

/// Starts `work`.
pub fn start<T>(work: impl FnOnce() -> Outcome<T> + Send + 'static) -> AsyncTask<Job<T>>
where
    T: ToNapiValue + TypeName + Send + 'static,
{
    job::start(None, Fault::panic, |_| guarded(work))
}

/// Starts `work` with the bytes of a buffer. JavaScript must not touch them until the promise is settled.
pub fn start_with<T>(buffer: Buffer, work: impl FnOnce(&mut [u8]) -> Outcome<T> + Send + 'static) -> AsyncTask<Job<T>>
where
    T: ToNapiValue + TypeName + Send + 'static,
{
    job::start(Some(buffer), Fault::panic, |buffer| guarded(|| work(buffer.as_deref_mut().unwrap_or_default())))
}

/// Starts `work` with what a slot holds.
pub fn start_in<S, T>(slot: &Slot<S>, work: impl FnOnce(&mut S) -> Outcome<T> + Send + 'static) -> AsyncTask<Job<T>>
where
    S: Send + 'static,
    T: ToNapiValue + TypeName + Send + 'static,
{
    let slot = slot.clone();
    start(move || slot.with(work))
}

/// Starts `work` with what a slot holds and the bytes of a buffer. JavaScript must not touch them until the promise is settled.
pub fn start_in_with<S, T>(
    slot: &Slot<S>,
    buffer: Buffer,
    work: impl FnOnce(&mut S, &mut [u8]) -> Outcome<T> + Send + 'static,
) -> AsyncTask<Job<T>>
where
    S: Send + 'static,
    T: ToNapiValue + TypeName + Send + 'static,
{
    let slot = slot.clone();
    start_with(buffer, move |bytes| slot.with(|held| work(held, bytes)))
}
