//! Work in a process of its own, which ends without any cleaning up.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::FromRawFd as _;

use crate::Outcome;

/// So long may one life of a store take; a RocksDB that hangs is ended by SIGALRM.
const LIMIT_SECONDS: u32 = 60;

/// Does `work` in a fork of this process, and waits for it. Nothing of what it does to memory is seen here.
///
/// # Errors
/// The work's own, as text; or the signal that ended it.
pub fn apart(work: impl FnOnce() -> Outcome<()>) -> Outcome<()> {
    let mut ends = [0; 2];
    // SAFETY: there is room for both ends.
    if unsafe { libc::pipe(ends.as_mut_ptr()) } != 0 {
        return Err(std::io::Error::last_os_error().into());
    }
    // SAFETY: both are new, and ours alone.
    let (mut read, mut write) = unsafe { (File::from_raw_fd(ends[0]), File::from_raw_fd(ends[1])) };
    // SAFETY: this process has one thread, as RocksDB is used in its forks only; so a fork is whole.
    match unsafe { libc::fork() } {
        -1 => Err(std::io::Error::last_os_error().into()),
        0 => {
            // SAFETY: sets a clock of this process, whose signal ends it.
            unsafe { libc::alarm(LIMIT_SECONDS) };
            let code = match work() {
                Ok(()) => 0,
                Err(error) => {
                    // Nobody is there to be told that this can't be said either.
                    let _ = write.write_all(error.to_string().as_bytes());
                    1
                }
            };
            // SAFETY: ends the process at once; threads of RocksDB end with it, and no destructor runs.
            unsafe { libc::_exit(code) }
        }
        child => {
            drop(write);
            let mut message = String::new();
            read.read_to_string(&mut message)?;
            let mut status = 0;
            // SAFETY: it is our child, and nobody else waits for it.
            if unsafe { libc::waitpid(child, &raw mut status, 0) } < 0 {
                return Err(std::io::Error::last_os_error().into());
            }
            match status {
                0 => Ok(()),
                _ if libc::WIFSIGNALED(status) => Err(format!("ended by signal {}", libc::WTERMSIG(status)).into()),
                _ => Err(message.into()),
            }
        }
    }
}
