//! Which process holds a store's LOCK.
//!
//! The system is asked for a lock that would be in the way (`F_GETLK`), by a child that ends at once: closing any descriptor of LOCK would
//! release a lock that this very process holds, as POSIX record locks work so. The list /proc/locks is second best: a system gives it in
//! pieces, and leaves a lock out when one before it is given back between two of them; nor does it tell of processes in other containers.
//!
//! Contract: this process never opens LOCK, and no lock is tried.

use std::ffi::CString;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

use kgdump_shared::locks::{locks_on, process_name};

/// A process that holds a lock.
#[derive(Debug, PartialEq, Eq)]
pub struct Holder {
    /// Unknown when it runs in another container, or on another machine.
    pub pid: Option<u32>,
    /// Its name, when it may be known.
    pub name: Option<String>,
}

impl Holder {
    /// The holder in words, such as `process 4242 (maya)`.
    pub fn words(&self) -> String {
        let name = self.name.as_ref().map(|name| format!(" ({})", name.escape_debug())).unwrap_or_default();
        self.pid.map_or_else(|| "a process in another container".to_owned(), |pid| format!("process {pid}{name}"))
    }

    fn of(pid: u32) -> Self {
        // 0 is a process that has no number here.
        let pid = Some(pid).filter(|&pid| pid > 0);
        Self { pid, name: pid.and_then(process_name) }
    }
}

/// The process that holds the LOCK of the store at `store`, when there is one and the system tells. One that holds it by an OFD lock is
/// left out: only kgdump does, to keep others from writing.
pub fn lock_holder(store: &Path) -> Option<Holder> {
    let lock = store.join("LOCK");
    match ask(&lock) {
        Ok(pid) => pid.map(Holder::of),
        Err(_) => listed(&lock),
    }
}

/// As /proc/locks has it.
fn listed(lock: &Path) -> Option<Holder> {
    locks_on(lock).into_iter().find(|lock| lock.exclusive).map(|lock| Holder::of(lock.pid))
}

/// What a child tells that nothing keeps from taking the lock. Errors of the system are above 0; a holder is below this.
const FREE: i32 = -1;

/// The number of the process that holds the lock, 0 when it has none here.
///
/// Errors: whatever keeps the system from being asked.
fn ask(lock: &Path) -> io::Result<Option<u32>> {
    if fs::symlink_metadata(lock).is_err_and(|error| error.kind() == io::ErrorKind::NotFound) {
        return Ok(None);
    }
    let path = CString::new(lock.as_os_str().as_bytes())?;
    // No program is begun: the child's answer is the error with which that fails.
    let mut child = Command::new("/");
    // SAFETY: between `fork` and its end the child makes system calls only.
    unsafe { child.pre_exec(move || Err(io::Error::from_raw_os_error(answer(&path)))) };
    let error = child.spawn().err().ok_or(io::ErrorKind::Unsupported)?;
    match error.raw_os_error() {
        Some(FREE) => Ok(None),
        Some(code) if code < FREE => Ok(Some(code.abs_diff(FREE - 1))),
        _ => Err(error),
    }
}

/// What the child tells, as a number: see FREE.
fn answer(lock: &CString) -> i32 {
    let failure = || io::Error::last_os_error().raw_os_error().unwrap_or(libc::EIO);
    // A link may lead to anything, and a FIFO would be waited for.
    // SAFETY: the path ends with 0 and lives through the call.
    let file =
        unsafe { libc::open(lock.as_ptr(), libc::O_RDONLY | libc::O_NOFOLLOW | libc::O_NONBLOCK | libc::O_CLOEXEC) };
    if file < 0 {
        return failure();
    }
    let mut found = whole_file(libc::F_WRLCK);
    // SAFETY: the descriptor is open and the argument lives through the call.
    if unsafe { libc::fcntl(file, libc::F_GETLK, &raw mut found) } != 0 {
        return failure();
    }
    // The number of an OFD lock's process is -1, those of other machines are below that.
    match (libc::c_int::from(found.l_type) == libc::F_WRLCK, found.l_pid) {
        (false, _) | (true, -1) => FREE,
        (true, pid) => FREE - 1 - pid.max(0),
    }
}

/// A lock of a whole file, as it is asked for.
pub fn whole_file(kind: libc::c_int) -> libc::flock {
    // SAFETY: all fields are plain numbers, for which 0 is right.
    let mut lock: libc::flock = unsafe { std::mem::zeroed() };
    lock.l_type = kind as libc::c_short;
    lock.l_whence = libc::SEEK_SET as libc::c_short;
    lock
}

#[cfg(test)]
mod tests;
