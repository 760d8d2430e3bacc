//! What JavaScript sees of writing.

use std::path::PathBuf;

use kgdump_shared::slot::Slot;
use napi::bindgen_prelude::{AsyncTask, BigInt, Buffer};
use napi_derive::napi;

use crate::api::job::{start, start_in, start_in_with, Job};
use crate::error::{Fault, Outcome};
use crate::guard::{guarded, guarded_aside};
use crate::handle::Options;
use crate::version::library_version;
use crate::write::operations::{IfExists, Operation};
use crate::write::sink::Sink;

/// A family and its options as RocksDB's text, `name=value;name={…}`.
#[napi(object)]
pub struct FamilyToOpen {
    pub name: Buffer,
    pub options: String,
}

/// One operation on a family.
#[napi(object)]
pub struct OperationToDo {
    /// "put", "merge", "delete" or "deleteRange".
    pub kind: String,
    pub key: Buffer,
    /// Value, operand, or end key of the range (exclusive).
    pub value: Option<Buffer>,
}

/// What one `apply` did.
#[napi(object)]
pub struct AppliedCounts {
    pub written: f64,
    pub kept: f64,
}

/// What comparing a block with the store found.
#[napi(object)]
pub struct ComparisonCounts {
    pub missing: f64,
    pub changed: f64,
    /// First key that is missing or has another value.
    pub first_key: Option<Buffer>,
}

/// What is known of a store that is open for writing.
#[napi(object)]
pub struct SinkFacts {
    pub version: String,
    pub database_id: Option<String>,
    pub sequence_number: BigInt,
    pub families: Vec<Buffer>,
}

/// A store that is open for writing.
#[napi]
pub struct RocksSink {
    sink: Slot<Sink>,
}

/// Fails with RocksDB's reason when it does not take the options of a family.
#[napi]
pub fn check_options(options: String) -> napi::Result<()> {
    Ok(guarded_aside(|| Options::from_text(&options).map(drop))?)
}

/// Opens or makes the store at `path` for writing.
#[napi(ts_return_type = "Promise<RocksSink>")]
pub fn open_sink(
    path: String,
    database_options: String,
    default_options: String,
    families: Vec<FamilyToOpen>,
    disable_log: bool,
) -> AsyncTask<Job<RocksSink>> {
    let families: Vec<_> = families.into_iter().map(|family| (family.name.to_vec(), family.options)).collect();
    start(move || {
        library_version()?;
        let sink = Sink::open(&PathBuf::from(path), &database_options, &default_options, families, disable_log)?;
        Ok(RocksSink { sink: Slot::new(sink) })
    })
}

#[napi]
impl RocksSink {
    /// Facts about the store.
    #[napi(ts_return_type = "Promise<SinkFacts>")]
    pub fn facts(&self) -> AsyncTask<Job<SinkFacts>> {
        start_in(&self.sink, |sink| {
            Ok(SinkFacts {
                version: library_version()?,
                database_id: sink.identity(),
                sequence_number: BigInt::from(sink.latest_sequence_number()),
                families: sink.names().iter().map(|name| name.clone().into()).collect(),
            })
        })
    }

    /// Makes a family when it is not there.
    #[napi(ts_return_type = "Promise<void>")]
    pub fn create_family(&self, name: Buffer, options: String) -> AsyncTask<Job<()>> {
        let name = name.to_vec();
        start_in(&self.sink, move |sink| sink.create_family(&name, &options))
    }

    /// Writes the entries of an encoded block at once. `if_exists` is "fail", "keep" or "overwrite".
    #[napi(ts_return_type = "Promise<AppliedCounts>")]
    pub fn apply(&self, family: Buffer, block: Buffer, if_exists: String) -> AsyncTask<Job<AppliedCounts>> {
        let family = family.to_vec();
        start_in_with(&self.sink, block, move |sink, block| {
            let if_exists = match if_exists.as_str() {
                "fail" => IfExists::Fail,
                "keep" => IfExists::Keep,
                "overwrite" => IfExists::Overwrite,
                other => {
                    return Err(Fault::new("USAGE", format!("there is no way \"{other}\" to treat existing keys")))
                }
            };
            let (written, kept) = sink.apply(&family, block, if_exists)?;
            Ok(AppliedCounts { written: written as f64, kept: kept as f64 })
        })
    }

    /// Looks up every entry of an encoded block.
    #[napi(ts_return_type = "Promise<ComparisonCounts>")]
    pub fn compare(&self, family: Buffer, block: Buffer) -> AsyncTask<Job<ComparisonCounts>> {
        let family = family.to_vec();
        start_in_with(&self.sink, block, move |sink, block| {
            let (missing, changed, first) = sink.compare(&family, block)?;
            Ok(ComparisonCounts { missing: missing as f64, changed: changed as f64, first_key: first.map(Into::into) })
        })
    }

