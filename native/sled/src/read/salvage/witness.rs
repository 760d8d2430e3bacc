//! A second opinion on a store that nothing seems to be lost of: what those say who read it whole.

use std::path::Path;
use std::sync::Arc;

use crate::fault::{Code, Outcome, SledFault};
use crate::files::conf::Settings;
use crate::read::log::replay;
use crate::read::pages::{Files, PageReader};
use crate::read::pass::{KeyRange, Pass as _};
use crate::read::walk::FileWalk;

/// Why an export would refuse the store in `path`, of which the caller holds the lock; None when it would not. All entries are read.
///
/// # Errors
/// IO_FAILED, PERMISSION_DENIED; never damage.
pub fn refusal(path: &Path, settings: Settings) -> Outcome<Option<SledFault>> {
    match read(path, settings).map_err(|fault| fault.at(&path.join("db"))) {
        Ok(()) => Ok(None),
        Err(fault) if fault.code == Code::StoreDamaged => Ok(Some(fault)),
        Err(fault) => Err(fault),
    }
}

fn read(path: &Path, settings: Settings) -> Outcome<()> {
    let table = replay(path, settings)?.table;
    let files = Arc::new(Files { store: path.to_path_buf(), settings, table });
    let mut pages = PageReader::new(&files)?;
    pages.counter()?;
    let all = KeyRange::default();
    for (_, root) in pages.trees()? {
        let mut walk = FileWalk::begin(&files, root, &all)?;
        while walk.entry(&all)?.is_some() {
            walk.step(&all);
        }
    }
    Ok(())
}
