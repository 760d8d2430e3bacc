//! Holds what a store is at one point in time while its program goes on writing, flushing and compacting.
//!
//! All that MANIFEST names is held in a private directory (pin_place.rs), which is then opened in the store's place: table and blob files,
//! which never change, by hard links or, where those can't be made, by open descriptors that symbolic links name; logs by copies
//! (pin_logs.rs). Then MANIFEST is read again. When since then nothing happened but that tables were put in the place of tables with the same
//! content, what is held is what the store was when MANIFEST was first read, with all writes until the logs were copied. Otherwise what is new
//! is held as well, and so on; as most files are held already, a round is short.
//!
//! A hard link is better than a descriptor: RocksDB may cut off a deleted file step by step, but not one that has another link.
//!
//! Contract: nothing is written in the store's directory. What is held goes with the pin.

use std::collections::{HashMap, HashSet};
use std::ffi::CString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{symlink, OpenOptionsExt};
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::error::{Fault, Outcome, Reason as _};
use crate::files::layout::{fingerprint, newest_options, read_options};
use crate::files::manifest::{read_manifest_in, Manifest};
use crate::files::options_file::OptionsFile;
use crate::files::whole::{read_whole, MOST_NAME};
use crate::read::names::Names;
use crate::read::pin_logs::Copies;
use crate::read::pin_place::Place;
use crate::read::point::{two_phase, wal_directory, Point};

/// How long it is tried to hold a store.
const PATIENCE: Duration = Duration::from_secs(120);
/// How long OPTIONS may not know a family that MANIFEST knows: RocksDB writes them one after the other.
const OPTIONS_LAG: Duration = Duration::from_millis(500);
/// How often a MANIFEST that can't be read is tried again: its end may be just being written.
const MANIFEST_TRIES: u32 = 50;

/// A store's files, held.
pub struct Pin {
    place: Place,
    can_link: bool,
    /// Files by name, with a descriptor for one that could not be linked.
    held: HashMap<String, Option<File>>,
    /// Files that were looked for in vain, before MANIFEST was last read.
    missed: HashSet<String>,
    copies: Copies,
    names: Names,
}

/// A MANIFEST as it was read.
struct State {
    name: String,
    file: File,
    /// Bytes that were read.
    length: u64,
    manifest: Manifest,
}

/// Why a store was not held.
pub enum Unpinned {
    /// Neither links nor descriptors can hold it here.
    Impossible(Fault),
    Fault(Fault),
}

impl From<Fault> for Unpinned {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl Pin {
    /// Holds the store at `store` as it is now.
    ///
    /// Errors: STORE_MOVING when it changes faster than it can be held, STORE_* for what it is, NO_SPACE, IO_FAILED.
    pub fn take(store: &Path) -> Result<(Self, Point), Unpinned> {
        Self::take_by(store, true)
    }

    /// The same; without hard links if `can_link` is false.
    fn take_by(store: &Path, can_link: bool) -> Result<(Self, Point), Unpinned> {
        let place = Place::beside(store).or_else(|_| Place::temporary(store)).map_err(|error| {
            Unpinned::Impossible(Fault::io("making a directory beside, or for temporary files of,", store, &error))
        })?;
        let mut pin = Self {
            place,
            can_link,
            held: HashMap::new(),
            missed: HashSet::new(),
            copies: Copies::default(),
            names: Names::default(),
        };
        let begun = Instant::now();
        let mut state = read_state(store, begun)?;
        let (mut newest, mut options) = (None, Vec::new());
        loop {
            let whole = pin.hold_files(store, &state)?;
            let number = newest_options(store)?;
            if number != newest {
                (newest, options) = (number, read_options(store)?);
            }
            // All that may matter are held, however the store commits.
            let first = state.manifest.first_log(true);
            let unflushed = state.manifest.first_log(two_phase(&options));
            let wal_directory = wal_directory(store, &state.manifest, unflushed, options.first())?;
            let directory = wal_directory.as_deref().unwrap_or(store);
            let copied = whole && pin.copies.renew(directory, first, pin.place.path())?;
            let now = read_state(store, begun)?;
            if copied && same_content(&state, &now) {
                if knows_all(&options, &state.manifest) || begun.elapsed() > OPTIONS_LAG {
                    let point = pin.settle(store, state, options, newest)?;
                    let logs = wal_directory.as_deref().map(|directory| (directory, &*point.logs));
                    pin.names = Names::new(pin.place.path(), store, logs);
                    return Ok((pin, point));
                }
                sleep(Duration::from_millis(1));
            }
            if begun.elapsed() > PATIENCE {
                return Err(moving(store).into());
            }
            state = now;
        }
    }

