//! Holding a store's LOCK, so that no program opens it.
//!
//! Contract: nothing in a store changes but that LOCK is made when it is not there. The lock belongs to the open file (an OFD
//! lock), so that closing another descriptor of the same file does not release it, as it would a POSIX record lock, with
//! which it conflicts as it should.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use crate::error::{Fault, Outcome, Reason as _};
use crate::files::lock_holder::{lock_holder, whole_file};

/// RocksDB's lock on a store, held until this is dropped.
#[derive(Debug)]
pub struct Held(File);

impl Drop for Held {
    /// Closing the file would leave the lock to a process that was forked and has not begun its own program yet.
    fn drop(&mut self) {
        // Nobody is left to be told.
        let _ = set_lock(&self.0, libc::F_UNLCK);
    }
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
        // A link would have it made where that leads, and a FIFO would be waited for.
        .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK)
        .open(&path)
        .map_err(|error| Fault::io("opening", &path, &error))?;
    let Err(error) = set_lock(&file, libc::F_WRLCK) else { return Ok(Held(file)) };
    if !matches!(error.raw_os_error(), Some(libc::EAGAIN | libc::EACCES)) {
        return Err(Fault::io("locking", &path, &error));
    }
    let by = lock_holder(store).map(|holder| format!(" by {}", holder.words())).unwrap_or_default();
    Err(Fault::new("STORE_IN_USE", format!("{} is open{by}", store.display()))
        .at(store)
        .hint("stop the service that uses it, then run this again"))
}

/// Takes or gives back the lock of the whole file.
fn set_lock(file: &File, kind: libc::c_int) -> io::Result<()> {
    let lock = whole_file(kind);
    // SAFETY: the descriptor is open and the argument lives through the call.
    if unsafe { libc::fcntl(file.as_raw_fd(), libc::F_OFD_SETLK, &raw const lock) } == 0 {
        return Ok(());
    }
    Err(io::Error::last_os_error())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::hold;

    #[test]
    fn a_lock_ends_although_a_child_has_the_file() {
        let store = std::env::temp_dir().join(format!("kgdump-rocksdb-lock-{}", std::process::id()));
        fs::create_dir_all(&store).unwrap();
        let held = hold(&store).unwrap();
        assert_eq!(hold(&store).unwrap_err().code, "STORE_IN_USE");
        // As in a process that was forked.
        let child = held.0.try_clone().unwrap();
        drop(held);
        drop(hold(&store).unwrap());
        drop(child);
        fs::remove_dir_all(&store).unwrap();
    }
}
