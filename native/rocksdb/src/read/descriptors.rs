//! How many files RocksDB may have open at once.
//!
//! Node raises the process's own limit to the highest that it may have when it starts.

use std::fs;

/// Descriptors that are left for all else: the output, standard streams, what Node opens.
const RESERVE: u64 = 48;
/// Fewer than this is of no use.
const LEAST: u64 = 16;
/// Descriptors that are thought to be open where the system does not tell.
const USUALLY_OPEN: u64 = 64;

/// RocksDB's `max_open_files` for a store of so many table and blob files: -1, all of them, when the limit allows that.
pub fn max_open_files(files: usize) -> i32 {
    bounded(files as u64, limit(), open_now())
}

/// How many more descriptors may be opened, leaving some for others.
pub fn spare() -> u64 {
    limit().map_or(u64::MAX, |limit| limit.saturating_sub(open_now() + RESERVE))
}

fn bounded(files: u64, limit: Option<u64>, open: u64) -> i32 {
    let Some(limit) = limit else { return -1 };
    let spare = limit.saturating_sub(open + RESERVE);
    if files <= spare {
        return -1;
    }
    i32::try_from(spare.max(LEAST)).unwrap_or(-1)
}

/// The limit of this process; none when there is none.
fn limit() -> Option<u64> {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the argument is ours and lives through the call.
    let failed = unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) } != 0;
    (!failed && limit.rlim_cur != libc::RLIM_INFINITY).then_some(limit.rlim_cur)
}

fn open_now() -> u64 {
    fs::read_dir("/proc/self/fd").map_or(USUALLY_OPEN, |entries| entries.count() as u64)
}

#[cfg(test)]
mod tests {
    use super::bounded;

    #[test]
    fn all_files_are_open_where_that_may_be() {
        assert_eq!(bounded(5000, None, 20), -1);
        assert_eq!(bounded(100, Some(256), 20), -1);
        assert_eq!(bounded(5000, Some(256), 20), 188);
        assert_eq!(bounded(5000, Some(64), 60), 16);
    }
}
