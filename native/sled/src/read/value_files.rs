//! Whether the value files of a store are there and sound.

use std::fs;
use std::io;
use std::path::Path;

use crate::fault::{Code, Outcome, SledFault};
use crate::files::table::Table;
use crate::files::value_file;

/// Checks a value file's checksum; that it is missing may be right: the page may be written anew later.
///
/// # Errors
/// STORE_DAMAGED, IO_FAILED, PERMISSION_DENIED.
pub fn check(store: &Path, id: i64, code: u8) -> Outcome<()> {
    let path = value_file::path(store, id);
    let damaged = |what: &str| SledFault::new(Code::StoreDamaged, what).at(&path);
    match value_file::is_sound(&path, code) {
        Ok(true) => Ok(()),
        Ok(false) => Err(damaged("its checksum is wrong")),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => Err(damaged("it is cut short")),
        Err(e) => Err(SledFault::io(&e, "reading it").at(&path)),
    }
}

/// What is wrong with a value file that is needed; None when it is sound.
///
/// # Errors
/// IO_FAILED, PERMISSION_DENIED.
pub fn fault(store: &Path, id: i64, code: u8) -> Outcome<Option<String>> {
    let path = value_file::path(store, id);
    match fs::metadata(&path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Some("a value's file is missing".to_string())),
        Err(e) => return Err(SledFault::io(&e, "looking at it").at(&path)),
        Ok(_) => {}
    }
    match check(store, id, code) {
        Ok(()) => Ok(None),
        Err(fault) if fault.code == Code::StoreDamaged => Ok(Some(fault.message)),
        Err(fault) => Err(fault),
    }
}

/// Every value file that a page needs must be there.
///
/// # Errors
/// As `check`.
pub fn all_there(store: &Path, table: &Table) -> Outcome<()> {
    for (_, place) in table.value_files() {
        let path = value_file::path(store, place.at.cast_signed());
        if let Err(e) = fs::metadata(&path) {
            return Err(match e.kind() {
                io::ErrorKind::NotFound => SledFault::new(Code::StoreDamaged, "a value's file is missing").at(&path),
                _ => SledFault::io(&e, "looking at it").at(&path),
            });
        }
    }
    Ok(())
}
