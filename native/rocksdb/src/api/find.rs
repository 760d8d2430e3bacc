//! What JavaScript sees of looking for a key: every version of it, in every file.

use std::path::PathBuf;

use napi::bindgen_prelude::{AsyncTask, BigInt, Buffer};
use napi_derive::napi;

use crate::api::job::{start, Job};
use crate::files::table::kind;
use crate::read::salvage::find::{find_versions, Version};

/// One version of a key, or the removal of a range that it lies in.
#[napi(object)]
pub struct KeyVersion {
    pub family: Buffer,
    pub sequence: BigInt,
    pub kind: String,
    pub file: String,
    pub level: Option<u32>,
    pub offset: Option<f64>,
    pub value_bytes: f64,
    pub blob_file: Option<f64>,
    pub range_from: Option<Buffer>,
    pub range_to: Option<Buffer>,
    /// Whether its file is part of the store.
    pub live: bool,
    /// Whether it decides what the store shows.
    pub counts: bool,
}

/// What could not be looked into.
#[napi(object)]
pub struct FindProblem {
    pub file: String,
    pub reason: String,
}

/// What was found of a key.
#[napi(object)]
pub struct KeyVersions {
    pub versions: Vec<KeyVersion>,
    pub problems: Vec<FindProblem>,
    pub remarks: Vec<String>,
}

/// Looks for every version of `key` in the store at `path`; in one family or in all.
#[napi(ts_return_type = "Promise<KeyVersions>")]
pub fn find_key(path: String, key: Buffer, family: Option<Buffer>) -> AsyncTask<Job<KeyVersions>> {
    let (key, family) = (key.to_vec(), family.map(|family| family.to_vec()));
    start(move || {
        let found = find_versions(&PathBuf::from(path), &key, family.as_deref())?;
        Ok(KeyVersions {
            versions: found.versions.into_iter().map(shown).collect(),
            problems: found.problems.into_iter().map(|(file, reason)| FindProblem { file, reason }).collect(),
            remarks: found.remarks,
        })
    })
}

fn shown(version: Version) -> KeyVersion {
    let (from, to) = version.range.map_or((None, None), |(from, to)| (Some(from.into()), Some(to.into())));
    KeyVersion {
        family: version.family.into(),
        sequence: BigInt::from(version.sequence),
        kind: name_of(version.kind),
        file: version.file,
        level: version.level,
        offset: version.offset.map(|offset| offset as f64),
        value_bytes: version.value_bytes as f64,
        blob_file: version.blob_file.map(|number| number as f64),
        range_from: from,
        range_to: to,
        live: version.live,
        counts: version.counts,
    }
}

fn name_of(kind: u8) -> String {
    match kind {
        kind::VALUE => "value",
        kind::DELETION | kind::DELETION_WITH_TIMESTAMP => "deletion",
        kind::SINGLE_DELETION => "single deletion",
        kind::RANGE_DELETION => "range deletion",
        kind::MERGE => "merge operand",
        kind::BLOB_INDEX => "value in a blob file",
        kind::WIDE_COLUMNS => "wide columns",
        kind::VALUE_WITH_WRITE_TIME => "value with a write time",
        other => return format!("kind {other}"),
    }
    .to_owned()
}
