//! Tables that are missing because they lie in other directories.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::scene::Scene;
use crate::error::Fault;
use crate::files::layout::fingerprint;
use crate::files::manifest::read_manifest;

/// Bytes of LOG that are looked at: what is told at the opening of the store is at its beginning.
const MOST_LOG: u64 = 256 << 10;

/// Tables that MANIFEST names lie in another directory when the store has `db_paths` or `cf_paths`. OPTIONS don't tell these; LOG
/// does, and MANIFEST tells for each table whether it is in the first of them.
pub(super) fn tables_elsewhere(scene: &Scene<'_>) -> Option<Fault> {
    if !scene.is_missing() {
        return None;
    }
    let table = scene.fault.path.as_deref().filter(|path| path.ends_with(".sst") || path.ends_with(".ldb"))?;
    let name = Path::new(table).file_name().unwrap_or_default().to_string_lossy().into_owned();
    let told = told_directories(scene.store);
    let holding: Vec<&PathBuf> = told.iter().filter(|directory| directory.join(&name).is_file()).collect();
    if holding.is_empty() && scene.tables().next().is_some() && !is_in_another_path(scene.store, &name) {
        return None;
    }
    let listed = |directories: &[&PathBuf]| {
        directories.iter().map(|directory| directory.display().to_string()).collect::<Vec<_>>().join(", ")
    };
    let places = if !holding.is_empty() {
        format!("it is in {}, as the store's LOG says (db_paths or cf_paths)", listed(&holding))
    } else if told.is_empty() {
        "tables are in other directories (db_paths or cf_paths), or were not copied with it".to_owned()
    } else {
        let told: Vec<&PathBuf> = told.iter().collect();
        format!(
            "the store's LOG says that tables are in {} (db_paths or cf_paths), where this one is not",
            listed(&told)
        )
    };
    let others = if holding.is_empty() {
        "OTHER/*.sst".to_owned()
    } else {
        holding.iter().map(|directory| format!("{}/*.sst", directory.display())).collect::<Vec<_>>().join(" ")
    };
    let store = scene.store.display();
    Some(scene.unsupported(
        format!("the table {name}, which the MANIFEST of {store} names, is not in its directory: {places}"),
        &format!("stop its program, make a directory with links to all the files, and export that: `mkdir ALL && ln -s {store}/* {others} ALL && kgdump export ALL`"),
    ))
}

/// The other directories of tables that the newest LOG names: RocksDB lists them when it opens a store.
fn told_directories(store: &Path) -> Vec<PathBuf> {
    let mut start = Vec::new();
    let read = File::open(store.join("LOG")).and_then(|file| file.take(MOST_LOG).read_to_end(&mut start));
    if read.is_err() {
        return Vec::new();
    }
    let mut directories: Vec<PathBuf> = String::from_utf8_lossy(&start)
        .lines()
        .filter_map(|line| Some(line.split_once("SST files in ")?.1.split_once(" dir, Total Num:")?.0.into()))
        .filter(|directory: &PathBuf| directory != store)
        .collect();
    directories.dedup();
    directories
}

/// Whether MANIFEST says that a table is not in the first of the store's directories.
fn is_in_another_path(store: &Path, name: &str) -> bool {
    let number = name.split('.').next().and_then(|stem| stem.parse::<u64>().ok());
    let manifest = fingerprint(store).and_then(|at| read_manifest(&store.join(at.manifest)));
    let (Some(number), Ok(manifest)) = (number, manifest) else { return false };
    manifest.families.values().any(|family| family.tables.get(&number).is_some_and(|file| file.path_id != 0))
}
