//! A temporary file that has no name any more as soon as it is open: whatever happens to the process, nothing of it stays behind.

use std::fs::{File, OpenOptions, remove_file};
use std::io::{self, Write as _};
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU64, Ordering};

use kgdump_looking::graph::{Space, Spill};
use kgdump_shared::fault::{Fault, Outcome};

/// A directory for such files.
pub struct Directory(pub PathBuf);

/// Bytes that are appended, and read again at any place.
struct Temporary {
    file: File,
    directory: PathBuf,
    length: u64,
}

static MADE: AtomicU64 = AtomicU64::new(0);

impl Space for Directory {
    fn open(&self) -> Outcome<Box<dyn Spill>> {
        let Self(directory) = self;
        let failed = |error: &io::Error| fault("making a file for the graph", error, directory);
        loop {
            let number = MADE.fetch_add(1, Ordering::Relaxed);
            let path = directory.join(format!("kgdump-graph-{}-{number}", process::id()));
            match OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(&path) {
                Ok(file) => {
                    remove_file(&path).map_err(|error| failed(&error))?;
                    return Ok(Box::new(Temporary { file, directory: directory.clone(), length: 0 }));
                }
                // Another process had this number, and was killed between the two calls.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(failed(&error)),
            }
        }
    }
}

impl Spill for Temporary {
    fn length(&self) -> u64 {
        self.length
    }

    fn append(&mut self, bytes: &[u8]) -> Outcome<()> {
        self.file
            .write_all(bytes)
            .map_err(|error| fault("writing the graph's temporary file", &error, &self.directory))?;
        self.length += bytes.len() as u64;
        Ok(())
    }

    fn read(&self, into: &mut [u8], offset: u64) -> Outcome<()> {
        let read = self.file.read_exact_at(into, offset);
        read.map_err(|error| fault("reading the graph's temporary file", &error, &self.directory))
    }
}

fn fault(what: &str, error: &io::Error, path: &Path) -> Fault {
    Fault::system(what, error).at(path).hint(
        "name another directory with the environment variable TMPDIR; it takes up to 150 bytes for each entry of the graph",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_appended_is_read_at_any_place() {
        let mut spill = Directory(std::env::temp_dir()).open().expect("it can be made");
        spill.append(b"abc").expect("it can be written");
        spill.append(b"de").expect("it can be written");
        let mut read = [0; 3];
        spill.read(&mut read, 2).expect("it can be read");
        assert_eq!((&read, spill.length()), (b"cde", 5));
        assert_eq!(spill.read(&mut read, 3).expect_err("it ends before that").code, "IO_FAILED");
    }

    #[test]
    fn what_has_the_name_already_is_left_alone() {
        let directory = std::env::temp_dir().join(format!("kgdump-spill-names-{}", process::id()));
        std::fs::create_dir(&directory).expect("it can be made");
        let precious = directory.join("precious");
        std::fs::write(&precious, b"all of it").expect("it can be written");
        // Other tests take numbers meanwhile.
        let next = MADE.load(Ordering::Relaxed);
        let taken = (next..next + 20).map(|number| directory.join(format!("kgdump-graph-{}-{number}", process::id())));
        let taken: Vec<PathBuf> = taken.collect();
        for path in &taken {
            std::os::unix::fs::symlink(&precious, path).expect("it can be made");
        }
        let mut spill = Directory(directory.clone()).open().expect("there is another name");
        spill.append(b"abc").expect("it can be written");
        assert_eq!(std::fs::read(&precious).expect("it can be read"), b"all of it");
        assert!(taken.iter().all(|path| path.is_symlink()));
        assert_eq!(std::fs::read_dir(&directory).expect("it can be read").count(), 21);
        std::fs::remove_dir_all(&directory).expect("it can be removed");
    }

    #[test]
    fn a_directory_that_is_not_there_is_told() {
        let fault = Directory("/nowhere/at/all".into()).open().err().expect("it can't be made");
        assert_eq!((fault.code, fault.path.as_deref()), ("NOT_FOUND", Some("/nowhere/at/all")));
    }
}
