//! An end with words when an engine's code crashes on a store: RocksDB's is not proof against every hostile table.
//!
//! Contract: only for a process of our own. The handler does nothing but write what was prepared and end the process, and only for
//! threads other than the main one, on which no store is read: what happens there is Node's.

use napi::bindgen_prelude::Buffer;
use napi_derive::napi;

/// From now on a crash of another thread than the main one writes `text` to standard error and ends the process with `exit_code`.
/// Elsewhere than on Linux it does nothing.
#[napi]
pub fn tell_crash(text: Buffer, exit_code: u8) {
    #[cfg(target_os = "linux")]
    linux::tell(text.to_vec(), exit_code);
    #[cfg(not(target_os = "linux"))]
    let _ = (text, exit_code);
}

#[cfg(target_os = "linux")]
mod linux {
    use std::mem::MaybeUninit;
    use std::ptr;
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicPtr, Ordering};

    use libc::{c_int, sigaction};

    const SIGNALS: [c_int; 5] = [libc::SIGSEGV, libc::SIGBUS, libc::SIGABRT, libc::SIGILL, libc::SIGFPE];

    struct Note {
        text: Vec<u8>,
        exit_code: c_int,
    }

    /// What to write. It is never freed, as a handler may read it at any time.
    static NOTE: AtomicPtr<Note> = AtomicPtr::new(ptr::null_mut());
    /// What was done about each signal before.
    static BEFORE: OnceLock<Vec<(c_int, sigaction)>> = OnceLock::new();

    pub fn tell(text: Vec<u8>, exit_code: u8) {
        NOTE.store(Box::into_raw(Box::new(Note { text, exit_code: exit_code.into() })), Ordering::Release);
        BEFORE.get_or_init(|| SIGNALS.iter().filter_map(|&signal| Some((signal, install(signal)?))).collect());
    }

    /// Sets the handler. Returns what was there before.
    fn install(signal: c_int) -> Option<sigaction> {
        let mut before = MaybeUninit::uninit();
        // SAFETY: zeros are a sigaction without flags and with an empty mask; both pointers live through the call, and the handler
        // only calls what is allowed in one.
        unsafe {
            let mut action: sigaction = std::mem::zeroed();
            action.sa_sigaction = on_crash as extern "C" fn(c_int) as usize;
            action.sa_flags = libc::SA_ONSTACK;
            (libc::sigaction(signal, &raw const action, before.as_mut_ptr()) == 0).then(|| before.assume_init())
        }
    }

    extern "C" fn on_crash(signal: c_int) {
        let note = NOTE.load(Ordering::Acquire);
        // SAFETY: all of these calls are allowed in a handler of a signal; a note is never freed.
        unsafe {
            if !note.is_null() && libc::syscall(libc::SYS_gettid) != libc::c_long::from(libc::getpid()) {
                let Note { text, exit_code } = &*note;
                libc::write(libc::STDERR_FILENO, text.as_ptr().cast(), text.len());
                libc::_exit(*exit_code);
            }
            // What was there before deals with it when the faulty instruction is run again.
            if let Some((_, before)) = BEFORE.get().and_then(|all| all.iter().find(|(known, _)| *known == signal)) {
                libc::sigaction(signal, ptr::from_ref(before), ptr::null_mut());
            }
        }
    }
}
