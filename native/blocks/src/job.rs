//! Work of this addon off the main thread.

use kgdump_shared::fault::{Fault, Outcome};
pub use kgdump_shared::job::Job;
use napi::bindgen_prelude::{AsyncTask, ToNapiValue, TypeName};

/// Starts `work` with what it needs of JavaScript's.
pub fn start<Held, T>(
    held: Held,
    work: impl FnOnce(&mut Held) -> Outcome<T> + Send + 'static,
) -> AsyncTask<Job<Held, T>>
where
    Held: Send + 'static,
    T: ToNapiValue + TypeName + Send + 'static,
{
    kgdump_shared::job::start(held, |_| Fault::new("INTERNAL", "the addon for blocks failed inside"), work)
}
