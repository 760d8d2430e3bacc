//! Changing the places of two directories at once, and holding a store's lock without opening it.

use std::ffi::CString;
use std::fs::File;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use napi::bindgen_prelude::AsyncTask;
use napi_derive::napi;

use crate::failure::{Code, Doing, Failure, Outcome};
use crate::guard::Health;
use crate::lock;
use crate::node::Job;
use crate::store::LOCK_WAIT;

/// Exchanges two directories of one file system: at no time is nothing at either path. False when the system can't.
///
/// # Errors
/// PERMISSION_DENIED, IO_FAILED.
pub fn exchange(a: &Path, b: &Path) -> Outcome<bool> {
    let c_path = |path: &Path| CString::new(path.as_os_str().as_bytes());
    let (Ok(from), Ok(to)) = (c_path(a), c_path(b)) else {
        return Err(Failure::new(Code::IoFailed, "a path has a zero byte"));
    };
    match rename_exchange(&from, &to) {
        Ok(()) => Ok(true),
        Err(error) => match error.raw_os_error() {
            Some(libc::ENOSYS | libc::EINVAL | libc::ENOTSUP) => Ok(false),
            _ => Err(Failure::io(&error, &format!("exchanging it with {}", a.display())).at(b)),
        },
    }
}

#[cfg(target_os = "linux")]
fn rename_exchange(from: &CString, to: &CString) -> io::Result<()> {
    let (from, to) = (from.as_ptr(), to.as_ptr());
    // SAFETY: both texts end with a zero byte and live through the call.
    let result =
        unsafe { libc::syscall(libc::SYS_renameat2, libc::AT_FDCWD, from, libc::AT_FDCWD, to, libc::RENAME_EXCHANGE) };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

#[cfg(not(target_os = "linux"))]
fn rename_exchange(_from: &CString, _to: &CString) -> io::Result<()> {
    Err(io::Error::from_raw_os_error(libc::ENOSYS))
}

/// A store's lock, held while this lives.
#[napi]
pub struct SledLock {
    held: Arc<Mutex<Option<File>>>,
}

#[napi]
impl SledLock {
    /// Lets the lock go. A second call does nothing.
    #[napi]
    pub fn release(&self) {
        *self.held.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// Takes the lock of the store at `path`, so that no program opens it. The store is not opened.
#[napi]
pub fn lock_store(path: String) -> AsyncTask<Job<File, SledLock>> {
    Job::task(
        Health::now(),
        Doing::Reading,
        |file| SledLock { held: Arc::new(Mutex::new(Some(file))) },
        move || lock::acquire(&PathBuf::from(path), LOCK_WAIT),
    )
}

/// Exchanges two directories; false when the system can't.
#[napi]
pub fn exchange_directories(a: String, b: String) -> AsyncTask<Job<bool, bool>> {
    Job::task(Health::now(), Doing::Writing, |done| done, move || exchange(&PathBuf::from(a), &PathBuf::from(b)))
}