    /// How what is held is called in the store.
    pub fn names(&self) -> Names {
        self.names.clone()
    }

    /// Holds the table and blob files of a MANIFEST. False when one of them is gone that the next MANIFEST may not need.
    fn hold_files(&mut self, store: &Path, state: &State) -> Result<bool, Unpinned> {
        let mut whole = true;
        let mut missed = HashSet::new();
        for names in needed(&state.manifest) {
            if names.iter().any(|name| self.held.contains_key(name)) || self.hold(store, &names)? {
                continue;
            }
            // One that was gone before this MANIFEST was read, and is named by it, is missing for good: who opens the store tells.
            let [name, _] = names;
            whole &= self.missed.contains(&name);
            missed.insert(name);
        }
        self.missed = missed;
        Ok(whole)
    }

    /// Holds the first of some files that is there; false when none is.
    fn hold(&mut self, store: &Path, names: &[String]) -> Result<bool, Unpinned> {
        for name in names.iter().filter(|name| !name.is_empty()) {
            let (from, to) = (store.join(name), self.place.path().join(name));
            if self.can_link {
                match link(&from, &to) {
                    Ok(()) => {
                        self.held.insert(name.clone(), None);
                        return Ok(true);
                    }
                    Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                    Err(_) => self.can_link = false,
                }
            }
            match File::open(&from) {
                Ok(file) => {
                    name_descriptor(store, &file, &to)?;
                    self.held.insert(name.clone(), Some(file));
                    return Ok(true);
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) if matches!(error.raw_os_error(), Some(libc::EMFILE | libc::ENFILE)) => {
                    return Err(Unpinned::Impossible(unheld(store, &error)));
                }
                Err(error) => return Err(Fault::io("opening", &from, &error).into()),
            }
        }
        Ok(false)
    }

    /// Makes what is held a store of its own.
    fn settle(
        &mut self,
        store: &Path,
        state: State,
        options: Vec<OptionsFile>,
        newest_options: Option<u64>,
    ) -> Outcome<Point> {
        let State { name, mut file, length, manifest } = state;
        let place = self.place.path().to_owned();
        let needed: HashSet<String> = needed(&manifest).flatten().collect();
        self.held.retain(|name, _| needed.contains(name) || fs::remove_file(place.join(name)).is_err());
        let path = place.join(&name);
        let writing = |error| Fault::io("writing", &path, &error);
        file.rewind().map_err(writing)?;
        let mut copy = new_file(&path).map_err(writing)?;
        io::copy(&mut (&file).take(length), &mut copy).map_err(writing)?;
        let write = |name: &str, content: &[u8]| new_file(&place.join(name))?.write_all(content);
        write("CURRENT", format!("{name}\n").as_bytes()).map_err(writing)?;
        match read_whole(&store.join("IDENTITY"), MOST_NAME) {
            Ok(identity) => write("IDENTITY", &identity).map_err(writing)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(Fault::io("reading", &store.join("IDENTITY"), &error)),
        }
        let logs = self.copies.settle(manifest.first_log(true), &place);
        Ok(Point { files: place, manifest, options, newest_options, wal_directory: None, logs, growing: true })
    }
}

/// The table and blob files that a MANIFEST names, each with the names that it may have.
fn needed(manifest: &Manifest) -> impl Iterator<Item = [String; 2]> + '_ {
    manifest.families.values().flat_map(|family| {
        let tables = family.tables.keys().map(|number| [format!("{number:06}.sst"), format!("{number:06}.ldb")]);
        tables.chain(family.live_blobs().map(|number| [format!("{number:06}.blob"), String::new()]))
    })
}

