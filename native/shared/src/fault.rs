//! An error as it crosses into JavaScript.
//!
//! Contract: there its message is a JSON object `{"code", "message", "path"?, "hint"?, "keyspace"?}`, the last one in hex; `src/addon.ts`
//! makes a KgdumpError of it.

use std::fmt::Write as _;
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
}

pub type Outcome<T> = Result<T, Fault>;

impl Fault {
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), path: None, hint: None, keyspace: None }
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
}
