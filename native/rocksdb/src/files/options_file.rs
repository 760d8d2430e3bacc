//! Parser of RocksDB's OPTIONS files: what a store's program told RocksDB when it last opened the store.
//!
//! The format is RocksDB's own INI: sections `[Title "argument"]`, statements `name=value`, comments from an unescaped
//! `#`, and a backslash before `\`, `#`, `:`, and for CR and LF as `\r` and `\n`. Names of families are any bytes.
//!
//! Contract: pure, never fails on unknown names.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::iter;
use std::sync::Arc;

/// Options of one section, by name; the values are as they stand in the file.
pub type Values = BTreeMap<String, String>;

/// The options of one column family.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FamilyOptions {
    pub name: Vec<u8>,
    /// Shared by all families that have the same: most have.
    pub values: Arc<Values>,
    /// Name of the table format, such as `BlockBasedTable`, and its options.
    pub table: Option<(String, Arc<Values>)>,
}

/// A whole OPTIONS file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OptionsFile {
    /// The number in its name; 0 when that is not known.
    pub number: u64,
    /// Version of the RocksDB that wrote it, such as `8.10.0`.
    pub version: String,
    pub database: Values,
    pub families: Vec<FamilyOptions>,
    /// Where each family is, by its name.
    places: HashMap<Vec<u8>, usize>,
}

impl OptionsFile {
    /// A file that says this of families, and nothing else.
    #[cfg(test)]
    pub fn of_families(families: Vec<FamilyOptions>) -> OptionsFile {
        let places = families.iter().enumerate().map(|(at, family)| (family.name.clone(), at)).collect();
        OptionsFile { families, places, ..OptionsFile::default() }
    }

    /// The options of the family with this name.
    pub fn family(&self, name: &[u8]) -> Option<&FamilyOptions> {
        self.places.get(name).map(|&at| &self.families[at])
    }
}

enum Section {
    Version,
    Database,
    Family,
    Table,
    Other,
}

/// Parses the content of the file with this number. `None` when it is not a complete OPTIONS file.
pub fn parse_options(number: u64, content: &[u8]) -> Option<OptionsFile> {
    let mut file = OptionsFile { number, ..OptionsFile::default() };
    let mut section = Section::Other;
    let (mut has_database, mut has_default) = (false, false);
    let mut shared = HashSet::new();
    for line in content.split(|&byte| byte == b'\n') {
        let line = trim(without_comment(line));
        if line.is_empty() {
            continue;
        }
        if line.len() > 1 && line.starts_with(b"[") && line.ends_with(b"]") {
            share(&mut file, &mut shared);
            section = start_section(&mut file, line)?;
            has_database |= matches!(section, Section::Database);
            has_default |= matches!(section, Section::Family)
                && file.families.last().is_some_and(|family| family.name == b"default");
            continue;
        }
        let equals = line.iter().position(|&byte| byte == b'=')?;
        let name = text(trim(&line[..equals]));
        let value = text(trim(&line[equals + 1..]));
        match section {
            Section::Version if name == "rocksdb_version" => file.version = value,
            Section::Version | Section::Other => {}
            Section::Database => {
                file.database.insert(name, value);
            }
            Section::Family => {
                Arc::make_mut(&mut file.families.last_mut()?.values).insert(name, value);
            }
            Section::Table => {
                if let Some((_, values)) = &mut file.families.last_mut()?.table {
                    Arc::make_mut(values).insert(name, value);
                }
            }
        }
    }
    share(&mut file, &mut shared);
    // The tables of a family come last.
    let is_cut = file.families.iter().any(|family| family.table.is_some())
        && file.families.last().is_some_and(|family| family.table.is_none());
    (has_database && has_default && !file.version.is_empty() && !is_cut).then_some(file)
}

/// Has the last family share what another one has, too.
fn share(file: &mut OptionsFile, shared: &mut HashSet<Arc<Values>>) {
    let Some(family) = file.families.last_mut() else { return };
    for values in iter::once(&mut family.values).chain(family.table.iter_mut().map(|(_, values)| values)) {
        match shared.get(values) {
            Some(same) => *values = Arc::clone(same),
            None => drop(shared.insert(Arc::clone(values))),
        }
    }
}

