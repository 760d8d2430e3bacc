//! Copies of a store's logs while its program writes to them.
//!
//! A copy of a log is what had been written to it; the copies of all are the writes up to some moment, without a gap: the newest log is
//! copied first, as nothing is added to a log any more once the next one holds a write. Logs are never linked: they grow, and those
//! whose files are used again (`recycle_log_file_num`) get other names and are written over.
//!
//! Contract: only reads the store. A copy is right when its log was not obsolete yet after it was made, which only MANIFEST tells.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use crate::error::{Fault, Outcome, Reason as _};
use crate::files::log_file::{read_log, LogError, Piece};
use crate::files::wal::{list_logs, Log};

/// The logs that were copied, by number.
#[derive(Debug, Default)]
pub struct Copies {
    copies: BTreeMap<u64, Copied>,
}

#[derive(Debug, Clone, Copy)]
struct Copied {
    size: u64,
    /// A write is in it. Not all that is in a file is: notes of the writer, and what the file held in a former life.
    written: bool,
    /// Nothing could be added to the log any more when it was copied.
    finished: bool,
}

impl Copies {
    /// Copies the logs of `directory` that count, from number `first` on, into `place`; those that were copied whole before are kept.
    /// False when that must be tried again, as logs came or went meanwhile.
    ///
    /// Errors: NO_SPACE, IO_FAILED, PERMISSION_DENIED.
    pub fn renew(&mut self, directory: &Path, first: u64, place: &Path) -> Outcome<bool> {
        let Some(logs) = listed(directory, first)? else { return Ok(false) };
        let mut finished = false;
        for log in logs.iter().rev() {
            if !self.copies.get(&log.number).is_some_and(|copied| copied.finished) {
                let to = path_in(place, log.number);
                let Some(size) = copy(log, &to)? else { return Ok(false) };
                self.copies.insert(log.number, Copied { size, written: holds_write(&to, log.number)?, finished });
            }
            finished |= self.copies.get(&log.number).is_some_and(|copied| copied.written);
        }
        // A listing may miss one that came while it was read, but not one that was there before.
        let Some(after) = listed(directory, first)? else { return Ok(false) };
        let newest = logs.last().map_or(0, |log| log.number);
        let known = |log: &Log| log.number > newest || logs.iter().any(|copied| copied.number == log.number);
        Ok(after.iter().all(known))
    }

    /// The copies from number `first` on, in order. Those before it are removed.
    pub fn settle(&mut self, first: u64, place: &Path) -> Vec<Log> {
        let counted = self.copies.split_off(&first);
        for &number in self.copies.keys() {
            drop(fs::remove_file(path_in(place, number)));
        }
        self.copies = counted;
        let log = |(&number, copied): (&u64, &Copied)| Log { number, path: path_in(place, number), size: copied.size };
        self.copies.iter().map(log).collect()
    }
}

fn path_in(place: &Path, number: u64) -> PathBuf {
    place.join(format!("{number:06}.log"))
}

/// The logs from `first` on; none when one of them went while they were looked at.
fn listed(directory: &Path, first: u64) -> Outcome<Option<Vec<Log>>> {
    match list_logs(directory, first) {
        Ok(logs) => Ok(Some(logs)),
        Err(fault) if fault.code == "NOT_FOUND" && directory.is_dir() => Ok(None),
        Err(fault) => Err(fault),
    }
}

/// Whether a log holds a whole record, other than the writer's notes.
fn holds_write(path: &Path, number: u64) -> Outcome<bool> {
    enum Stop {
        Found,
        Log(LogError),
    }
    impl From<LogError> for Stop {
        fn from(error: LogError) -> Self {
            Self::Log(error)
        }
    }
    let file = File::open(path).map_err(|error| Fault::io("opening", path, &error))?;
    let found = |_, piece: Piece<'_>| if matches!(piece, Piece::Record(_)) { Err(Stop::Found) } else { Ok(()) };
    match read_log(file, Some(number as u32), found) {
        Err(Stop::Found) => Ok(true),
        Err(Stop::Log(LogError::Io(error))) => Err(Fault::io("reading", path, &error)),
        // What is wrong with it is told when it is read as a whole.
        Ok(_) | Err(Stop::Log(LogError::Damaged { .. })) => Ok(false),
    }
}

/// Copies a log and returns the size of the copy; none when it is gone.
fn copy(log: &Log, to: &Path) -> Outcome<Option<u64>> {
    let mut from = match File::open(&log.path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        other => other.map_err(|error| Fault::io("opening", &log.path, &error))?,
    };
    let copying = |error| Fault::io(&format!("copying {} to", log.path.display()), to, &error);
    let mut out = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(to).map_err(copying)?;
    io::copy(&mut from, &mut out).map(Some).map_err(copying)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::log_check::tests::{batch, PUT};

    #[test]
    fn a_log_is_copied_again_until_the_next_one_holds_a_write() {
        let directory = std::env::temp_dir().join(format!("kgdump-copies-{}", std::process::id()));
        let place = directory.join("place");
        fs::create_dir_all(&place).unwrap();
        let write = |number: u64, bytes: &[u8]| fs::write(path_in(&directory, number), bytes).unwrap();
        let mut copies = Copies::default();
        let mut copied = || {
            assert!(copies.renew(&directory, 4, &place).unwrap());
            copies.copies.values().map(|copied| copied.size).collect::<Vec<_>>()
        };
        let (one, two) = (batch(1, 1, PUT), [batch(1, 1, PUT), batch(2, 1, PUT)].concat());
        let [short, long] = [one.len() as u64, two.len() as u64];
        write(4, &one);
        assert_eq!(copied(), [short]);
        write(5, b"");
        write(4, &two);
        assert_eq!(copied(), [long, 0]);
        write(5, &one);
        assert_eq!(copied(), [long, short]);
        write(5, &two);
        assert_eq!(copied(), [long, long]);
        let kept = copies.settle(5, &place);
        assert_eq!(kept.iter().map(|log| log.number).collect::<Vec<_>>(), [5]);
        assert_eq!(fs::read_dir(&place).unwrap().count(), 1);
        fs::remove_dir_all(&directory).unwrap();
    }
}
