//! An error as it crosses into JavaScript.
//!
//! Contract: there its message is a JSON object `{"code", "message", "path"?, "hint"?, "keyspace"?, "system"?}`, the keyspace in hex;
//! `src/addon.ts` makes a KgdumpError of it.

use std::fmt::Write as _;
use std::io;
use std::path::Path;

/// What went wrong, as kgdump's error model has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// One of the codes of src/errors.ts.
    pub code: &'static str,
    pub message: String,
    /// The file or directory that it is about.
    pub path: Option<String>,
    /// What to do next.
    pub hint: Option<String>,
    /// Name of the keyspace that it is about.
    pub keyspace: Option<Vec<u8>>,
    /// Number of the error (errno) of the system's call that failed.
    pub system: Option<i32>,
}

pub type Outcome<T> = Result<T, Fault>;

impl Fault {
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), path: None, hint: None, keyspace: None, system: None }
    }

    /// A failed call of the system; `what` says what was being done, as in "opening /x/db".
    pub fn system(what: &str, error: &io::Error) -> Self {
        let code = match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => "NOT_FOUND",
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => "PERMISSION_DENIED",
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => "NO_SPACE",
            _ => "IO_FAILED",
        };
        Self { system: error.raw_os_error(), ..Self::new(code, format!("{what}: {}", words(error))) }
    }

    pub fn at(mut self, path: &Path) -> Self {
        self.path = Some(path.to_string_lossy().into_owned());
        self
    }

    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Names the family that it is about, unless it names one already.
    pub fn of_family(mut self, name: &[u8]) -> Self {
        self.keyspace.get_or_insert_with(|| name.to_vec());
        self
    }

    pub fn to_json(&self) -> String {
        let mut json = String::from("{\"code\":");
        push_text(&mut json, self.code);
        json.push_str(",\"message\":");
        push_text(&mut json, &self.message);
        for (name, text) in [(",\"path\":", &self.path), (",\"hint\":", &self.hint)] {
            if let Some(text) = text {
                json.push_str(name);
                push_text(&mut json, text);
            }
        }
        if let Some(name) = &self.keyspace {
            json.push_str(",\"keyspace\":\"");
            for byte in name {
                // Writing into a String can't fail.
                let _ = write!(json, "{byte:02x}");
            }
            json.push('"');
        }
        if let Some(number) = self.system {
            let _ = write!(json, ",\"system\":{number}");
        }
        json.push('}');
        json
    }
}

#[cfg(feature = "addon")]
impl From<Fault> for napi::Error {
    fn from(fault: Fault) -> Self {
        Self::from_reason(fault.to_json())
    }
}

/// What the system says of an error, without its number: JavaScript puts its name there.
pub fn words(error: &io::Error) -> String {
    let text = error.to_string();
    match (error.raw_os_error(), text.rfind(" (os error ")) {
        (Some(_), Some(end)) => text[..end].to_owned(),
        _ => text,
    }
}

/// Adds a text to JSON, in quotes and with escapes.
pub fn push_text(json: &mut String, text: &str) {
    json.push('"');
    for character in text.chars() {
        match character {
            '"' => json.push_str("\\\""),
            '\\' => json.push_str("\\\\"),
            control if control < ' ' => {
                let _ = write!(json, "\\u{:04x}", u32::from(control));
            }
            other => json.push(other),
        }
    }
    json.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_of_it_is_json() {
        let fault = Fault::new("X", "a \"b\"\n\u{1}\\ \u{7f}");
        assert_eq!(fault.to_json(), "{\"code\":\"X\",\"message\":\"a \\\"b\\\"\\u000a\\u0001\\\\ \u{7f}\"}");
        let placed = Fault::new("X", "").at(Path::new("/x\ty")).hint("do \"it\"");
        assert_eq!(
            placed.to_json(),
            "{\"code\":\"X\",\"message\":\"\",\"path\":\"/x\\u0009y\",\"hint\":\"do \\\"it\\\"\"}"
        );
        let named = Fault::new("NO_SPACE", "full").of_family(b"a\xff").of_family(b"b");
        assert_eq!(named.to_json(), "{\"code\":\"NO_SPACE\",\"message\":\"full\",\"keyspace\":\"61ff\"}");
    }

    #[test]
    fn a_failed_call_has_the_systems_words_and_number() {
        let told = |number| Fault::system("writing /x", &io::Error::from_raw_os_error(number)).to_json();
        assert_eq!(told(27), "{\"code\":\"NO_SPACE\",\"message\":\"writing /x: File too large\",\"system\":27}");
        let codes =
            [2, 20, 13, 30, 28, 122, 24].map(|number| Fault::system("", &io::Error::from_raw_os_error(number)).code);
        let [missing, denied, full] = ["NOT_FOUND", "PERMISSION_DENIED", "NO_SPACE"];
        assert_eq!(codes, [missing, missing, denied, denied, full, full, "IO_FAILED"]);
        let own = Fault::system("reading", &io::Error::new(io::ErrorKind::UnexpectedEof, "cut short"));
        assert_eq!((own.message.as_str(), own.system), ("reading: cut short", None));
    }
}
