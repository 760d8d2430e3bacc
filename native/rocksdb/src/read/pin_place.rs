//! The private directory of a pin: what a store was at one point in time lies in it as long as it is read.
//!
//! Its name is `.NAME.kgdump-pin-RANDOM` beside the store NAME, or begins with `kgdump-pin-` in the directory for temporary files. The file
//! `owner` in it is locked (`flock`) by the process that reads: the lock goes with the process however that ends, so that a later run knows
//! what a killed one left, also when both run in containers of their own, and never takes away what is in use.
//!
//! Contract: only a directory of this user with such a name, whose `owner` is not locked, is ever removed; nothing in the store is touched.

use std::collections::hash_map::RandomState;
use std::ffi::{OsStr, OsString};
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::hash::{BuildHasher, Hasher};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, Once, PoisonError};

const OWNER: &str = "owner";
/// Random hexadecimal digits that end a name.
const DIGITS: usize = 16;
/// Bytes of a store's name that are in the name of its pin.
const NAME_BYTES: usize = 200;
/// How often another name is tried when somebody takes the directory away before it is locked.
const TRIES: u32 = 50;

/// The directories of this process, to be removed when it ends by `exit` before they are dropped.
static LIVE: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());
static AT_EXIT: Once = Once::new();

/// A private directory, removed when this is dropped.
#[derive(Debug)]
pub struct Place {
    path: PathBuf,
    /// Locked as long as it is open.
    owner: Option<File>,
}

impl Place {
    /// Makes a directory beside the store at `store`.
    pub fn beside(store: &Path) -> io::Result<Self> {
        let (parent, prefix) = beside(store).ok_or(io::ErrorKind::NotFound)?;
        Self::make(&parent, &prefix)
    }

    /// Makes a directory among the temporary files of the system.
    pub fn temporary(store: &Path) -> io::Result<Self> {
        Self::make(&std::env::temp_dir(), &temporary_prefix(store))
    }

    fn make(parent: &Path, prefix: &OsStr) -> io::Result<Self> {
        for _ in 0..TRIES {
            let mut name = prefix.to_owned();
            name.push(format!("{:016x}", RandomState::new().build_hasher().finish()));
            let path = parent.join(name);
            DirBuilder::new().mode(0o700).create(&path)?;
            match own(&path) {
                Ok(Some(owner)) => {
                    AT_EXIT.call_once(|| {
                        // SAFETY: the function takes no arguments, and this library is never unloaded.
                        unsafe { libc::atexit(remove_all) };
                    });
                    LIVE.lock().unwrap_or_else(PoisonError::into_inner).push(path.clone());
                    return Ok(Self { path, owner: Some(owner) });
                }
                Ok(None) => {}
                Err(error) => {
                    remove(&path);
                    return Err(error);
                }
            }
        }
        Err(io::ErrorKind::ResourceBusy.into())
    }

    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // Listing what is to be removed takes a descriptor, and this may be the only one left.
        drop(self.owner.take());
        remove(&self.path);
        LIVE.lock().unwrap_or_else(PoisonError::into_inner).retain(|path| *path != self.path || path.exists());
    }
}

extern "C" fn remove_all() {
    // A thread that holds it now takes it away itself, or is gone.
    if let Ok(live) = LIVE.try_lock() {
        live.iter().for_each(|path| remove(path));
    }
}

/// Removes what killed processes of this user left of their pins of the store at `store`. What can't be removed stays.
pub fn clear_abandoned(store: &Path) {
    let Some((parent, prefix)) = beside(store) else { return };
    clear(&parent, &prefix);
    if !can_link(store, &parent) {
        clear(&std::env::temp_dir(), &temporary_prefix(store));
    }
}

/// The directory that the store lies in, and how the name of a pin begins there.
fn beside(store: &Path) -> Option<(PathBuf, OsString)> {
    let real = store.canonicalize().ok()?;
    let name = real.file_name()?.as_bytes();
    let start = &name[..name.len().min(NAME_BYTES)];
    let prefix = [b".", start, b".kgdump-pin-"].concat();
    Some((real.parent()?.to_owned(), OsString::from_vec(prefix)))
}

/// How the name of a pin of this store begins among temporary files: with a hash of its path (FNV-1a by G. Fowler, L. Noll and K.-P. Vo).
fn temporary_prefix(store: &Path) -> OsString {
    let real = store.canonicalize().unwrap_or_else(|_| store.to_owned());
    let mix = |hash: u64, &byte: &u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    let hash = real.as_os_str().as_bytes().iter().fold(0xcbf2_9ce4_8422_2325, mix);
    OsString::from(format!("kgdump-pin-{hash:016x}-"))
}

/// Whether hard links of the store's files can be made in `parent`, as far as that shows.
fn can_link(store: &Path, parent: &Path) -> bool {
    let device = |path: &Path| fs::metadata(path).map(|facts| facts.dev());
    let Ok(c_parent) = std::ffi::CString::new(parent.as_os_str().as_bytes()) else { return false };
    // SAFETY: the path ends with 0.
    let writable = unsafe { libc::access(c_parent.as_ptr(), libc::W_OK) } == 0;
    writable && matches!((device(store), device(parent)), (Ok(a), Ok(b)) if a == b)
}

