//! Judges a failure of a store by what lies in its directory, before anything is called damaged.
//!
//! RocksDB calls corrupt whatever it can't make sense of: what a newer version wrote, tables of another format, values
//! of another program. Who is told "damaged" replaces good data by old. So every failure of opening or reading passes
//! here, and the first rule that knows better gives it its words.
//!
//! Contract: only reads, a few bytes of some files, and only after a failure.

mod elsewhere;
pub mod leveldb;
mod scene;

use std::path::Path;

use scene::{Scene, MOST_TABLES};

use crate::error::Fault;
use crate::files::layout::{encrypted, fingerprint, options_are_encrypted, read_options};
use crate::files::listing::names;
use crate::files::manifest::read_manifest;
use crate::files::manifests::without_known_tables;
use crate::files::table_end::{table_format, TableFormat, NEWEST_FORMAT_VERSION};
use crate::read::judge::NO_TIMESTAMP;
use crate::version::library_version;

type Rule = fn(&Scene<'_>) -> Option<Fault>;

/// In the order in which they are asked: what is sure comes before what is likely.
const RULES: [Rule; 14] = [
    part_of_a_backup,
    no_known_tables,
    leveldb::basho,
    leveldb::wrong_sizes,
    leveldb::compression,
    write_policy,
    lacking_compression,
    titan,
    pebble,
    foreign_table,
    elsewhere::tables_elsewhere,
    newer_version,
    hidden_tables,
    encrypted_files,
];

/// The same failure in the words that lead to its cure; as it is when nothing better is known.
pub fn diagnose(store: &Path, fault: Fault) -> Fault {
    let known = ["STORE_DAMAGED", "STORE_LOG_DAMAGED", "STORE_FAILED", "STORE_UNSUPPORTED"].contains(&fault.code);
    // A value without a time is what it is, whoever wrote the store.
    if !known || fault.message.ends_with(NO_TIMESTAMP) {
        return fault;
    }
    let scene = Scene { store, fault: &fault, names: names(store).unwrap_or_default() };
    RULES.iter().find_map(|rule| rule(&scene)).unwrap_or(fault)
}

/// `private/N` of a backup looks like a store whose tables are missing: they are in `shared`.
fn part_of_a_backup(scene: &Scene<'_>) -> Option<Fault> {
    let private = scene.store.parent().filter(|parent| parent.ends_with("private"))?;
    let backup = private.parent().filter(|backup| scene.is_missing() && backup.join("meta").is_dir())?;
    Some(scene.unsupported(
        format!("{} is a part of the RocksDB backup {}, and no store", scene.store.display(), backup.display()),
        "restore the backup into a directory of its own (`ldb restore --backup_dir=BACKUP --db=NEW`, or the program's own restore), and export that",
    ))
}

/// A MANIFEST that knows no table although there are some explains logs that are missing: what a repair that failed leaves.
fn no_known_tables(scene: &Scene<'_>) -> Option<Fault> {
    if scene.fault.code != "STORE_LOG_DAMAGED" || !scene.fault.message.contains(" is missing") {
        return None;
    }
    let manifest = read_manifest(&scene.store.join(fingerprint(scene.store).ok()?.manifest)).ok()?;
    let knows = manifest.families.values().any(|family| !family.tables.is_empty()) || !manifest.gone.is_empty();
    let tables: Vec<String> = scene.tables().cloned().collect();
    (!knows && !tables.is_empty()).then(|| without_known_tables(scene.store, &tables))
}

fn write_policy(scene: &Scene<'_>) -> Option<Fault> {
    if !scene.says(&["txn tag", "WritePolicy"]) {
        return None;
    }
    Some(scene.unsupported(
        format!(
            "the logs of {} hold transactions of the write policy WRITE_PREPARED or WRITE_UNPREPARED, which only that policy can read",
            scene.store.display()
        ),
        "let the program that owns the store open it with that write policy, flush it and close it: its logs are empty then",
    ))
}

fn lacking_compression(scene: &Scene<'_>) -> Option<Fault> {
    let words = [
        "Compression type not supported",
        "is not linked with the binary",
        "Unsupported compression",
        "unknown compression method",
        "WAL compression type not supported",
    ];
    if !words.iter().any(|word| scene.says(&[word])) {
        return None;
    }
    Some(scene.unsupported(
        format!("{} is compressed by a method that this RocksDB library does not have: {}", scene.store.display(), scene.reason()),
        "kgdump reads none, snappy, zlib, bzip2, lz4 and zstd: let the program that owns the store compact it whole with one of these",
    ))
}

/// Titan puts blob indexes of its own where RocksDB expects its own, and its files into `titandb`.
fn titan(scene: &Scene<'_>) -> Option<Fault> {
    let directory = scene.store.join("titandb");
    let by_index = scene.says(&["blob index"]) && !scene.names.iter().any(|name| name.ends_with(".blob"));
    if !directory.is_dir() && !by_index {
        return None;
    }
    let where_they_are = if directory.is_dir() {
        format!("its values are in {}", directory.display())
    } else {
        "it should have a directory titandb with the values".to_owned()
    };
    Some(scene.unsupported(
        format!("{} is a store of Titan (TiKV's plug-in for large values), which RocksDB can't read: {where_they_are}", scene.store.display()),
        "let the program that owns it bring its values back into RocksDB (TiKV: blob-run-mode = \"fallback\", then compact the whole store), then export it",
    ))
}

fn pebble(scene: &Scene<'_>) -> Option<Fault> {
    let by_marker = scene.names.iter().any(|name| name.starts_with("marker.format-version."));
    if !by_marker {
        return None;
    }
    Some(scene.unsupported(
        format!("{} is a store of Pebble, in a format that RocksDB can't read", scene.store.display()),
        "kgdump reads RocksDB and sled: let a program with Pebble write the entries into a RocksDB store",
    ))
}

/// Tables of a format that block-based readers can't read: OPTIONS may not tell, the magic number does.
fn foreign_table(scene: &Scene<'_>) -> Option<Fault> {
    if scene.is_missing() {
        return None;
    }
    let (name, format) = scene.tables().take(MOST_TABLES).find_map(|name| {
        let format = table_format(&scene.store.join(name))?.foreign_name()?;
        Some((name, format))
    })?;
    let path = scene.store.join(name);
    let hint = if format == "Pebble" {
        "kgdump reads RocksDB and sled: let a program with Pebble write the entries into a RocksDB store"
    } else {
        "let the program that owns the store write it with block-based tables (the default): compact it whole with that table factory, then export it"
    };
    Some(
        scene
            .unsupported(format!("the table {} has the format {format}, which kgdump can't read", path.display()), hint)
            .at(&path),
    )
}

/// A newer RocksDB may write what an older one takes for damage.
fn newer_version(scene: &Scene<'_>) -> Option<Fault> {
    if scene.is_missing() {
        return None;
    }
    let ours = library_version().ok()?;
    let options = read_options(scene.store).unwrap_or_default();
    let wrote = options.iter().map(|file| file.version.as_str()).max_by_key(|version| numbers(version));
    let format = scene.fault.path.as_deref().and_then(|path| table_format(Path::new(path)));
    let who = match (wrote, format) {
        (Some(version), _) if numbers(version) > numbers(&ours) => format!("RocksDB {version}"),
        (_, Some(TableFormat::Block(version))) if (NEWEST_FORMAT_VERSION + 1..64).contains(&version) => {
            format!("a newer RocksDB (its tables have the format version {version})")
        }
        _ => return None,
    };
    Some(scene.unsupported(
        format!(
            "{} was written by {who}, newer than the {ours} that reads it, which can't make sense of it: {}",
            scene.store.display(),
            scene.reason()
        ),
        "the store need not be damaged, so keep it: read it with a kgdump that has a newer RocksDB, or let its own program write it in an older form (format_version 6 or less, no new table options) and compact it whole",
    ))
}

/// All tables have magic numbers that no RocksDB writes.
fn hidden_tables(scene: &Scene<'_>) -> Option<Fault> {
    if scene.is_missing() {
        return None;
    }
    let formats: Vec<_> =
        scene.tables().take(MOST_TABLES).filter_map(|name| table_format(&scene.store.join(name))).collect();
    let magics: Vec<u64> = formats
        .iter()
        .filter_map(|format| if let TableFormat::Unknown(magic) = format { Some(*magic) } else { None })
        .collect();
    let first = *magics.first().filter(|_| magics.len() == formats.len() && magics.len() > 1)?;
    if first != 0 && magics.iter().all(|magic| *magic == first) {
        return Some(scene.unsupported(
            format!(
                "all tables of {} have a format that RocksDB does not know (magic number {first:#018x})",
                scene.store.display()
            ),
            "let the program that owns the store write it with block-based tables (the default), then export it",
        ));
    }
    let distinct = magics.iter().all(|magic| *magic != 0 && magics.iter().filter(|other| *other == magic).count() == 1);
    distinct.then(|| encrypted(scene.store))
}

fn encrypted_files(scene: &Scene<'_>) -> Option<Fault> {
    (!scene.is_missing() && !scene.has("titandb") && options_are_encrypted(scene.store)).then(|| encrypted(scene.store))
}

/// A version as numbers, to be compared.
fn numbers(version: &str) -> Vec<u32> {
    version.split('.').map_while(|part| part.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::temporary::Directory;

    #[test]
    fn only_what_may_have_another_cause_is_told_otherwise() {
        let directory = Directory::new("diagnose");
        let store = directory.0.join("private").join("1");
        std::fs::create_dir_all(&store).unwrap();
        std::fs::create_dir(directory.0.join("meta")).unwrap();
        let told = |code, message: &str| {
            let fault = Fault::new(code, message);
            let found = diagnose(&store, fault.clone());
            (found == fault, found.code)
        };
        assert_eq!(
            told("STORE_DAMAGED", "RocksDB: No such file or directory: 000007.sst"),
            (false, "STORE_UNSUPPORTED")
        );
        let by_itself = format!("RocksDB: No such file or directory: its value {NO_TIMESTAMP}");
        assert_eq!(told("STORE_DAMAGED", &by_itself), (true, "STORE_DAMAGED"));
        // Each rule looks at the words as well.
        for code in ["IO_FAILED", "PERMISSION_DENIED", "STORE_IN_USE"] {
            for message in
                ["RocksDB: No such file or directory: 000007.sst", "RocksDB: Compression type not supported: 4"]
            {
                assert_eq!(told(code, message), (true, code), "{message}");
            }
        }
        assert!(!told("STORE_FAILED", "RocksDB: Compression type not supported: 4").0);
    }

    #[test]
    fn versions_are_compared_by_their_numbers() {
        assert!(numbers("11.8.1") > numbers("10.10.1"));
        assert!(numbers("10.10.1") > numbers("10.9.9"));
        assert!(numbers("10.10.1") <= numbers("10.10.1"));
        assert!(numbers("") < numbers("10.10.1"));
    }
}
