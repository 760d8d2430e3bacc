//! The one error of this crate: a stable code of kgdump's, a message for people, and the path it is about.
//!
//! It crosses into JavaScript as a `Fault`. Nothing here panics.

use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};

use kgdump_shared::fault::{Fault, words};

/// kgdump's error codes that this addon can report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    StoreFailed,
    StoreDamaged,
    StoreInUse,
    StoreNotFound,
    StoreNotRecognized,
    StoreSettingsMismatch,
    StoreUnsupported,
    TargetExists,
    KeyExists,
    DumpEntriesMalformed,
    DumpOrderBroken,
    KeyspaceUnknown,
    NoSpace,
    PermissionDenied,
    IoFailed,
}

impl Code {
    /// The code as JavaScript knows it.
    pub fn name(self) -> &'static str {
        match self {
            Code::StoreFailed => "STORE_FAILED",
            Code::StoreDamaged => "STORE_DAMAGED",
            Code::StoreInUse => "STORE_IN_USE",
            Code::StoreNotFound => "STORE_NOT_FOUND",
            Code::StoreNotRecognized => "STORE_NOT_RECOGNIZED",
            Code::StoreSettingsMismatch => "STORE_SETTINGS_MISMATCH",
            Code::StoreUnsupported => "STORE_UNSUPPORTED",
            Code::TargetExists => "TARGET_EXISTS",
            Code::KeyExists => "KEY_EXISTS",
            Code::DumpEntriesMalformed => "DUMP_ENTRIES_MALFORMED",
            Code::DumpOrderBroken => "DUMP_ORDER_BROKEN",
            Code::KeyspaceUnknown => "KEYSPACE_UNKNOWN",
            Code::NoSpace => "NO_SPACE",
            Code::PermissionDenied => "PERMISSION_DENIED",
            Code::IoFailed => "IO_FAILED",
        }
    }

    /// Whether a store that was being written to cannot be used any more after such a failure.
    pub fn ends_store(self) -> bool {
        matches!(self, Code::StoreFailed | Code::StoreDamaged | Code::NoSpace | Code::PermissionDenied | Code::IoFailed)
    }

    /// What the user can do next, where that does not depend on the case.
    fn hint(self) -> Option<&'static str> {
        match self {
            Code::StoreInUse => Some("close the program that has it open, then try again"),
            Code::StoreDamaged => Some(
                "save what is sound with `kgdump recover`, which only reads it; or restore the store from a backup",
            ),
            Code::PermissionDenied => {
                Some("run this as the user that owns the store; to read it, its files need not be writable")
            }
            Code::StoreSettingsMismatch => Some("leave the setting out: it is taken from the store"),
            Code::NoSpace => Some("free some space: sled takes two to three times the size of the data"),
            _ => None,
        }
    }
}

/// What went wrong, where.
#[derive(Clone, Debug)]
pub struct SledFault {
    pub code: Code,
    pub message: String,
    pub path: Option<PathBuf>,
    /// What the user can do next; default: what the code says.
    pub hint: Option<&'static str>,
    /// Number of the error (errno) of the system's call that failed.
    pub system: Option<i32>,
}

/// The result of everything that can fail here.
pub type Outcome<T> = Result<T, SledFault>;

/// What was being done when sled failed: unexpected behaviour means damage when reading what is on disk, a failure of the
/// store when writing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doing {
    Reading,
    Writing,
}

impl Doing {
    /// The code for behaviour of sled that only damage or a bug of its explains.
    pub fn unexpected(self) -> Code {
        match self {
            Doing::Reading => Code::StoreDamaged,
            Doing::Writing => Code::StoreFailed,
        }
    }
}

impl SledFault {
    pub fn new(code: Code, message: impl Into<String>) -> SledFault {
        SledFault { code, message: message.into(), path: None, hint: None, system: None }
    }

    /// The same failure, about `path` (unless it names a path already).
    pub fn at(mut self, path: &Path) -> SledFault {
        self.path.get_or_insert_with(|| path.to_path_buf());
        self
    }

    /// The same failure, with what the user can do next.
    pub fn hint(mut self, hint: &'static str) -> SledFault {
        self.hint = Some(hint);
        self
    }

    /// A failure to read what the store says is there: that it is not there is damage.
    pub fn reading(error: &io::Error, what: &str) -> SledFault {
        if is_cut_short(error) {
            return SledFault::new(Code::StoreDamaged, format!("{what}: {}", io_text(error)));
        }
        SledFault::io(error, what)
    }

    /// The failure of a call of the system that a text tells of, which holds an error printed with `Debug`; None when it holds none.
    pub fn of_system(text: &str) -> Option<SledFault> {
        let after = |name: &str| text.rsplit_once(name).map(|(_, rest)| rest);
        if let Some(number) = printed_number(text) {
            let error = io::Error::from_raw_os_error(number);
            return Some(SledFault { system: Some(number), ..SledFault::new(io_code(&error), io_text(&error)) });
        }
        let kind = after("kind: ")?.split(|c: char| !c.is_ascii_alphanumeric()).next()?;
        let kinds = [
            io::ErrorKind::StorageFull,
            io::ErrorKind::QuotaExceeded,
            io::ErrorKind::FileTooLarge,
            io::ErrorKind::PermissionDenied,
            io::ErrorKind::ReadOnlyFilesystem,
        ];
        let kind = kinds.into_iter().find(|known| format!("{known:?}") == kind)?;
        Some(SledFault::new(io_code(&io::Error::from(kind)), kind.to_string()))
    }

