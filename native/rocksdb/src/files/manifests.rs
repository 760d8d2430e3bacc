//! Which MANIFEST a store's CURRENT should name when CURRENT can't be used: words for whoever mends it.
//!
//! Contract: only reads. The MANIFEST with the highest number that is sound is the one: RocksDB makes a new one, lets
//! CURRENT name it, and only then removes the one before.

use std::path::Path;

use crate::error::Fault;
use crate::files::listing::names;
use crate::files::manifest::read_manifest;

/// How many MANIFESTs are read at most.
const MOST: usize = 8;

/// What to do about a CURRENT that is missing, or does not name a MANIFEST that is there.
pub fn mend_current(store: &Path) -> String {
    let mut found: Vec<(u64, String)> = names(store)
        .unwrap_or_default()
        .into_iter()
        .filter_map(|name| Some((name.strip_prefix("MANIFEST-")?.parse().ok()?, name)))
        .collect();
    found.sort_unstable_by(|a, b| b.cmp(a));
    let name = store.file_name().unwrap_or_default().to_string_lossy();
    if found.is_empty() && name.ends_with(".tmp") {
        return "it looks like a checkpoint that was not finished: make it again".to_owned();
    }
    let sound = found.iter().take(MOST).find(|(_, name)| read_manifest(&store.join(name)).is_ok());
    match (sound, found.first()) {
        (Some((_, sound)), Some((_, newest))) => {
            let checked = if sound == newest {
                String::new()
            } else {
                format!(" ({newest} is newer, but it can't be read whole)")
            };
            format!(
                "on a copy of the store, write the name of its MANIFEST into CURRENT: `echo {sound} > CURRENT` in its directory{checked}; then export the copy"
            )
        }
        (None, Some((_, newest))) => {
            format!("none of its MANIFEST files can be read whole (the newest is {newest}): copy the store again from its origin or a backup, or save what is sound with `kgdump recover`")
        }
        (_, None) => "its MANIFEST is missing too: copy the store again, with all its files".to_owned(),
    }
}

/// The error of a CURRENT that is not there, although other files of a store are.
pub fn without_current(store: &Path) -> Fault {
    let current = store.join("CURRENT");
    Fault::new(
        "STORE_DAMAGED",
        format!("the file {} is missing, while other files of a RocksDB store are there", current.display()),
    )
    .at(&current)
    .hint(mend_current(store))
}

/// The error of a store whose MANIFEST knows no table and whose logs are empty, although there are tables.
pub fn without_known_tables(store: &Path, unknown: &[String]) -> Fault {
    let which = match unknown {
        [one] => format!("the table {one} is"),
        [first, ..] => format!("{} tables ({first}, …) are", unknown.len()),
        [] => "tables are".to_owned(),
    };
    Fault::new(
        "STORE_DAMAGED",
        format!("{which} in {}, and its MANIFEST knows none: what is in them would be missing", store.display()),
    )
    .at(store)
    .hint("a repair that failed, or a MANIFEST of another time, leaves a store so: save what its tables hold with `kgdump recover`, or copy the store again from its origin or a backup")
}