    /// Begins to load a family from entries in its order, or with `turn` in the reverse of it; its tables are written in `directory`.
    /// At once, as nothing is written: a promise for each of thousands of families would take longer than this.
    #[napi]
    pub fn begin_load(&self, family: Buffer, options: String, directory: String, turn: bool) -> napi::Result<()> {
        let family = family.to_vec();
        Ok(guarded_aside(|| {
            self.sink.with(|sink| sink.begin_load(&family, &options, &PathBuf::from(directory), turn))
        })?)
    }

    /// Notes how old the tables of a family are that is loaded, as a dump tells it; `fifo` for one of FIFO compaction. At once.
    #[napi]
    pub fn note_ages(&self, family: Buffer, ages: String, fifo: bool) -> napi::Result<()> {
        Ok(guarded(|| self.sink.with(|sink| sink.note_ages(&family, &ages, fifo)))?)
    }

    /// Begins to load a family whose tables go by their ages, which were noted; what waits for its age lies in `directory`.
    #[napi(ts_return_type = "Promise<void>")]
    pub fn begin_load_by_age(&self, family: Buffer, directory: String) -> AsyncTask<Job<()>> {
        let family = family.to_vec();
        start_in(&self.sink, move |sink| sink.begin_load_by_age(&family, &PathBuf::from(directory)))
    }

    /// Adds the entries of an encoded block to the family that was begun.
    #[napi(ts_return_type = "Promise<void>")]
    pub fn load(&self, block: Buffer) -> AsyncTask<Job<()>> {
        start_in_with(&self.sink, block, |sink, block| sink.load(block))
    }

    /// Gives the family all that was loaded; the number of its entries.
    #[napi(ts_return_type = "Promise<number>")]
    pub fn end_load(&self) -> AsyncTask<Job<f64>> {
        start_in(&self.sink, move |sink| Ok(sink.end_load()? as f64))
    }

    /// Does all operations at once.
    #[napi(ts_return_type = "Promise<void>")]
    pub fn operate(&self, family: Buffer, operations: Vec<OperationToDo>) -> napi::Result<AsyncTask<Job<()>>> {
        let family = family.to_vec();
        let operations = operations.into_iter().map(operation).collect::<Outcome<Vec<_>>>()?;
        Ok(start_in(&self.sink, move |sink| sink.operate(&family, &operations)))
    }

    /// Makes the log durable; with `tables`, all that is in memory is written to tables too.
    #[napi(ts_return_type = "Promise<void>")]
    pub fn flush(&self, tables: bool) -> AsyncTask<Job<()>> {
        start_in(&self.sink, move |sink| sink.flush(tables))
    }

    /// Ends the loading of families: the store is whole then, and above sequence number 0.
    #[napi(ts_return_type = "Promise<void>")]
    pub fn finish_loads(&self) -> AsyncTask<Job<()>> {
        start_in(&self.sink, move |sink| sink.finish_loads())
    }

    /// Drops a family with all that is in it.
    #[napi(ts_return_type = "Promise<void>")]
    pub fn drop_family(&self, family: Buffer) -> AsyncTask<Job<()>> {
        let family = family.to_vec();
        start_in(&self.sink, move |sink| sink.drop_family(&family))
    }

    /// Compacts a family whole.
    #[napi(ts_return_type = "Promise<void>")]
    pub fn compact(&self, family: Buffer) -> AsyncTask<Job<()>> {
        let family = family.to_vec();
        start_in(&self.sink, move |sink| sink.compact(&family))
    }

    /// Hands the log to the system and closes the store. A second call does nothing.
    #[napi(ts_return_type = "Promise<void>")]
    pub fn close(&self) -> AsyncTask<Job<()>> {
        let sink = self.sink.clone();
        start(move || sink.take().map_or(Ok(()), Sink::close_aged))
    }
}

fn operation(operation: OperationToDo) -> Outcome<Operation> {
    let (key, value) = (operation.key.to_vec(), operation.value.map(|value| value.to_vec()));
    let value = |what: &str| value.ok_or_else(|| Fault::new("USAGE", format!("the operation lacks its {what}")));
    Ok(match operation.kind.as_str() {
        "put" => Operation::Put(key, value("value")?),
        "merge" => Operation::Merge(key, value("operand")?),
        "delete" => Operation::Delete(key),
        "deleteRange" => Operation::DeleteRange(key, value("end")?),
        other => return Err(Fault::new("USAGE", format!("there is no operation \"{other}\""))),
    })
}
