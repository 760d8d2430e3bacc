//! Calls of the system that Node lacks.
//!
//! Contract: `write_back` and `widen_pipe` are only hints, for Linux, and what fails is not told. That bytes are on the disk
//! is for the sync at the end to say, which is made all the same. `exchange_directories` tells how it ended.

#[cfg(any(target_os = "linux", target_os = "macos"))]
use std::{ffi::CString, io};

use napi::bindgen_prelude::AsyncTask;
use napi_derive::napi;

use crate::job::{Job, start};

/// Begins to write `length` bytes from `offset` of an open file to its disk; not waited for.
#[napi(ts_return_type = "Promise<void>")]
pub fn write_back(descriptor: i32, offset: f64, length: f64) -> AsyncTask<Job<(), ()>> {
    start((), move |()| {
        begin_write_back(descriptor, offset as i64, length as i64);
        Ok(())
    })
}

/// Gives a pipe room for 1 MiB, the most that an unprivileged process may ask for by default.
#[napi]
pub fn widen_pipe(descriptor: i32) {
    set_pipe_size(descriptor, 1 << 20);
}

/// Exchanges two directories of one file system at once: at no time is nothing at either path.
///
/// Resolves to 0, or to the number of the system's error: ENOSYS, EINVAL or ENOTSUP when system or file system can't do that.
///
/// `as_root`: whether root does it, as whom the process may act although it acts as somebody else.
#[napi(ts_return_type = "Promise<number>")]
pub fn exchange_directories(a: String, b: String, as_root: bool) -> AsyncTask<Job<(String, String), i32>> {
    start((a, b), move |(a, b)| {
        if !as_root {
            return Ok(exchange(a, b));
        }
        let user = effective_user();
        if !act_in_thread_as(0) {
            return Ok(libc::EPERM);
        }
        let failed = exchange(a, b);
        // A thread that goes on as root would do more than it may.
        if !act_in_thread_as(user) {
            std::process::abort();
        }
        Ok(failed)
    })
}

/// Takes the lock of an open file, which it has until it is closed, however the process ends.
///
/// Returns false when another process has it. File systems without locks give it to everybody.
#[napi]
pub fn lock_open_file(descriptor: i32) -> bool {
    lock_file(descriptor)
}

#[cfg(unix)]
fn lock_file(descriptor: i32) -> bool {
    // SAFETY: no memory is involved; a descriptor that is none is an error of the call.
    let taken = unsafe { libc::flock(descriptor, libc::LOCK_EX | libc::LOCK_NB) } == 0;
    taken || io::Error::last_os_error().raw_os_error() != Some(libc::EWOULDBLOCK)
}

#[cfg(not(unix))]
fn lock_file(_descriptor: i32) -> bool {
    true
}

/// Lets the calling thread, and no other one, act as another user from now on.
///
/// Returns whether it does: not where the system has no users of threads, or the process may not.
#[napi]
pub fn act_in_thread_as(user: u32) -> bool {
    set_user_of_thread(user)
}

#[cfg(target_os = "linux")]
fn set_user_of_thread(user: u32) -> bool {
    // SAFETY: no memory is involved. The function of the C library would change the user of all threads.
    unsafe { libc::syscall(libc::SYS_setresuid, u32::MAX, user, u32::MAX) == 0 }
}

#[cfg(not(target_os = "linux"))]
fn set_user_of_thread(_user: u32) -> bool {
    false
}

fn effective_user() -> u32 {
    // SAFETY: no memory is involved, and it can't fail.
    unsafe { libc::geteuid() }
}

#[cfg(any(target_os = "linux", target_os = "macos"))]
fn exchange(a: &str, b: &str) -> i32 {
    // Nothing has such a name.
    let (Ok(from), Ok(to)) = (CString::new(a), CString::new(b)) else { return libc::ENOENT };
    if rename_exchange(&from, &to) == 0 { 0 } else { io::Error::last_os_error().raw_os_error().unwrap_or(libc::EIO) }
}

