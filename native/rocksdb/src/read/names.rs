//! How files are called in what is said of them: by their names in the store, also when they are held somewhere else.

use std::path::Path;

use crate::error::{Fault, Outcome};

/// The directory that is opened, and that which people know.
#[derive(Debug, Clone, Default)]
pub struct Names(Option<(String, String)>);

impl Names {
    /// Names for what is opened in `files` and belongs to the store at `store`.
    pub fn new(files: &Path, store: &Path) -> Self {
        let text = |path: &Path| path.to_string_lossy().into_owned();
        Self((files != store).then(|| (text(files), text(store))))
    }

    /// A text with the names that people know.
    pub fn text(&self, text: String) -> String {
        match &self.0 {
            Some((files, store)) => text.replace(files.as_str(), store),
            None => text,
        }
    }

    /// A failure with the names that people know.
    pub fn fault(&self, fault: Fault) -> Fault {
        let known = |text: Option<String>| text.map(|text| self.text(text));
        let Fault { code, message, path, hint } = fault;
        Fault { code, message: self.text(message), path: known(path), hint: known(hint) }
    }

    /// The same for what may have failed.
    pub fn outcome<T>(&self, outcome: Outcome<T>) -> Outcome<T> {
        outcome.map_err(|fault| self.fault(fault))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_called_as_in_the_store() {
        let names = Names::new(Path::new("/data/.s.kgdump-pin-1"), Path::new("/data/s"));
        let fault = Fault::new("STORE_DAMAGED", "in /data/.s.kgdump-pin-1/000007.sst")
            .at(Path::new("/data/.s.kgdump-pin-1/000007.sst"))
            .hint("copy /data/.s.kgdump-pin-1");
        let fault = names.fault(fault);
        assert_eq!(fault.message, "in /data/s/000007.sst");
        assert_eq!((fault.path.as_deref(), fault.hint.as_deref()), (Some("/data/s/000007.sst"), Some("copy /data/s")));
        assert_eq!(Names::new(Path::new("/s"), Path::new("/s")).text("/s/1".to_owned()), "/s/1");
    }
}
