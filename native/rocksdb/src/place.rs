//! A store's place in the file system: holding its LOCK so that no program opens it, and exchanging two directories at once.
//!
//! Contract: nothing in a store changes but that LOCK is made when it is not there. The lock belongs to the open file (an OFD
//! lock), so that closing another descriptor of the same file does not release it, as it would a POSIX record lock, with
//! which it conflicts as it should.

use std::ffi::CString;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use crate::error::{Fault, Outcome};
use crate::lock_holder::lock_holder;

/// RocksDB's lock on a store, held until this is dropped.
#[derive(Debug)]
pub struct Held {
    _file: File,
}

/// Takes the LOCK of the store at `store`, as RocksDB itself does when it opens it for writing.
///
/// Errors: STORE_IN_USE when another process has it, PERMISSION_DENIED, IO_FAILED.
pub fn hold(store: &Path) -> Outcome<Held> {
    let path = store.join("LOCK");
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)
        .map_err(|error| Fault::io("opening", &path, &error))?;
    // SAFETY: all fields are plain numbers, for which 0 is right.
    let mut lock: libc::flock = unsafe { std::mem::zeroed() };
    lock.l_type = libc::F_WRLCK as libc::c_short;
    lock.l_whence = libc::SEEK_SET as libc::c_short;
    // SAFETY: the descriptor is open and the argument lives through the call.
    let failed = unsafe { libc::fcntl(file.as_raw_fd(), libc::F_OFD_SETLK, &raw const lock) } != 0;
    if !failed {
        return Ok(Held { _file: file });
    }
    let error = io::Error::last_os_error();
    if !matches!(error.raw_os_error(), Some(libc::EAGAIN | libc::EACCES)) {
        return Err(Fault::io("locking", &path, &error));
    }
    let by = lock_holder(store).map_or_else(String::new, |holder| {
        let name = holder.name.map_or_else(String::new, |name| format!(" ({})", name.escape_debug()));
        format!(" by process {}{name}", holder.pid)
    });
    Err(Fault::new("STORE_IN_USE", format!("{} is open{by}", store.display()))
        .at(store)
        .hint("stop the service that uses it, then run this again"))
}

/// Exchanges two directories of one file system at once: at no time is nothing at either path.
///
/// Returns false when the system or the file system can't.
/// Errors: NOT_FOUND, PERMISSION_DENIED, IO_FAILED.
pub fn exchange(a: &Path, b: &Path) -> Outcome<bool> {
    let c_path = |path: &Path| CString::new(path.as_os_str().as_bytes());
    let (Ok(from), Ok(to)) = (c_path(a), c_path(b)) else {
        return Err(Fault::new("USAGE", "a path has a zero byte"));
    };
    match rename_exchange(&from, &to) {
        Ok(()) => Ok(true),
        Err(error) => match error.raw_os_error() {
            Some(libc::ENOSYS | libc::EINVAL | libc::ENOTSUP) => Ok(false),
            _ => Err(Fault::io(&format!("exchanging {} with", a.display()), b, &error)),
        },
    }
}

#[cfg(target_os = "linux")]
fn rename_exchange(from: &CString, to: &CString) -> io::Result<()> {
    // SAFETY: both texts end with a zero byte and live through the call.
    let result = unsafe {
        libc::syscall(
            libc::SYS_renameat2,
            libc::AT_FDCWD,
            from.as_ptr(),
            libc::AT_FDCWD,
            to.as_ptr(),
            libc::RENAME_EXCHANGE,
        )
    };
    if result == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

#[cfg(target_os = "macos")]
fn rename_exchange(from: &CString, to: &CString) -> io::Result<()> {
    // SAFETY: both texts end with a zero byte and live through the call.
    let result = unsafe { libc::renamex_np(from.as_ptr(), to.as_ptr(), libc::RENAME_SWAP) };
    if result == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
fn rename_exchange(_from: &CString, _to: &CString) -> io::Result<()> {
    Err(io::Error::from_raw_os_error(libc::ENOSYS))
}
