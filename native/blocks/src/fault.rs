//! The one error of this crate.
//!
//! Contract: a `Fault` crosses into JavaScript as an error whose message is a JSON object `{"code", "message"}`;
//! `src/addon.ts` makes a KgdumpError of it.

use std::fmt::Write as _;

/// What went wrong, as kgdump's error model has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// One of the codes of src/errors.ts.
    pub code: &'static str,
    pub message: String,
}

pub type Outcome<T> = Result<T, Fault>;

impl Fault {
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    fn json(&self) -> String {
        let mut text = String::from("{\"code\":\"");
        text.push_str(self.code);
        text.push_str("\",\"message\":\"");
        for character in self.message.chars() {
            match character {
                '"' => text.push_str("\\\""),
                '\\' => text.push_str("\\\\"),
                control if control < ' ' => {
                    // Writing into a String can't fail.
                    let _ = write!(text, "\\u{:04x}", u32::from(control));
                }
                other => text.push(other),
            }
        }
        text.push_str("\"}");
        text
    }
}

impl From<Fault> for napi::Error {
    fn from(fault: Fault) -> Self {
        Self::from_reason(fault.json())
    }
}

#[cfg(test)]
mod tests {
    use super::Fault;

    #[test]
    fn messages_are_json() {
        assert_eq!(Fault::new("X", "a \"b\" \\ \n").json(), r#"{"code":"X","message":"a \"b\" \\ \u000a"}"#);
    }
}
