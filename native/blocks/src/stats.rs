//! What is in a store or a dump, as JavaScript asks for it.
//!
//! Contract: blocks are only read, off the main thread, one after the other.

use std::sync::{Arc, Mutex, PoisonError};

use kgdump_looking::stats::{Builder, Filter, Reservoir, Separators, Settings, kind_of};
use napi::bindgen_prelude::{AsyncTask, Buffer};
use napi_derive::napi;

use crate::job::{Job, start};

/// What is asked for.
#[napi(object)]
pub struct StatsSettings {
    /// What parts of keys end with; found when there is none.
    pub separator: Option<Buffer>,
    /// Look at the fields of JSON values.
    pub schema: bool,
    /// Entries that are named as the largest of each keyspace.
    pub largest: u32,
    /// Entries that are chosen by chance.
    pub sample: u32,
    pub seed: f64,
    /// Only entries in which this regular expression is found.
    pub grep: Option<String>,
    /// Where it is looked for.
    pub grep_keys: bool,
    pub grep_values: bool,
}

/// The kind of a value, as the counts of kinds name it.
#[napi]
pub fn value_kind(value: Buffer) -> String {
    kind_of(&value).to_owned()
}

/// Counts what is in the blocks of keyspaces, which come one after the other.
#[napi]
pub struct StatsBuilder {
    builder: Arc<Mutex<Builder>>,
}

#[napi]
impl StatsBuilder {
    /// Throws USAGE for a regular expression that is none.
    #[napi(constructor)]
    pub fn new(settings: StatsSettings) -> napi::Result<Self> {
        let StatsSettings { separator, schema, largest, sample, seed, grep, grep_keys, grep_values } = settings;
        let separators = separator
            .filter(|given| !given.is_empty())
            .map_or(Separators::Usual, |given| Separators::Given(given.to_vec()));
        let filter = grep.map(|expression| Filter::new(&expression, grep_keys, grep_values)).transpose()?;
        let builder = Builder::new(
            Settings { separators, schema, largest: largest as usize, filter },
            Reservoir::new(sample as usize, seed as u64),
        );
        Ok(Self { builder: Arc::new(Mutex::new(builder)) })
    }

    /// Takes in a block; the next one must wait for it. `stored` are the bytes that it takes where it comes from.
    #[napi(ts_return_type = "Promise<void>")]
    pub fn add(&self, raw: Buffer, stored: f64) -> AsyncTask<Job<Buffer, ()>> {
        let builder = Arc::clone(&self.builder);
        start(raw, move |raw| builder.lock().unwrap_or_else(PoisonError::into_inner).add(raw, stored))
    }

    /// Ends a keyspace; resolves to what was counted of it, as JSON.
    #[napi(ts_return_type = "Promise<string>")]
    pub fn finish_keyspace(&self) -> AsyncTask<Job<(), String>> {
        let builder = Arc::clone(&self.builder);
        start((), move |()| Ok(builder.lock().unwrap_or_else(PoisonError::into_inner).finish_keyspace()))
    }

    /// The entries that were chosen by chance, as JSON.
    #[napi]
    pub fn samples(&self) -> String {
        self.builder.lock().unwrap_or_else(PoisonError::into_inner).samples()
    }
}
