//! The lock of a store: sled holds a `flock` on the file `db` while it has it open.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::os::unix::fs::FileTypeExt as _;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use fs2::FileExt as _;
use kgdump_shared::locks::{locks_on, process_name};

use crate::fault::{Code, Outcome, SledFault};

/// How long opening waits for a lock.
pub const LOCK_WAIT: Duration = Duration::from_secs(2);
const RETRY: Duration = Duration::from_millis(10);

/// The lock of a store, held while this lives.
#[derive(Debug)]
pub struct Lock(File);

impl Drop for Lock {
    fn drop(&mut self) {
        // Closing the file would not do: a child that this process begins just now has it, too, until it runs its program.
        let _ = fs2::FileExt::unlock(&self.0);
    }
}

/// Takes the lock on `store`'s file `db`, trying for as long as `wait`: sled's own threads let it go a little late.
///
/// # Errors
/// STORE_IN_USE with what can be learned of the holder; PERMISSION_DENIED, IO_FAILED.
pub fn acquire(store: &Path, wait: Duration) -> Outcome<Lock> {
    let db = store.join("db");
    let opening = |e: std::io::Error| SledFault::io(&e, "opening its file db").at(store);
    // Opening a pipe would wait for somebody who writes to it.
    if fs::metadata(&db).map_err(opening)?.file_type().is_fifo() {
        return Err(SledFault::new(Code::IoFailed, "its file db is a pipe").at(store));
    }
    let file = File::open(&db).map_err(opening)?;
    let until = Instant::now() + wait;
    loop {
        match file.try_lock_exclusive() {
            Ok(()) => return Ok(Lock(file)),
            Err(e) if e.kind() != fs2::lock_contended_error().kind() => {
                return Err(SledFault::io(&e, "locking its file db").at(store));
            }
            Err(_) if Instant::now() >= until => return Err(in_use(store)),
            Err(_) => thread::sleep(RETRY),
        }
    }
}

/// The failure for a store that another process holds.
pub fn in_use(store: &Path) -> SledFault {
    let holders = holders(&store.join("db"));
    let own = format!("this process ({})", std::process::id());
    let message = if holders == [own] {
        "it is open in this process already".to_string()
    } else if holders.is_empty() {
        "it is open in another program: the lock on its file db is held".to_string()
    } else {
        format!("it is open in another program: the lock on its file db is held by {}", holders.join(", "))
    };
    SledFault::new(Code::StoreInUse, message).at(store)
}

/// Whether a program is known to hold a `flock` on a file; no lock is tried.
pub fn is_held(file: &Path) -> bool {
    !holders(file).is_empty()
}

/// Who holds a `flock` on a file, as "process 1234 (name)"; empty when that cannot be learned (another container, not Linux).
fn holders(file: &Path) -> Vec<String> {
    let locks = locks_on(file).into_iter().filter(|lock| lock.kind == "FLOCK" && lock.pid > 0);
    let pids: BTreeSet<u32> = locks.map(|lock| lock.pid).collect();
    pids.into_iter().map(describe).collect()
}

fn describe(pid: u32) -> String {
    let name = process_name(pid).unwrap_or_default();
    let name: String = name.trim().chars().filter(|c| !c.is_control()).collect();
    if pid == std::process::id() {
        format!("this process ({pid})")
    } else if name.is_empty() {
        format!("process {pid}")
    } else {
        format!("process {pid} ({name})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_ends_although_a_child_has_the_file() {
        let directory = std::env::temp_dir().join(format!("kgdump-lock-{}", std::process::id()));
        fs::create_dir_all(&directory).unwrap();
        fs::write(directory.join("db"), "").unwrap();
        let lock = acquire(&directory, Duration::ZERO).unwrap();
        assert_eq!(acquire(&directory, Duration::ZERO).unwrap_err().code, Code::StoreInUse);
        // As in a process that was forked.
        let child = lock.0.try_clone().unwrap();
        drop(lock);
        drop(acquire(&directory, Duration::ZERO).unwrap());
        drop(child);
        fs::remove_dir_all(&directory).unwrap();
    }
}
