//! Decides from MANIFEST and OPTIONS whether each family of a store can be read whole, and how.
//!
//! Contract: pure but for the existence and sizes of table files. What can't be read whole is refused by name, never half.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::Path;

use crate::error::{Fault, Outcome, Reason as _};
use crate::files::family::Family;
use crate::files::layout::{missing, table_path};
use crate::files::live_file::LiveFile;
use crate::files::manifest::Manifest;
use crate::files::options_file::{object_name, FamilyOptions, OptionsFile};
use crate::read::comparators::{alias_of, hint_for, Alias, BYTEWISE, REVERSE_BYTEWISE};

/// How the failure ends that is about a value without the time that it should end with.
pub const NO_TIMESTAMP: &str = "ends in no timestamp";

/// What to do with the four timestamp bytes that end each value of a TTL store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ttl {
    Strip,
    Keep,
}

/// Which families are to be read.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// Only these; all when `None`.
    pub only: Option<Vec<Vec<u8>>>,
    pub except: Vec<Vec<u8>>,
}

impl Selection {
    /// Whether the family of this name is to be read.
    pub fn takes(&self, name: &[u8]) -> bool {
        let is = |other: &Vec<u8>| other == name;
        self.only.as_ref().is_none_or(|only| only.iter().any(is)) && !self.except.iter().any(is)
    }
}

/// How a store is to be read.
#[derive(Debug, Clone, Default)]
pub struct Reading {
    pub ttl: Option<Ttl>,
    pub families: Selection,
}

/// How a family is to be read.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Its number in MANIFEST.
    pub id: u32,
    pub name: Vec<u8>,
    /// Whether it is read; all other facts are told of one that is not as far as they are known.
    pub selected: bool,
    /// Keys come in reverse byte order.
    pub reverse: bool,
    /// The name that the store's program gave to that order, when it is not RocksDB's.
    pub alias: Option<&'static Alias>,
    /// Each value ends with a timestamp that is left out.
    pub strip_timestamps: bool,
    /// Name of the merge operator that OPTIONS tells.
    pub merge_operator: Option<String>,
    /// What OPTIONS says of it, when it does.
    pub options: Option<FamilyOptions>,
    /// Its table files by number.
    pub tables: HashMap<u64, LiveFile>,
}

#[cfg(test)]
impl Plan {
    /// One of a family of which nothing else is known.
    pub fn of(id: u32, name: &[u8]) -> Self {
        Self {
            id,
            name: name.to_vec(),
            selected: true,
            reverse: false,
            alias: None,
            strip_timestamps: false,
            merge_operator: None,
            options: None,
            tables: HashMap::new(),
        }
    }
}

/// Plans the reading of the selected families; those that are not selected are not judged. `options` are all OPTIONS files, newest first.
/// The plans are those of all families, in the order of their ids.
///
/// Errors: STORE_COMPARATOR_UNSUPPORTED, STORE_TIMESTAMPS, STORE_TTL, STORE_UNSUPPORTED, STORE_DAMAGED, USAGE.
pub fn plan(
    store: &Path,
    manifest: &Manifest,
    options: &[OptionsFile],
    reading: &Reading,
    warnings: &mut Vec<String>,
) -> Outcome<Vec<Plan>> {
    let mut plans = Vec::new();
    let mut any_ttl = false;
    for (&id, family) in &manifest.families {
        let told = options.first().and_then(|file| file.family(&family.name)).cloned();
        let mut plan = Plan {
            id,
            name: family.name.clone(),
            selected: reading.families.takes(&family.name),
            reverse: false,
            alias: None,
            strip_timestamps: false,
            merge_operator: None,
            options: told,
            tables: family.tables.clone(),
        };
        if plan.selected {
            any_ttl |= judge(store, family, &mut plan, options, reading.ttl, warnings)?;
        } else {
            plan.alias = family
                .comparator
                .as_ref()
                .filter(|name| *name != BYTEWISE.as_bytes())
                .and_then(|name| Alias::stand_in(name));
        }
        plans.push(plan);
    }
    if reading.ttl == Some(Ttl::Strip) && !any_ttl {
        return Err(Fault::new(
            "USAGE",
            format!(
                "the OPTIONS file of {} mentions no time to live: stripping timestamps would damage its values",
                store.display()
            ),
        )
        .at(store)
        .hint("leave `--ttl` out"));
    }
    if manifest.is_leveldb(store, options) {
        warnings.push(
            "LevelDB wrote the store, and RocksDB's library reads it; a store that is restored from a dump of it is one of RocksDB, which LevelDB does not open"
                .to_owned(),
        );
    } else if options.is_empty() {
        warnings.push(
            "the store has no OPTIONS file that can be read: whether it has a time to live or a merge operator is unknown"
                .to_owned(),
        );
    }
    Ok(plans)
}