    /// A failed system call; `what` says what was being done, as in "opening /x/db".
    pub fn io(error: &io::Error, what: &str) -> SledFault {
        let told = SledFault::new(io_code(error), format!("{what}: {}", io_text(error)));
        SledFault { system: error.raw_os_error().or_else(|| printed_number(&error.to_string())), ..told }
    }

    /// An error that sled returned; `what` says what was being done.
    pub fn sled(error: &sled::Error, doing: Doing, what: &str) -> SledFault {
        match error {
            sled::Error::Io(e) if is_cut_short(e) && doing == Doing::Reading => SledFault::new(
                Code::StoreDamaged,
                format!("{what}: the store refers to data that is not there: {}", io_text(e)),
            ),
            sled::Error::Io(e) => SledFault::io(e, what),
            sled::Error::Corruption { at: Some(at), .. } => {
                SledFault::new(Code::StoreDamaged, format!("{what}: damaged data at {at:?}"))
            }
            sled::Error::Corruption { at: None, .. } => {
                SledFault::new(Code::StoreDamaged, format!("{what}: damaged data"))
            }
            sled::Error::Unsupported(why) => SledFault::new(Code::StoreSettingsMismatch, format!("{what}: {why}")),
            sled::Error::ReportableBug(why) => SledFault::new(doing.unexpected(), format!("{what}: {why}")),
            sled::Error::CollectionNotFound(_) => {
                SledFault::new(doing.unexpected(), format!("{what}: a tree that the store lists is not there"))
            }
        }
    }
}

impl From<SledFault> for Fault {
    fn from(fault: SledFault) -> Self {
        // More room does not help against a limit of a file's length.
        let advised = if fault.system == Some(libc::EFBIG) { None } else { fault.code.hint() };
        Fault {
            path: fault.path.map(|path| path.to_string_lossy().into_owned()),
            hint: fault.hint.or(advised).map(str::to_owned),
            system: fault.system,
            ..Fault::new(fault.code.name(), fault.message)
        }
    }
}

/// A key or name as text that is safe to print: printable ASCII as it is, every other byte as `\xNN`, cut at 64 bytes.
pub fn printable(bytes: &[u8]) -> String {
    const SHOWN: usize = 64;
    let mut out = String::with_capacity(SHOWN + 16);
    for &b in bytes.iter().take(SHOWN) {
        match b {
            b'\\' => out.push_str("\\\\"),
            0x20..=0x7e => out.push(char::from(b)),
            _ => {
                let _ = write!(out, "\\x{b:02x}");
            }
        }
    }
    if bytes.len() > SHOWN {
        let _ = write!(out, "... ({} bytes)", bytes.len());
    }
    out
}

fn io_code(error: &io::Error) -> Code {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => Code::NoSpace,
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => Code::PermissionDenied,
        _ => Code::IoFailed,
    }
}

fn is_cut_short(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::UnexpectedEof | io::ErrorKind::NotFound | io::ErrorKind::InvalidData)
}

/// The number in an error that was printed with `Debug`.
fn printed_number(text: &str) -> Option<i32> {
    text.rsplit_once("code: ")?.1.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

/// The system's words. Sled copies an error by printing it with `Debug`, and may do so several times over.
fn io_text(error: &io::Error) -> String {
    let text = words(error);
    let Some((_, quoted)) = text.rsplit_once("message: ") else { return text };
    let words = quoted.trim_start_matches(['"', '\\']);
    words.split(['"', '\\']).next().unwrap_or(words).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_its_code_advises_is_told_unless_it_has_a_hint() {
        let fault = SledFault::new(Code::NoSpace, "full").at(Path::new("/x"));
        let told = Fault::from(fault.clone());
        assert_eq!((told.code, told.message.as_str(), told.path.as_deref()), ("NO_SPACE", "full", Some("/x")));
        assert!(told.hint.is_some_and(|hint| hint.starts_with("free some space")));
        assert_eq!(Fault::from(fault.hint("wait")).hint.as_deref(), Some("wait"));
        assert_eq!(Fault::from(SledFault::new(Code::KeyExists, "")).hint, None);
    }

    #[test]
    fn keys_are_printed_safely() {
        assert_eq!(printable(b"node:\x1b[2J\\\xff"), "node:\\x1b[2J\\\\\\xff");
        assert!(printable(&[b'a'; 100]).ends_with("... (100 bytes)"));
    }

    #[test]
    fn errors_that_sled_copied_keep_code_and_words() {
        let original = io::Error::from_raw_os_error(28);
        let copied = sled::Error::Io(original).clone().clone();
        let fault = SledFault::sled(&copied, Doing::Writing, "writing");
        assert_eq!(fault.code, Code::NoSpace);
        assert_eq!(fault.message, "writing: No space left on device");
        assert_eq!(fault.system, Some(28));
        let long =
            SledFault::sled(&sled::Error::Io(io::Error::from_raw_os_error(27)).clone(), Doing::Writing, "writing");
        let told = Fault::from(long);
        assert_eq!((told.code, told.system, told.hint), ("NO_SPACE", Some(27), None));
    }
}
