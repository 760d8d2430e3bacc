//! Which processes hold locks on a file. Linux lists all locks in /proc/locks, piece by piece: one is left out when another before it is
//! given back between two pieces.
//!
//! Contract: the file is never opened, as closing any descriptor of it would release a lock that this very process holds (POSIX record
//! locks work so). No lock is tried.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

/// How often the list is read for a lock that may have been left out.
const LOOKS: u32 = 4;
/// Bytes that are asked for at once, as more pieces leave out more: the system gives a page at most.
const PIECE: usize = 1 << 16;

/// A lock that a process holds.
#[derive(Debug, PartialEq, Eq)]
pub struct HeldLock {
    /// FLOCK, POSIX, OFDLCK.
    pub kind: String,
    /// Whether it keeps all others out, rather than only writers.
    pub exclusive: bool,
    pub pid: u32,
}

/// The locks on a file whose holders are known; none when the system does not tell.
pub fn locks_on(file: &Path) -> Vec<HeldLock> {
    let Ok(facts) = fs::metadata(file) else { return Vec::new() };
    let device = (major(facts.dev()), minor(facts.dev()));
    let looks = (0..LOOKS).map_while(|_| list().ok());
    let mut found = looks.map(|list| list.lines().filter_map(|line| lock_in(line, device, facts.ino())).collect());
    found.find(|locks: &Vec<_>| !locks.is_empty()).unwrap_or_default()
}

/// All locks of the system, a line each.
fn list() -> io::Result<String> {
    let (mut list, mut piece) = (Vec::new(), vec![0; PIECE]);
    let mut file = File::open("/proc/locks")?;
    loop {
        match file.read(&mut piece)? {
            0 => return Ok(String::from_utf8_lossy(&list).into_owned()),
            length => list.extend_from_slice(&piece[..length]),
        }
    }
}

/// The name of a process, as its system has it, when it may be known.
pub fn process_name(pid: u32) -> Option<String> {
    fs::read_to_string(format!("/proc/{pid}/comm")).ok().map(|name| name.trim_end().to_owned())
}

/// What a line such as `1: POSIX  ADVISORY  WRITE 4242 fd:00:1234 0 EOF` tells, when it is about that file.
fn lock_in(line: &str, device: (u64, u64), inode: u64) -> Option<HeldLock> {
    let mut fields = line.split_whitespace().skip(1);
    let kind = fields.next().filter(|kind| *kind != "->")?; // that one waits for the lock
    let (mode, pid, place) = (fields.nth(1)?, fields.next()?, fields.next()?);
    let mut parts = place.split(':');
    let found = (u64::from_str_radix(parts.next()?, 16).ok()?, u64::from_str_radix(parts.next()?, 16).ok()?);
    if found != device || parts.next()?.parse() != Ok(inode) {
        return None;
    }
    Some(HeldLock { kind: kind.to_owned(), exclusive: mode == "WRITE", pid: pid.parse().ok()? })
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

    fn pid(line: &str, device: (u64, u64), inode: u64) -> Option<u32> {
        lock_in(line, device, inode).map(|lock| lock.pid)
    }

    #[test]
    fn only_the_line_of_that_file_counts() {
        let line = "3: POSIX  ADVISORY  WRITE 4242 fd:01:1234 0 EOF";
        let lock = HeldLock { kind: "POSIX".to_owned(), exclusive: true, pid: 4242 };
        assert_eq!(lock_in(line, (0xfd, 1), 1234), Some(lock));
        assert_eq!(pid(line, (0xfd, 2), 1234), None);
        assert_eq!(pid(line, (0xfd, 1), 123), None);
        assert_eq!(pid("3: -> POSIX  ADVISORY  WRITE 4242 fd:01:1234 0 EOF", (0xfd, 1), 1234), None);
        let lock = HeldLock { kind: "FLOCK".to_owned(), exclusive: false, pid: 1234 };
        assert_eq!(lock_in("1: FLOCK  ADVISORY  READ 1234 08:01:5678 0 EOF", (8, 1), 5678), Some(lock));
        assert_eq!(pid("1: OFDLCK ADVISORY  WRITE -1 08:01:5678 0 EOF", (8, 1), 5678), None);
        assert_eq!(pid("nonsense", (8, 1), 5678), None);
        assert_eq!(pid("", (0, 0), 0), None);
    }

    #[test]
    fn the_numbers_of_a_device_are_those_that_the_system_made_its_id_of() {
        for (id, numbers) in [
            (0x0801, (8, 1)),
            (0xfdff, (0xfd, 0xff)),
            (0x10_fd00, (0xfd, 0x100)),
            (0xffff_ffff, (0xfff, 0xf_ffff)),
            (0x1234_5abc_def0, (0x1cde, 0x2345_abf0)),
        ] {
            assert_eq!((major(id), minor(id)), numbers, "{id:x}");
        }
    }
}