/// Makes a hard link of the file that a path leads to, also through symbolic links.
fn link(from: &Path, to: &Path) -> io::Result<()> {
    let (from, to) = (CString::new(from.as_os_str().as_bytes())?, CString::new(to.as_os_str().as_bytes())?);
    let (here, follow) = (libc::AT_FDCWD, libc::AT_SYMLINK_FOLLOW);
    // SAFETY: both paths end with 0 and live through the call.
    match unsafe { libc::linkat(here, from.as_ptr(), here, to.as_ptr(), follow) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Gives an open file a name that opens it again, even when it is deleted.
fn name_descriptor(store: &Path, file: &File, to: &Path) -> Result<(), Unpinned> {
    if !cfg!(target_os = "linux") {
        return Err(Unpinned::Impossible(unheld(store, &io::ErrorKind::Unsupported.into())));
    }
    symlink(format!("/proc/self/fd/{}", file.as_raw_fd()), to)
        .map_err(|error| Unpinned::Impossible(Fault::io("making", to, &error)))
}

/// Reads the MANIFEST that CURRENT names. It may be gone when it is to be read, and its end may be just being written.
fn read_state(store: &Path, begun: Instant) -> Outcome<State> {
    let mut tries = 0;
    loop {
        let result = try_state(store);
        match result {
            Err(fault) if matches!(fault.code, "NOT_FOUND" | "STORE_DAMAGED") && tries < MANIFEST_TRIES => {
                tries += 1;
                sleep(Duration::from_millis(u64::from(tries / 5)));
            }
            other => return other,
        }
        if begun.elapsed() > PATIENCE {
            return Err(moving(store));
        }
    }
}

fn try_state(store: &Path) -> Outcome<State> {
    let name = fingerprint(store)?.manifest;
    let path = store.join(&name);
    let opening = |error| Fault::io("opening", &path, &error);
    let file = File::open(&path).map_err(opening)?;
    let length = file.metadata().map_err(opening)?.len();
    let manifest = read_manifest_in((&file).take(length), &path)?;
    Ok(State { name, file, length, manifest })
}

/// Whether nothing that the store holds was written, removed or moved from a log to a table between two readings of MANIFEST.
fn same_content(before: &State, now: &State) -> bool {
    // What led to a new MANIFEST is not known.
    before.name == now.name
        && before.manifest.moves == now.manifest.moves
        && before.manifest.min_log_to_keep == now.manifest.min_log_to_keep
}

/// Whether the newest OPTIONS know all families. Without OPTIONS there is nothing to wait for.
fn knows_all(options: &[OptionsFile], manifest: &Manifest) -> bool {
    let Some(newest) = options.first() else { return true };
    manifest.families.values().all(|family| newest.family(&family.name).is_some())
}

fn new_file(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)
}

fn unheld(store: &Path, error: &io::Error) -> Fault {
    Fault::new(
        "STORE_MOVING",
        format!("the files of {} can't be held while its program changes them: {}", store.display(), kgdump_shared::fault::words(error)),
    )
    .at(store)
    .hint("raise the limit of open files (`ulimit -n`), or make the directory that the store lies in writable for hard links")
}

/// The error of a store that changes faster than it can be read.
pub fn moving(store: &Path) -> Fault {
    let problem = format!("the store at {} changed faster than its files could be held", store.display());
    Fault::new("STORE_MOVING", problem)
        .at(store)
        .hint("try again when its program writes less, or export a copy or a checkpoint of it")
}

#[cfg(test)]
mod tests;