/// Decides how a family is read; whether it has a time to live.
fn judge(
    store: &Path,
    family: &Family,
    plan: &mut Plan,
    options: &[OptionsFile],
    ttl: Option<Ttl>,
    warnings: &mut Vec<String>,
) -> Outcome<bool> {
    let name = family_of(store, &family.name);
    let told = plan.options.as_ref();
    (plan.reverse, plan.alias) = order_of(store, family, told)?;
    warnings.extend(plan.alias.map(|alias| alias.warning(&name)));
    if let Some((format, _)) = told.and_then(|told| told.table.as_ref()) {
        if format != "BlockBasedTable" {
            let message = format!("{name} has tables of the format {format}, which kgdump can't read");
            return Err(Fault::new("STORE_UNSUPPORTED", message).at(store));
        }
    }
    let has_ttl = told.is_some_and(is_ttl);
    if has_ttl && ttl.is_none() {
        let message = format!("{name} has a time to live: four bytes of timestamp end each value");
        return Err(Fault::new("STORE_TTL", message)
            .at(store)
            .hint("say `--ttl strip` to leave the timestamps out, or `--ttl keep` to export the values as they are"));
    }
    let mut before = options.iter().skip(1).filter_map(|file| file.family(&family.name)).map(is_ttl);
    if told.is_some() && before.any(|then| then != has_ttl) {
        warnings.push(if has_ttl {
            format!("{name} had no time to live when it was opened before: older values have no timestamp, and their own last four bytes may be taken for one")
        } else {
            format!("{name} had a time to live when it was opened before: its older values may end in four bytes of timestamp")
        });
    }
    if told.is_none() && !options.is_empty() {
        warnings.push(format!("the OPTIONS file does not know {name}: default options are assumed"));
    }
    check_tables(store, family)?;
    plan.strip_timestamps = has_ttl && ttl == Some(Ttl::Strip);
    plan.merge_operator =
        told.and_then(|told| told.values.get("merge_operator")).and_then(|value| object_name(value)).map(str::to_owned);
    Ok(has_ttl)
}

fn family_of(store: &Path, name: &[u8]) -> String {
    format!("the family \"{}\" of {}", name.escape_ascii(), store.display())
}

/// Whether the family's keys are in reverse byte order, and under which name when it is not RocksDB's. MANIFEST is asked first:
/// RocksDB itself goes by it.
fn order_of(store: &Path, family: &Family, told: Option<&FamilyOptions>) -> Outcome<(bool, Option<&'static Alias>)> {
    let said = told.and_then(|told| told.values.get("comparator")).and_then(|value| object_name(value));
    let name = match &family.comparator {
        Some(name) => String::from_utf8_lossy(name).into_owned(),
        None => said.unwrap_or(BYTEWISE).to_owned(),
    };
    if name == BYTEWISE || name == REVERSE_BYTEWISE {
        return Ok((name == REVERSE_BYTEWISE, None));
    }
    if let Some(alias) = alias_of(&name) {
        return Ok((alias.reverse, Some(alias)));
    }
    let family = family_of(store, &family.name);
    Err(if name.ends_with(".u64ts") {
        Fault::new(
            "STORE_TIMESTAMPS",
            format!("{family} has user-defined timestamps (comparator {name}): a key may have several versions"),
        )
    } else {
        Fault::new(
            "STORE_COMPARATOR_UNSUPPORTED",
            format!("{family} is ordered by the comparator {name}, which kgdump does not know"),
        )
        .hint(hint_for(&name))
    }
    .at(store))
}

/// Whether a family was opened by RocksDB's DBWithTTL.
fn is_ttl(options: &FamilyOptions) -> bool {
    [
        ("compaction_filter_factory", "TtlCompactionFilterFactory"),
        ("compaction_filter", "TtlCompactionFilter"),
        ("merge_operator", "TtlMergeOperator"),
        ("merge_operator", "Merge By TTL"),
    ]
    .iter()
    .any(|(option, wanted)| {
        let value = options.values.get(*option);
        value
            .and_then(|value| object_name(value))
            .is_some_and(|name| name == *wanted || name.ends_with(&format!(".{wanted}")))
    })
}

/// Checks that all table files are there and have the size that MANIFEST tells.
fn check_tables(store: &Path, family: &Family) -> Outcome<()> {
    for (number, file) in &family.tables {
        // One of another directory (db_paths, cf_paths) may have been put, or linked, beside the others: RocksDB takes it so.
        let path = table_path(store, *number);
        let facts = fs::metadata(&path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => missing(&path),
            _ => Fault::io("looking at", &path, &error),
        })?;
        if facts.len() != file.size {
            return Err(Fault::new(
                "STORE_DAMAGED",
                format!("the file {} has {} bytes, but the store wrote {}", path.display(), facts.len(), file.size),
            )
            .at(&path)
            .hint("copy the store again from its origin or a backup, or save what is sound with `kgdump recover`"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn a_time_to_live_that_came_or_went_is_warned_of() {
        let file = |has_ttl: bool| {
            let factory = if has_ttl { "TtlCompactionFilterFactory" } else { "nullptr" };
            let values = [("compaction_filter_factory".to_owned(), factory.to_owned())];
            let family = FamilyOptions { name: b"default".to_vec(), values: Arc::new(values.into()), table: None };
            OptionsFile::of_families(vec![family])
        };
        // Whether each OPTIONS file has one, newest first, and what is said of that.
        for (files, said) in [
            (&[true][..], None),
            (&[true, true], None),
            (&[false, false], None),
            (&[true, false], Some("had no time to live")),
            (&[true, true, false], Some("had no time to live")),
            (&[false, true], Some("had a time to live")),
            (&[false, false, true], Some("had a time to live")),
        ] {
            let options: Vec<_> = files.iter().map(|&has_ttl| file(has_ttl)).collect();
            for ttl in if files[0] { &[Some(Ttl::Strip), Some(Ttl::Keep)][..] } else { &[None, Some(Ttl::Keep)] } {
                let mut warnings = Vec::new();
                let reading = Reading { ttl: *ttl, families: Selection::default() };
                plan(Path::new("store"), &Manifest::before_all_edits(), &options, &reading, &mut warnings).unwrap();
                let told: Vec<_> = warnings.iter().filter(|warning| warning.contains("time to live")).collect();
                assert_eq!(told.len(), usize::from(said.is_some()), "{files:?}, {ttl:?}: {warnings:?}");
                assert!(told.iter().all(|warning| warning.contains(said.unwrap())), "{files:?}, {ttl:?}: {told:?}");
            }
        }
    }
}
