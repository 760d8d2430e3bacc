//! Opening a file that was deleted since this process opened it, as a program does with a table that its compaction replaced.
//!
//! Contract: only reads.

use std::fs::{read_dir, read_link, File};
use std::io;
use std::path::{Path, PathBuf};

/// Opens the file at `path`; when it is not there any more and a descriptor of this process still has it, that file again. Elsewhere
/// than on Linux a file that is gone is gone.
///
/// Errors: those of `File::open`.
pub fn open_kept(path: &Path) -> io::Result<File> {
    match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => descriptor_of(path).map_or(Err(error), File::open),
        result => result,
    }
}

/// Path of a descriptor of the deleted file that was at `path`.
fn descriptor_of(path: &Path) -> Option<PathBuf> {
    let mut deleted = path.parent()?.canonicalize().ok()?.join(path.file_name()?).into_os_string();
    deleted.push(" (deleted)");
    let descriptors = read_dir("/proc/self/fd").ok()?;
    descriptors.flatten().map(|entry| entry.path()).find(|entry| read_link(entry).is_ok_and(|link| link == deleted))
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use crate::files::temporary::Directory;
    use std::io::Read;

    #[test]
    fn a_deleted_file_is_opened_as_long_as_it_is_held() {
        let directory = Directory::new("kept");
        let path = directory.0.join("1.sst");
        std::fs::write(&path, "all of it").unwrap();
        let held = File::open(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        let mut text = String::new();
        open_kept(&path).unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(text, "all of it");
        drop(held);
        assert_eq!(open_kept(&path).unwrap_err().kind(), io::ErrorKind::NotFound);
    }
}
