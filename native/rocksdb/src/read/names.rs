//! How files are called in what is said of them: by their names in the store, also when they are held somewhere else.

use std::path::Path;

use crate::error::{Fault, Outcome};
use crate::files::wal::Log;

/// What is opened, and as what people know it: the first that fits counts.
#[derive(Debug, Clone, Default)]
pub struct Names(Vec<(String, String)>);

impl Names {
    /// Names for what is opened in `files` and belongs to the store at `store`. The logs are those of the directory `logs`.
    pub fn new(files: &Path, store: &Path, logs: Option<(&Path, &[Log])>) -> Self {
        let text = |path: &Path| path.to_string_lossy().into_owned();
        let mut names = Vec::new();
        for (directory, log) in logs.iter().flat_map(|(directory, logs)| logs.iter().map(move |log| (directory, log))) {
            let name = log.path.file_name().unwrap_or_default();
            names.push((text(&log.path), text(&directory.join(name))));
        }
        names.push((text(files), text(store)));
        Self(names)
    }

    /// A text with the names that people know.
    pub fn text(&self, text: String) -> String {
        self.0.iter().fold(text, |text, (opened, known)| text.replace(opened.as_str(), known))
    }

    /// A failure with the names that people know.
    pub fn fault(&self, fault: Fault) -> Fault {
        let known = |text: Option<String>| text.map(|text| self.text(text));
        let Fault { message, path, hint, .. } = fault;
        Fault { message: self.text(message), path: known(path), hint: known(hint), ..fault }
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
        let pin = Path::new("/data/.s.kgdump-pin-1");
        let logs = [Log { number: 8, path: pin.join("000008.log"), size: 1 }];
        let names = Names::new(pin, Path::new("/data/s"), Some((Path::new("/logs"), &logs)));
        let fault = Fault::new("STORE_DAMAGED", "in /data/.s.kgdump-pin-1/000007.sst")
            .at(&pin.join("000007.sst"))
            .hint("copy /data/.s.kgdump-pin-1");
        let fault = names.fault(fault);
        assert_eq!(fault.message, "in /data/s/000007.sst");
        assert_eq!((fault.path.as_deref(), fault.hint.as_deref()), (Some("/data/s/000007.sst"), Some("copy /data/s")));
        assert_eq!(names.text("/data/.s.kgdump-pin-1/000008.log".to_owned()), "/logs/000008.log");
        assert_eq!(Names::default().text("/s/1".to_owned()), "/s/1");
    }
}