/// Makes and locks the file that says whose a new directory is; none when somebody has cleared it away before.
fn own(directory: &Path) -> io::Result<Option<File>> {
    let path = directory.join(OWNER);
    let owner = match OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        other => other?,
    };
    let mine = lock(&owner)? && is_at(&owner, &path);
    Ok(mine.then_some(owner))
}

/// Locks a file unless somebody else has.
fn lock(file: &File) -> io::Result<bool> {
    // SAFETY: the descriptor is open.
    if unsafe { libc::flock(file.as_raw_fd(), libc::LOCK_EX | libc::LOCK_NB) } == 0 {
        return Ok(true);
    }
    let error = io::Error::last_os_error();
    match error.raw_os_error() {
        Some(libc::EWOULDBLOCK) => Ok(false),
        _ => Err(error),
    }
}

fn is_at(file: &File, path: &Path) -> bool {
    let id = |facts: fs::Metadata| (facts.dev(), facts.ino());
    matches!((file.metadata().map(id), fs::symlink_metadata(path).map(id)), (Ok(a), Ok(b)) if a == b)
}

fn clear(parent: &Path, prefix: &OsStr) {
    let Ok(entries) = fs::read_dir(parent) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let Some(rest) = name.as_bytes().strip_prefix(prefix.as_bytes()) else { continue };
        if rest.len() == DIGITS && rest.iter().all(u8::is_ascii_hexdigit) {
            clear_one(&entry.path());
        }
    }
}

/// Removes one pin if it is this user's and nobody holds it.
fn clear_one(directory: &Path) {
    let Ok(facts) = fs::symlink_metadata(directory) else { return };
    // SAFETY: no arguments.
    if !facts.is_dir() || facts.uid() != unsafe { libc::geteuid() } {
        return;
    }
    let path = directory.join(OWNER);
    match OpenOptions::new().read(true).write(true).custom_flags(libc::O_NOFOLLOW).open(&path) {
        Ok(owner) => {
            if matches!(lock(&owner), Ok(true)) && is_at(&owner, &path) {
                remove(directory);
            }
        }
        // Its process ended before it made the file, or is about to: an empty directory can go, and nothing else.
        Err(error) if error.kind() == io::ErrorKind::NotFound => drop(fs::remove_dir(directory)),
        Err(_) => {}
    }
}

/// Removes a pin; the owner's file goes last, so that what is left of an interrupted removal is known as nobody's.
fn remove(directory: &Path) {
    let Ok(entries) = fs::read_dir(directory) else {
        // Without a descriptor to list it, it can go when there is nothing in it.
        return drop(fs::remove_dir(directory));
    };
    for entry in entries.flatten().filter(|entry| entry.file_name() != OWNER) {
        drop(fs::remove_file(entry.path()));
    }
    drop(fs::remove_file(directory.join(OWNER)));
    drop(fs::remove_dir(directory));
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A new directory with a store's directory in it.
    fn store() -> io::Result<(PathBuf, PathBuf)> {
        let random = RandomState::new().build_hasher().finish();
        let parent = std::env::temp_dir().join(format!("kgdump-test-place-{random:x}"));
        let store = parent.join("store");
        fs::create_dir_all(&store)?;
        Ok((parent, store))
    }

    fn count(parent: &Path) -> io::Result<usize> {
        Ok(fs::read_dir(parent)?.count())
    }

    #[test]
    fn what_nobody_holds_is_cleared_and_nothing_else() -> io::Result<()> {
        let (parent, store) = store()?;
        let place = Place::beside(&store)?;
        assert_eq!(fs::metadata(place.path())?.mode() & 0o777, 0o700);
        let left = parent.join(".store.kgdump-pin-00000000000000aa");
        let empty = parent.join(".store.kgdump-pin-00000000000000ab");
        let unowned = parent.join(".store.kgdump-pin-00000000000000ac");
        let other = parent.join(".store.kgdump-pin-00000000000000zz");
        for directory in [&left, &empty, &unowned, &other] {
            fs::create_dir(directory)?;
        }
        for file in [left.join(OWNER), left.join("000009.sst"), unowned.join("000009.sst"), other.join(OWNER)] {
            fs::write(file, "")?;
        }
        std::os::unix::fs::symlink(&other, parent.join(".store.kgdump-pin-00000000000000ad"))?;
        clear_abandoned(&store);
        assert!(place.path().exists() && !left.exists() && !empty.exists() && unowned.exists() && other.exists());
        assert_eq!(count(&parent)?, 5);
        drop(place);
        assert_eq!(count(&parent)?, 4);
        fs::remove_dir_all(parent)
    }

    #[test]
    fn one_that_is_cleared_while_it_is_made_is_made_again() -> io::Result<()> {
        let (parent, store) = store()?;
        let stop = std::sync::atomic::AtomicBool::new(false);
        std::thread::scope(|scope| -> io::Result<()> {
            scope.spawn(|| {
                while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                    clear_abandoned(&store);
                }
            });
            let made = (0..300).try_for_each(|_| {
                let place = Place::beside(&store)?;
                fs::write(place.path().join("file"), "")?;
                assert!(place.owner.as_ref().is_some_and(|owner| is_at(owner, &place.path().join(OWNER))));
                Ok(())
            });
            stop.store(true, std::sync::atomic::Ordering::Relaxed);
            made
        })?;
        assert_eq!(count(&parent)?, 1);
        fs::remove_dir_all(parent)
    }
}