fn start_section(file: &mut OptionsFile, line: &[u8]) -> Option<Section> {
    let first = line.iter().position(|&byte| byte == b'"');
    let last = line.iter().rposition(|&byte| byte == b'"');
    let (title, argument) = match (first, last) {
        (Some(first), Some(last)) if first < last => (&line[1..first], unescape(&line[first + 1..last])),
        _ => (&line[1..line.len() - 1], Vec::new()),
    };
    let title = text(trim(title));
    Some(match title.as_str() {
        "Version" => Section::Version,
        "DBOptions" => Section::Database,
        "CFOptions" => {
            if file.places.insert(argument.clone(), file.families.len()).is_some() {
                return None;
            }
            file.families.push(FamilyOptions { name: argument, ..FamilyOptions::default() });
            Section::Family
        }
        _ => match title.strip_prefix("TableOptions/") {
            Some(format) => {
                let family = file.families.last_mut().filter(|family| family.name == argument)?;
                family.table = Some((format.to_owned(), Arc::default()));
                Section::Table
            }
            None => Section::Other,
        },
    })
}

fn without_comment(line: &[u8]) -> &[u8] {
    let comment = (0..line.len()).find(|&at| line[at] == b'#' && (at == 0 || line[at - 1] != b'\\'));
    &line[..comment.unwrap_or(line.len())]
}

/// Trims what C's isspace() calls space.
fn trim(mut bytes: &[u8]) -> &[u8] {
    let space = |byte: &u8| matches!(byte, b' ' | 9..=13);
    while let Some((_, rest)) = bytes.split_first().filter(|(first, _)| space(first)) {
        bytes = rest;
    }
    while let Some((_, rest)) = bytes.split_last().filter(|(last, _)| space(last)) {
        bytes = rest;
    }
    bytes
}

fn unescape(escaped: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(escaped.len());
    let mut bytes = escaped.iter();
    while let Some(&byte) = bytes.next() {
        let byte = match byte {
            b'\\' => match bytes.next() {
                Some(b'n') => b'\n',
                Some(b'r') => b'\r',
                Some(&other) => other,
                None => byte,
            },
            _ => byte,
        };
        plain.push(byte);
    }
    plain
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The name of an object in an option's value: `x` of both `x` and `{id=x;…}`, none of `nullptr`.
pub fn object_name(value: &str) -> Option<&str> {
    let name = match value.strip_prefix('{') {
        Some(inside) => inside.split([';', '}']).find_map(|part| part.trim().strip_prefix("id="))?,
        None => value,
    };
    (!name.is_empty() && name != "nullptr").then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "# head\n[Version]\n  rocksdb_version=8.10.0\n  options_file_version=1.1\n\n[DBOptions]\n  wal_dir=/w\n  x={a=b;c=d}\n\n\
        [CFOptions \"default\"]\n  comparator=leveldb.BytewiseComparator\n  merge_operator=nullptr\n\
        [TableOptions/BlockBasedTable \"default\"]\n  block_size=16384 # note\n\
        [CFOptions \"a\\nb\\#c\\:\\\\d\"e\"]\n  merge_operator={id=maya.append;x=1}\n\
        [TableOptions/BlockBasedTable \"a\\nb\\#c\\:\\\\d\"e\"]\n  block_size=4096\n";

    #[test]
    fn sections_values_and_names_are_read() {
        let file = parse_options(7, FILE.as_bytes()).expect("a good file");
        assert_eq!(file.version, "8.10.0");
        assert_eq!(file.database["x"], "{a=b;c=d}");
        let default = file.family(b"default").expect("default");
        assert_eq!(
            default.table.as_ref().map(|(format, values)| (format.as_str(), values["block_size"].as_str())),
            Some(("BlockBasedTable", "16384"))
        );
        let odd = file.family(b"a\nb#c:\\d\"e").expect("the odd name");
        assert_eq!(object_name(&odd.values["merge_operator"]), Some("maya.append"));
        assert_eq!(object_name(&default.values["merge_operator"]), None);
    }

    #[test]
    fn half_a_file_is_none() {
        assert_eq!(parse_options(7, b""), None);
        assert_eq!(parse_options(7, b"[Version]\nrocksdb_version=8.1.1\n[DBOptions]\n"), None);
        assert_eq!(parse_options(7, &[0xd0; 4096]), None);
        assert_eq!(parse_options(7, FILE.replace("x={a=b;c=d}", "no statement").as_bytes()), None);
        // Cut between lines, a file is whole when the tables of its last family are there, as those of the others are.
        let (rest, mut last) = FILE.split_at(FILE.rfind("[CFOptions").unwrap());
        assert!(parse_options(7, rest.as_bytes()).is_some());
        last = last.trim_end();
        for (end, _) in last.match_indices('\n') {
            let is_whole = last[..end].contains("[TableOptions");
            assert_eq!(
                parse_options(7, [rest, &last[..end]].concat().as_bytes()).is_some(),
                is_whole,
                "{}",
                &last[..end]
            );
        }
    }
}
