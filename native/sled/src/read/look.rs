//! A quick look at a store: whether little of it shows already that sled can't open it, or would make an empty one of it. No lock is taken, so that
//! a program can be started at the same moment, and the log is not read: what a look does not find may be found by reading.
//!
//! Only what no killed program leaves behind is told.

use std::fs::{self, File};
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::thread;
use std::time::Duration;

use super::snapshots;
use crate::fault::{Code, Outcome, SledFault};
use crate::files::conf::Settings;
use crate::files::lock;
use crate::files::message::{SEGMENT_HEADER, segment_header};
use crate::files::place::{Place, inspect};

/// How long a program may be on its way into the store when something looks wrong.
const SETTLE: Duration = Duration::from_millis(300);
/// Headers of segments that are read at most, from the beginning and as many from the end.
const HEADERS: u64 = 1024;

/// Looks at the store in `path`. One that a program has open can be opened.
///
/// # Errors
/// What keeps sled from opening it: STORE_DAMAGED, STORE_UNSUPPORTED, STORE_NOT_FOUND, STORE_NOT_RECOGNIZED; PERMISSION_DENIED, IO_FAILED.
pub fn look(path: &Path) -> Outcome<()> {
    let db = path.join("db");
    // Who holds it takes longer to learn than how it looks.
    if look_once(path).is_ok() || lock::is_held(&db) {
        return Ok(());
    }
    thread::sleep(SETTLE);
    if lock::is_held(&db) {
        return Ok(());
    }
    look_once(path)
}

fn look_once(path: &Path) -> Outcome<()> {
    let settings = match inspect(path)? {
        Place::Store(settings) => settings,
        Place::Missing => return Err(SledFault::new(Code::StoreNotFound, "there is no store").at(path)),
        Place::EmptyDirectory => {
            return Err(SledFault::new(Code::StoreNotRecognized, "it is an empty directory, not a sled store").at(path));
        }
    };
    settings.opened_by_crate().map_err(|f| f.at(path))?;
    let db = path.join("db");
    let metadata = fs::metadata(&db).map_err(|e| SledFault::io(&e, "looking at it").at(&db))?;
    let damaged = |what: &str| SledFault::new(Code::StoreDamaged, what).at(&db);
    if !metadata.is_file() {
        return Err(damaged("it is not a file"));
    }
    if metadata.len() == 0 {
        return Err(damaged("it is empty: sled would make an empty store of it"));
    }
    let known = snapshots::taken(path, settings)?.lsn();
    let file = File::open(&db).map_err(|e| SledFault::io(&e, "opening it").at(&db))?;
    let tip = tip(&file, metadata.len(), settings).map_err(|e| SledFault::io(&e, "reading it").at(&db))?;
    let size = settings.segment_size as i64;
    match tip {
        None => Err(damaged("it holds no segment of a log: sled would make an empty store of it")),
        Some(tip) if tip.saturating_add(size) < known && is_read_whole(metadata.len(), settings) => {
            Err(damaged("the log ends before the place that its snapshot names: it is cut off"))
        }
        Some(_) => Ok(()),
    }
}

fn is_read_whole(length: u64, settings: Settings) -> bool {
    length.div_ceil(settings.segment_size as u64) <= 2 * HEADERS
}

/// The highest LSN of the headers of a log's segments, or of some of many; None when none is sound.
fn tip(file: &File, length: u64, settings: Settings) -> std::io::Result<Option<i64>> {
    let size = settings.segment_size as u64;
    let count = length.div_ceil(size);
    let mut tip = None;
    for number in (0..count.min(HEADERS)).chain(count.saturating_sub(HEADERS).max(HEADERS)..count) {
        let mut header = [0; SEGMENT_HEADER];
        let offset = number * size;
        if offset + SEGMENT_HEADER as u64 > length {
            break;
        }
        file.read_exact_at(&mut header, offset)?;
        tip = tip.max(segment_header(&header).map(|(lsn, _)| lsn).filter(|lsn| *lsn >= 0));
    }
    Ok(tip)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::files::made::{header, snapshot};

    const SIZE: usize = 256;

    /// What is said of a store with so many segments, of which these have headers: the places of each in the file and in the log, counted in segments; and
    /// with a snapshot that knows the log up to there.
    fn looked(count: usize, headers: &[(usize, i64)], stable: i64) -> Outcome<()> {
        let directory = made(count, headers, stable);
        let found = look_once(&directory);
        fs::remove_dir_all(&directory).unwrap();
        found
    }

    fn made(count: usize, headers: &[(usize, i64)], stable: i64) -> PathBuf {
        let directory = std::env::temp_dir().join(format!("kgdump-look-{count}-{stable}-{}", std::process::id()));
        fs::create_dir(&directory).unwrap();
        let conf = format!("segment_size: {SIZE}\nuse_compression: false\nversion: 0.34\n").into_bytes();
        let sum = crc32fast::hash(&conf).to_le_bytes();
        fs::write(directory.join("conf"), [&conf[..], &sum].concat()).unwrap();
        let mut db = vec![0; count * SIZE];
        for &(place, number) in headers {
            db[place * SIZE..][..SEGMENT_HEADER].copy_from_slice(&header(number * SIZE as i64, 0));
        }
        fs::write(directory.join("db"), db).unwrap();
        fs::write(directory.join(format!("snap.{stable:016X}")), snapshot(stable, 0, &[])).unwrap();
        directory
    }

    #[test]
    fn a_program_may_be_on_its_way_into_the_store() {
        let cut = made(3, &[(0, 0)], 5000);
        assert!(look(&cut).is_err());
        let found = thread::scope(|scope| {
            scope.spawn(|| {
                thread::sleep(SETTLE / 3);
                let lock = lock::acquire(&cut, Duration::ZERO);
                thread::sleep(SETTLE);
                drop(lock);
            });
            look(&cut)
        });
        fs::remove_dir_all(&cut).unwrap();
        assert!(found.is_ok(), "what it reads then may be half written: {found:?}");
    }

    #[test]
    fn a_log_goes_as_far_as_its_snapshot_says() {
        let end_of = |number: i64| number * SIZE as i64;
        // Where the last segment ends the next one need not have been begun.
        assert!(looked(2, &[(0, 0), (1, 1)], end_of(2)).is_ok());
        let cut = looked(2, &[(0, 0), (1, 1)], end_of(2) + 1).unwrap_err();
        assert!(cut.code == Code::StoreDamaged && cut.message.contains("cut off"), "{cut:?}");
        // The newest segment may lie anywhere.
        assert!(looked(2, &[(0, 5), (1, 4)], end_of(6)).is_ok());
        // Of many segments all are looked at, of more the first and the last ones: the newest may be between them.
        let many = HEADERS as usize + 76;
        assert!(looked(many, &[(0, 0), (many - 1, 3000)], end_of(3000)).is_ok());
        assert!(looked(many, &[(0, 0), (many - 1, 2000)], end_of(3000)).is_err());
        let more = 2 * HEADERS as usize + 76;
        assert!(looked(more, &[(0, 0), (HEADERS as usize + 30, 4000)], end_of(4000)).is_ok());
        assert!(
            looked(more, &[(HEADERS as usize + 30, 4000)], end_of(4000)).is_err(),
            "none that is looked at has a header"
        );
    }
}
