//! Which files belong to a damaged store, and what its MANIFEST still tells of them.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use crate::error::{Fault, Outcome, Reason as _};
use crate::files::layout::read_options;
use crate::files::listing::names;
use crate::files::live_file::LiveFile;
use crate::files::manifest::{read_into, read_manifest, Manifest};
use crate::files::options_file::OptionsFile;
use crate::files::wal::{list_logs, Log};
use crate::files::whole::{read_whole, MOST_NAME};

/// Which files there are, and what they are said to be.
pub struct State {
    /// Where tables and blob files may lie: the store, and what OPTIONS name besides.
    pub directories: Vec<PathBuf>,
    /// What MANIFEST says; none when none can be read whole.
    pub manifest: Option<Manifest>,
    /// Families that are known by name all the same.
    pub names: BTreeMap<u32, Vec<u8>>,
    /// The tables to read, by number.
    pub tables: BTreeMap<u64, TableOf>,
    pub logs: Vec<Log>,
    pub options: Vec<OptionsFile>,
    /// Whether nobody can tell which tables counted, as no MANIFEST can be read or tables are read that it does not name: then an entry may be
    /// older than what the store held, or missing.
    pub unsure: bool,
    pub remarks: Vec<String>,
}

/// A table that is to be read.
pub struct TableOf {
    /// None when it is missing.
    pub path: Option<PathBuf>,
    /// The family and what MANIFEST says; none when MANIFEST does not name it.
    pub known: Option<(u32, LiveFile)>,
}

impl State {
    /// Looks at the store at `path`. `all_tables` takes those as well that MANIFEST does not name.
    ///
    /// Errors: STORE_NOT_FOUND, STORE_NOT_RECOGNIZED when nothing of a store is there, PERMISSION_DENIED, IO_FAILED.
    pub fn read(path: &Path, all_tables: bool) -> Outcome<Self> {
        match fs::metadata(path) {
            Ok(facts) if facts.is_dir() => {}
            Ok(_) => {
                return Err(
                    Fault::new("STORE_NOT_RECOGNIZED", format!("{} is not a directory", path.display())).at(path)
                )
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(Fault::new("STORE_NOT_FOUND", format!("there is no store at {}", path.display())).at(path));
            }
            Err(error) => return Err(Fault::io("looking at", path, &error)),
        }
        let options = read_options(path).unwrap_or_default();
        let directories = directories(path, &options);
        let mut remarks = Vec::new();
        if options.is_empty() {
            remarks
                .push("no OPTIONS file can be read: orders of keys are taken from MANIFEST and the tables".to_owned());
        }
        let (manifest, part) = pick_manifest(path, &mut remarks)?;
        let on_disk = tables_in(&directories)?;
        let mut tables: BTreeMap<u64, TableOf> = BTreeMap::new();
        for (&id, family) in manifest.iter().flat_map(|manifest| &manifest.families) {
            for (&number, live) in &family.tables {
                tables.insert(number, TableOf { path: on_disk.get(&number).cloned(), known: Some((id, live.clone())) });
            }
        }
        // A crash may leave tables that a compaction or a dropped family is done with.
        let is_gone = |number: &u64| manifest.as_ref().is_some_and(|manifest| manifest.gone.contains(number));
        let none_known = tables.is_empty() && !on_disk.keys().all(is_gone);
        let unknown = on_disk.iter().filter(|(number, _)| !tables.contains_key(number)).count();
        let unsure = manifest.is_none() || unknown > 0 && (none_known || all_tables);
        if manifest.is_some() && none_known {
            remarks.push(
                "MANIFEST names no table at all, as after a repair that failed: all tables that are there are read"
                    .to_owned(),
            );
        } else if unknown > 0 && !unsure {
            remarks.push(format!("{unknown} tables are not named by MANIFEST and are left out: with --include-unknown-tables they are read"));
        }
        if unsure {
            for (number, path) in on_disk.into_iter().filter(|(number, _)| all_tables || !is_gone(number)) {
                tables.entry(number).or_insert(TableOf { path: Some(path), known: None });
            }
        }
        let first = manifest.as_ref().map_or(0, |manifest| manifest.first_log(true));
        let logs = logs_of(path, &options, first)?;
        if tables.is_empty() && logs.is_empty() && manifest.is_none() {
            return Err(Fault::new(
                "STORE_NOT_RECOGNIZED",
                format!("{} holds no table, no log and no MANIFEST", path.display()),
            )
            .at(path)
            .hint("name the directory that holds the store's own files"));
        }
        let of =
            |manifest: &Manifest| manifest.families.iter().map(|(&id, family)| (id, family.name.clone())).collect();
        let names = manifest.as_ref().or(part.as_ref()).map(of).unwrap_or_default();
        Ok(Self { directories, manifest, names, tables, logs, options, unsure, remarks })
    }
}

