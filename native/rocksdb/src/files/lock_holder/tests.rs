use std::fs::{File, OpenOptions};
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::symlink;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use super::*;
use crate::files::lock::hold;
use crate::files::temporary::Directory;

/// Takes a POSIX record lock, as RocksDB does.
fn lock(path: &Path) -> File {
    let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path).unwrap();
    let lock = whole_file(libc::F_WRLCK);
    // SAFETY: the descriptor is open and the argument lives through the call.
    assert_eq!(unsafe { libc::fcntl(file.as_raw_fd(), libc::F_SETLK, &raw const lock) }, 0);
    file
}

fn own_pid() -> Option<Option<u32>> {
    Some(Some(std::process::id()))
}

/// Runs `work` while others take and give back locks.
fn among_others(directory: &Path, work: impl FnOnce()) {
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        for number in 0..3 {
            let (path, stop) = (directory.join(format!("other-{number}")), &stop);
            scope.spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    drop(lock(&path));
                }
            });
        }
        work();
        stop.store(true, Ordering::Relaxed);
    });
}

#[test]
fn a_holder_is_found_while_other_locks_come_and_go_and_keeps_its_lock() {
    let store = Directory::new("lock-holder");
    let held = lock(&store.0.join("LOCK"));
    among_others(&store.0, || {
        for _ in 0..300 {
            assert_eq!(lock_holder(&store.0).map(|holder| holder.pid), own_pid());
        }
        if cfg!(target_os = "linux") {
            for _ in 0..100 {
                assert_eq!(listed(&store.0.join("LOCK")).map(|holder| holder.pid), own_pid());
            }
        }
    });
    let name = lock_holder(&store.0).and_then(|holder| holder.name);
    assert_eq!(name, process_name(std::process::id()));
    assert_eq!(hold(&store.0).unwrap_err().code, "STORE_IN_USE");
    drop(held);
    assert_eq!(lock_holder(&store.0), None);
}

#[test]
fn what_is_no_lock_of_a_writer_is_none() {
    let store = Directory::new("lock-holder-none");
    assert_eq!(lock_holder(&store.0), None);
    let held = hold(&store.0).unwrap();
    assert_eq!(ask(&store.0.join("LOCK")).unwrap(), None);
    assert_eq!(lock_holder(&store.0), None);
    drop(held);
    std::fs::remove_file(store.0.join("LOCK")).unwrap();
    let path = CString::new(store.0.join("LOCK").as_os_str().as_bytes()).unwrap();
    // SAFETY: the path ends with 0 and lives through the call.
    assert_eq!(unsafe { libc::mkfifo(path.as_ptr(), 0o600) }, 0);
    assert_eq!(lock_holder(&store.0), None);
}

#[test]
fn a_link_is_not_opened_and_its_holder_is_in_the_list() {
    let store = Directory::new("lock-holder-link");
    let held = lock(&store.0.join("real"));
    symlink(store.0.join("real"), store.0.join("LOCK")).unwrap();
    assert_eq!(ask(&store.0.join("LOCK")).unwrap_err().raw_os_error(), Some(libc::ELOOP));
    if cfg!(target_os = "linux") {
        assert_eq!(lock_holder(&store.0).map(|holder| holder.pid), own_pid());
    }
    drop(held);
}

#[test]
fn a_holder_without_a_number_is_somewhere_else() {
    assert_eq!(Holder::of(0).words(), "a process in another container");
    let named = Holder { pid: Some(42), name: Some("a\nb".to_owned()) };
    assert_eq!(named.words(), "process 42 (a\\nb)");
    assert_eq!(Holder { name: None, ..named }.words(), "process 42");
}
