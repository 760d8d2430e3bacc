//! Where C++ exceptions end.
//!
//! RocksDB reports by status, but the C++ library below it throws: no memory, a size that no vector can have. An exception that
//! reached Node would end the process.
//!
//! Contract: exceptions pass through Rust between here and the call that threw, and what is on the way is dropped. Nobody may stop a
//! panic on this way (`catch_unwind` ends the process when it meets an exception of C++); panics pass through here. RocksDB itself
//! does not clean up after every exception: one while a store is opened leaves a lock behind, so that options which make it throw
//! there are refused before.

use std::ffi::c_void;
use std::ptr;
use std::thread;

use crate::error::{take_message, Fault, Outcome, Reason as _};
use crate::ffi;

/// The same on a thread of its own, for what JavaScript waits for on its main thread: a crash on that one is not told, as it may be Node's.
pub fn guarded_aside<T: Send, F: FnOnce() -> Outcome<T> + Send>(run: F) -> Outcome<T> {
    let ended = thread::scope(|scope| scope.spawn(|| guarded(run)).join());
    ended.unwrap_or_else(|payload| Err(Fault::panic(&*payload)))
}

struct Call<F, T> {
    run: Option<F>,
    outcome: Option<Outcome<T>>,
}

/// What `run` returns.
///
/// Errors: those of `run`; STORE_FAILED for a C++ exception.
pub fn guarded<T, F: FnOnce() -> Outcome<T>>(run: F) -> Outcome<T> {
    let mut call = Call { run: Some(run), outcome: None };
    let mut error = ptr::null_mut();
    // SAFETY: the function gets a pointer to `call` of its own types, which lives through the call.
    unsafe { ffi::kgd_guard(step::<T, F>, (&raw mut call).cast(), &raw mut error) };
    // SAFETY: set by the call above.
    match (call.outcome, unsafe { take_message(error) }) {
        (Some(outcome), _) => outcome,
        (None, thrown) => {
            let reason = thrown.unwrap_or_else(|| "no reason".to_owned());
            Err(Fault::new("STORE_FAILED", format!("RocksDB gave up with a C++ exception: {reason}")))
        }
    }
}

/// Runs the call.
///
/// # Safety
/// `state` points to a `Call` of these types that nobody else uses.
unsafe extern "C-unwind" fn step<T, F: FnOnce() -> Outcome<T>>(state: *mut c_void) {
    // SAFETY: as the caller promises.
    let call = unsafe { &mut *state.cast::<Call<F, T>>() };
    call.outcome = call.run.take().map(|run| run());
}

#[cfg(test)]
mod tests {
    use std::ffi::c_char;

    use super::*;
    use crate::write::batch::Batch;

    unsafe extern "C-unwind" {
        fn rocksdb_writebatch_put_log_data(batch: *mut ffi::rocksdb_writebatch_t, bytes: *const c_char, length: usize);
    }

    #[test]
    fn an_exception_of_cpp_becomes_a_fault() {
        let dropped = std::rc::Rc::new(());
        let witness = std::rc::Rc::clone(&dropped);
        let outcome = guarded(move || {
            let (batch, _kept) = (Batch::new(), witness);
            let bytes = [0_u8; 1];
            // SAFETY: no string can have room for so many bytes, so that none is read.
            unsafe { rocksdb_writebatch_put_log_data(batch.as_ptr(), bytes.as_ptr().cast(), usize::MAX / 2) };
            Ok(())
        });
        assert!(matches!(outcome, Err(Fault { code: "STORE_FAILED", .. })), "{outcome:?}");
        assert_eq!(std::rc::Rc::strong_count(&dropped), 1, "what is on the way is dropped");
    }

    #[test]
    fn outcomes_and_panics_pass() {
        assert_eq!(guarded(|| Ok(7)), Ok(7));
        let fault = Fault::new("USAGE", "no");
        assert_eq!(guarded(|| -> Outcome<()> { Err(fault.clone()) }), Err(fault));
        assert!(std::panic::catch_unwind(|| guarded(|| -> Outcome<()> { panic!("on purpose") })).is_err());
    }
}
