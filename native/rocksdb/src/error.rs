//! The one error of this crate, and how RocksDB's messages become kgdump's codes.

use std::any::Any;
use std::ffi::{c_char, CStr};
use std::io;
use std::path::Path;

pub use kgdump_shared::fault::{Fault, Outcome};

use crate::ffi;

/// What to do when the system opens no more files. Tables of the levels from the first on are opened one by one, those of level 0 all at once.
const MORE_DESCRIPTORS: &str = "raise the limit of open files (`ulimit -n`) above the number of tables that were never compacted, or let the store's program compact it";

/// What to do where nothing can be written.
const ONLY_READ: &str =
    "let the file system be mounted for writing, or use what only reads a store: export, verify, inspect, stats, recover";

/// The system's words in RocksDB's messages that tell what to do next.
const SYSTEM_WORDS: [(&str, i32); 6] = [
    ("Too many open files in system", libc::ENFILE),
    ("Too many open files", libc::EMFILE),
    ("File too large", libc::EFBIG),
    ("File name too long", libc::ENAMETOOLONG),
    ("Too many levels of symbolic links", libc::ELOOP),
    ("Cannot allocate memory", libc::ENOMEM),
];

/// How the faults of this addon are made.
pub trait Reason {
    /// An error of a system call while doing `what` with `path`.
    fn io(what: &str, path: &Path, error: &io::Error) -> Fault;

    /// What a caught panic said. It never gets past the addon as a panic.
    fn panic(payload: &(dyn Any + Send)) -> Fault;

    /// A message of RocksDB's about the store at `store`.
    fn rocksdb(message: &str, store: &Path) -> Fault;
}

impl Reason for Fault {
    fn io(what: &str, path: &Path, error: &io::Error) -> Self {
        let fault = Self::system(&format!("{what} {}", path.display()), error).at(path);
        match error.raw_os_error() {
            Some(libc::EMFILE | libc::ENFILE) => fault.hint(MORE_DESCRIPTORS),
            Some(libc::EROFS) => fault.hint(ONLY_READ),
            _ => fault,
        }
    }

    fn panic(payload: &(dyn Any + Send)) -> Self {
        let said = payload
            .downcast_ref::<&str>()
            .map(|text| (*text).to_owned())
            .or_else(|| payload.downcast_ref::<String>().cloned())
            .unwrap_or_else(|| "no message".to_owned());
        Self::new("INTERNAL", format!("the RocksDB addon failed: {said}"))
    }

    fn rocksdb(message: &str, store: &Path) -> Self {
        // RocksDB blames MANIFEST for every file that it can't open; MANIFEST itself was checked before.
        let message = match (message.find("  The file "), message.ends_with("may be corrupted.")) {
            (Some(end), true) => message[..end].trim_end(),
            _ => message,
        };
        let code = code_of(message);
        let mut fault = Self::new(code, format!("RocksDB: {message}"));
        fault.system = SYSTEM_WORDS.iter().find(|(words, _)| message.contains(words)).map(|&(_, number)| number);
        fault.path = file_in(message).or_else(|| Some(store.to_string_lossy().into_owned()));
        match code {
            "STORE_IN_USE" => fault.hint("another program has this store open; stop it first"),
            "STORE_DAMAGED" => fault
                .hint("copy the store again from its origin or a backup, or save what is sound with `kgdump recover`"),
            "IO_FAILED" if fault.system == Some(libc::EMFILE) => fault.hint(MORE_DESCRIPTORS),
            _ => fault,
        }
    }
}

/// Takes the error that a C call left in `slot`, and frees it.
///
/// # Safety
/// `slot` is null or a 0-terminated string allocated by the library, used by nobody else.
pub unsafe fn take_message(slot: *mut c_char) -> Option<String> {
    if slot.is_null() {
        return None;
    }
    // SAFETY: not null, 0-terminated and ours, as the caller promises.
    let message = unsafe { CStr::from_ptr(slot) }.to_string_lossy().into_owned();
    // SAFETY: allocated by the library, not used afterwards.
    unsafe { ffi::rocksdb_free(slot.cast()) };
    Some(message)
}

fn code_of(message: &str) -> &'static str {
    let has = |part: &str| message.contains(part);
    if has("erge operator") || has("merge_operator") {
        "STORE_MERGE_OPERATOR"
    } else if has("No space left") || has("Disk quota exceeded") || has("File too large") {
        "NO_SPACE"
    } else if has("LOCK")
        && (has("lock hold by current process") || has("While lock file"))
        && !has("Permission denied")
    {
        "STORE_IN_USE"
    } else if has("Permission denied") || has("Read-only file system") {
        "PERMISSION_DENIED"
    } else if has("omparator") && (has("does not match") || has("mismatch")) {
        "STORE_COMPARATOR_UNSUPPORTED"
    } else if message.starts_with("Corruption") || has("No such file") {
        "STORE_DAMAGED"
    } else if message.starts_with("Not implemented") || message.starts_with("Invalid argument: Compression type") {
        "STORE_UNSUPPORTED"
    } else if message.starts_with("IO error") {
        "IO_FAILED"
    } else {
        "STORE_FAILED"
    }
}

/// The first word of a message that is the path of one of a store's files.
fn file_in(message: &str) -> Option<String> {
    let parts = message.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '\'' | '"' | '(' | ')'));
    for part in parts {
        let part = part.trim_end_matches([':', '.']);
        let name = part.rsplit('/').next().unwrap_or(part);
        if [".sst", ".ldb", ".log", ".blob"].iter().any(|end| name.ends_with(end)) || name.starts_with("MANIFEST-") {
            return Some(part.to_owned());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_get_codes_and_files() {
        let store = Path::new("/s");
        let fault = Fault::rocksdb(
            "Corruption: block checksum mismatch: stored = 1, computed = 2  in /s/000009.sst offset 0 size 9",
            store,
        );
        assert_eq!((fault.code, fault.path.as_deref()), ("STORE_DAMAGED", Some("/s/000009.sst")));
        let fault = Fault::rocksdb(
            "IO error: lock hold by current process, acquire time 1 acquiring thread 2: /s/LOCK: No locks available",
            store,
        );
        assert_eq!(fault.code, "STORE_IN_USE");
        let fault = Fault::rocksdb(
            "IO error: No space left on device: While appending to file: /s/000004.log: No space left",
            store,
        );
        assert_eq!((fault.code, fault.path.as_deref()), ("NO_SPACE", Some("/s/000004.log")));
        let message = "IO error: While open a file for random read: /s/000007.sst: Too many open files";
        let fault = Fault::rocksdb(message, store);
        assert_eq!((fault.code, fault.hint.as_deref()), ("IO_FAILED", Some(MORE_DESCRIPTORS)));
        let fault = Fault::io("opening", store, &io::Error::from_raw_os_error(libc::EROFS));
        assert_eq!((fault.code, fault.hint.as_deref()), ("PERMISSION_DENIED", Some(ONLY_READ)));
        let fault = Fault::io("opening", store, &io::Error::from_raw_os_error(libc::EMFILE));
        assert_eq!((fault.code, fault.hint.as_deref()), ("IO_FAILED", Some(MORE_DESCRIPTORS)));
    }
}