#[cfg(target_os = "linux")]
fn rename_exchange(from: &CString, to: &CString) -> libc::c_long {
    let (from, to) = (from.as_ptr(), to.as_ptr());
    // SAFETY: both texts end with a zero byte and live through the call.
    unsafe { libc::syscall(libc::SYS_renameat2, libc::AT_FDCWD, from, libc::AT_FDCWD, to, libc::RENAME_EXCHANGE) }
}

#[cfg(target_os = "macos")]
fn rename_exchange(from: &CString, to: &CString) -> libc::c_long {
    // SAFETY: as above.
    libc::c_long::from(unsafe { libc::renamex_np(from.as_ptr(), to.as_ptr(), libc::RENAME_SWAP) })
}

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
fn exchange(_a: &str, _b: &str) -> i32 {
    libc::ENOSYS
}

#[cfg(target_os = "linux")]
fn begin_write_back(descriptor: i32, offset: i64, length: i64) {
    // SAFETY: no memory is involved; a descriptor that is none is an error of the call.
    unsafe { libc::sync_file_range(descriptor, offset, length, libc::SYNC_FILE_RANGE_WRITE) };
}

#[cfg(target_os = "linux")]
fn set_pipe_size(descriptor: i32, size: i32) {
    // SAFETY: as above.
    unsafe { libc::fcntl(descriptor, libc::F_SETPIPE_SZ, size) };
}

#[cfg(not(target_os = "linux"))]
fn begin_write_back(_descriptor: i32, _offset: i64, _length: i64) {}

#[cfg(not(target_os = "linux"))]
fn set_pipe_size(_descriptor: i32, _size: i32) {}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::fs;
    use std::path::{Path, PathBuf};

    use std::os::fd::AsRawFd as _;

    use super::{exchange, lock_file};

    /// A directory of this test's own, removed with it.
    struct Temporary(PathBuf);

    impl Drop for Temporary {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    fn text(path: &Path) -> &str {
        path.to_str().expect("the path is text")
    }

    #[test]
    fn directories_are_exchanged_and_errors_told() {
        let root = Temporary(std::env::temp_dir().join(format!("kgdump-exchange-{}", std::process::id())));
        let (a, b, c) = (root.0.join("a"), root.0.join("b"), root.0.join("c"));
        for path in [&a, &b] {
            fs::create_dir_all(path).expect("it can be made");
            fs::write(path.join("name"), text(path)).expect("it can be written");
        }
        assert_eq!(exchange(text(&a), text(&b)), 0);
        assert_eq!(fs::read(a.join("name")).expect("it is there"), text(&b).as_bytes());
        assert_eq!(fs::read(b.join("name")).expect("it is there"), text(&a).as_bytes());
        for (from, to) in [(&a, &c), (&c, &a)] {
            assert_eq!(exchange(text(from), text(to)), libc::ENOENT);
        }
        // Not cut at the zero byte, behind which the name of something else would end.
        assert_eq!(exchange(text(&a), &format!("{}\0x", text(&b))), libc::ENOENT);
        assert_eq!(fs::read(a.join("name")).expect("it is there"), text(&b).as_bytes());
        // One is within the other: the system refuses.
        assert_ne!(exchange(text(&root.0), text(&a)), 0);
    }
    #[test]
    fn a_file_has_one_lock_whoever_opened_it() {
        let root = Temporary(std::env::temp_dir().join(format!("kgdump-lock-{}", std::process::id())));
        fs::create_dir_all(&root.0).expect("it can be made");
        let open = || fs::File::create(root.0.join("lock")).expect("it can be made");
        let (first, second) = (open(), open());
        assert!(lock_file(first.as_raw_fd()));
        assert!(lock_file(first.as_raw_fd()));
        assert!(!lock_file(second.as_raw_fd()));
        drop(first);
        assert!(lock_file(second.as_raw_fd()));
    }
}