/// The MANIFEST that counts, and else the part of one that can be read.
fn pick_manifest(path: &Path, remarks: &mut Vec<String>) -> Outcome<(Option<Manifest>, Option<Manifest>)> {
    let mut all: Vec<(u64, String)> = names(path)?
        .into_iter()
        .filter_map(|name| Some((name.strip_prefix("MANIFEST-")?.parse().ok()?, name)))
        .collect();
    all.sort();
    let current = read_whole(&path.join("CURRENT"), MOST_NAME).ok().and_then(|text| String::from_utf8(text).ok());
    let current = current.unwrap_or_default();
    let named = current.strip_suffix('\n').filter(|name| all.iter().any(|(_, other)| other == name));
    let mut order: Vec<String> = all.iter().rev().map(|(_, name)| name.clone()).collect();
    match named {
        Some(named) => order = vec![named.to_owned()],
        None if order.is_empty() => remarks.push("CURRENT and MANIFEST are missing".to_owned()),
        None => remarks.push(format!("CURRENT is missing or damaged: the newest MANIFEST, {}, is taken", order[0])),
    }
    let mut part = None;
    for name in order.iter().take(1) {
        match read_manifest(&path.join(name)) {
            Ok(manifest) => return Ok((Some(manifest), None)),
            Err(fault) if fault.code == "STORE_DAMAGED" => {
                remarks.push(fault.message);
                // An older state, good for names only.
                let mut sound = Manifest::before_all_edits();
                let _ = File::open(path.join(name)).map(|file| read_into(&mut sound, file, path));
                part = Some(sound);
            }
            Err(fault) => return Err(fault),
        }
    }
    remarks.push(
        "without MANIFEST it is unknown which tables count: all of them are read, and their sequence numbers decide"
            .to_owned(),
    );
    Ok((None, part))
}

fn tables_in(directories: &[PathBuf]) -> Outcome<BTreeMap<u64, PathBuf>> {
    let mut tables = BTreeMap::new();
    for directory in directories {
        for name in names(directory)? {
            let stem = name.strip_suffix(".sst").or_else(|| name.strip_suffix(".ldb"));
            if let Some(number) = stem.and_then(|stem| stem.parse().ok()) {
                tables.entry(number).or_insert_with(|| directory.join(&name));
            }
        }
    }
    Ok(tables)
}

/// The store's own directory and those that OPTIONS name in db_paths and cf_paths.
fn directories(path: &Path, options: &[OptionsFile]) -> Vec<PathBuf> {
    let mut all = vec![path.to_owned()];
    let newest = options.first();
    let values = newest.iter().flat_map(|file| {
        let own = file.database.get("db_paths");
        own.into_iter().chain(file.families.iter().filter_map(|family| family.values.get("cf_paths")))
    });
    for value in values {
        for part in value.split("path=").skip(1) {
            let end = part.find([';', '}']).unwrap_or(part.len());
            let directory = PathBuf::from(part[..end].trim());
            if directory.is_dir() && !all.contains(&directory) {
                all.push(directory);
            }
        }
    }
    all
}

/// The logs from number `first` on, wherever the store keeps them.
pub fn logs_of(path: &Path, options: &[OptionsFile], first: u64) -> Outcome<Vec<Log>> {
    let mut logs = list_logs(path, first)?;
    let elsewhere = options.first().and_then(|file| file.database.get("wal_dir")).map(PathBuf::from);
    if let Some(directory) = elsewhere.filter(|directory| directory.is_dir() && directory != path) {
        if logs.is_empty() && !directory.join("CURRENT").exists() {
            logs = list_logs(&directory, first)?;
        }
    }
    Ok(logs)
}
