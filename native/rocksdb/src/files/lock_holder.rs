//! Which process holds a store's LOCK.
//!
//! The file is never opened: closing any descriptor of it would release a lock that this very process holds (POSIX
//! record locks work so), for example one of a store that is open for writing here. Linux lists all locks in /proc/locks.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::thread::{self, JoinHandle};

/// A process that holds a lock.
#[derive(Debug, PartialEq, Eq)]
pub struct Holder {
    pub pid: u32,
    /// Its name, when it may be known.
    pub name: Option<String>,
}

/// Begins to look for the process that holds the LOCK of the store at `store`, and gives what waits for the answer: Linux
/// takes some 10 ms for a first look at its list of locks, in which other work can be done.
pub fn look_for_holder(store: &Path) -> impl FnOnce() -> Option<Holder> + use<> {
    let path = store.to_owned();
    let looking = thread::Builder::new().spawn({
        let path = path.clone();
        move || lock_holder(&path)
    });
    move || match looking.map(JoinHandle::join) {
        Ok(Ok(holder)) => holder,
        // Without a thread, it is looked for now.
        _ => lock_holder(&path),
    }
}

/// The process that holds the LOCK of the store at `store`, when there is one and the system tells.
pub fn lock_holder(store: &Path) -> Option<Holder> {
    let lock = fs::metadata(store.join("LOCK")).ok()?;
    let table = fs::read_to_string("/proc/locks").ok()?;
    let device = (major(lock.dev()), minor(lock.dev()));
    let pid = table.lines().find_map(|line| holder_in(line, device, lock.ino()))?;
    let name = fs::read_to_string(format!("/proc/{pid}/comm")).ok().map(|name| name.trim_end().to_owned());
    Some(Holder { pid, name })
}

/// The pid of a line such as `1: POSIX  ADVISORY  WRITE 4242 fd:00:1234 0 EOF`, when it is about that file.
fn holder_in(line: &str, device: (u64, u64), inode: u64) -> Option<u32> {
    let mut fields = line.split_whitespace().skip(1).peekable();
    if fields.peek() == Some(&"->") {
        return None; // it waits for the lock
    }
    let mut fields = fields.skip(2);
    let (_mode, pid, file) = (fields.next().filter(|mode| *mode == "WRITE")?, fields.next()?, fields.next()?);
    let mut parts = file.split(':');
    let found = (u64::from_str_radix(parts.next()?, 16).ok()?, u64::from_str_radix(parts.next()?, 16).ok()?);
    (found == device && parts.next()?.parse() == Ok(inode)).then(|| pid.parse().ok()).flatten()
}

/// Major number of a Linux device id.
fn major(device: u64) -> u64 {
    ((device >> 32) & 0xffff_f000) | ((device >> 8) & 0xfff)
}

/// Minor number of a Linux device id.
fn minor(device: u64) -> u64 {
    ((device >> 12) & 0xffff_ff00) | (device & 0xff)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_line_of_that_file_counts() {
        let line = "3: POSIX  ADVISORY  WRITE 4242 fd:01:1234 0 EOF";
        assert_eq!(holder_in(line, (0xfd, 1), 1234), Some(4242));
        assert_eq!(holder_in(line, (0xfd, 2), 1234), None);
        assert_eq!(holder_in(line, (0xfd, 1), 123), None);
        assert_eq!(holder_in("3: -> POSIX  ADVISORY  WRITE 4242 fd:01:1234 0 EOF", (0xfd, 1), 1234), None);
        assert_eq!(holder_in("", (0, 0), 0), None);
    }
}
