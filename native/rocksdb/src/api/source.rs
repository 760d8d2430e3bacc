//! What JavaScript sees of reading: a store, its facts, its scans.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use kgdump_shared::fill::FillCounts;
use kgdump_shared::slot::Slot;
use napi::bindgen_prelude::{AsyncTask, BigInt, Buffer};
use napi_derive::napi;

use crate::api::job::{start, start_with, Job};
use crate::error::{Fault, Outcome};
use crate::files::options_file::{FamilyOptions, Values};
use crate::read::ages::family_ages;
use crate::read::block::Range;
use crate::read::diagnose::leveldb::refuse_compressed;
use crate::read::estimates::estimate_tables;
use crate::read::judge::{Reading, Selection, Ttl};
use crate::read::opening::open;
use crate::read::scan::Scan;
use crate::read::store::Store;
use crate::version::library_version;

/// What is known of one family.
#[napi(object)]
pub struct FamilyFacts {
    pub name: Buffer,
    /// Keys come in reverse byte order.
    pub reverse: bool,
    /// Entries, roughly.
    pub estimated_entries: f64,
    /// Bytes of keys and values, roughly.
    pub estimated_bytes: f64,
    /// Which of the store's sets of options it has; none when OPTIONS does not know it.
    pub option_set: Option<u32>,
    /// Each value of the store ends with a time, which was stripped: left out of what is read.
    pub times_stripped: bool,
    /// How old its tables are, as a dump carries it; "" when it is not known.
    pub ages: String,
}

/// Options that families have: most have the same.
#[napi(object)]
pub struct OptionSet {
    /// As OPTIONS has them, by name.
    pub options: HashMap<String, String>,
    /// Those of the table format.
    pub table_options: HashMap<String, String>,
}

/// What is known of an open store.
#[napi(object)]
pub struct StoreFacts {
    pub version: String,
    pub database_id: Option<String>,
    pub sequence_number: BigInt,
    /// Facts that a dump carries, by name: see the options of a source in format-spec/.
    pub options: HashMap<String, String>,
    /// Version of the RocksDB that wrote the OPTIONS file; "" when there is none.
    pub options_version: String,
    /// Options of the database as OPTIONS has them, by name.
    pub database_options: HashMap<String, String>,
    pub families: Vec<FamilyFacts>,
    pub option_sets: Vec<OptionSet>,
    pub warnings: Vec<String>,
    /// Transactions that are prepared and neither committed nor rolled back: no part of what is read.
    pub prepared_transactions: Vec<PreparedTransaction>,
}

/// A transaction that is prepared and neither committed nor rolled back.
#[napi(object)]
pub struct PreparedTransaction {
    pub name: Buffer,
    /// How many operations it has.
    pub operations: f64,
    /// Number of the log that it is in.
    pub log: f64,
}

/// A store that is open for reading.
#[napi]
pub struct RocksStore {
    store: Slot<Arc<Store>>,
}

/// How a store is to be read.
#[napi(object)]
#[derive(Default)]
pub struct ReadingOptions {
    /// "strip" or "keep".
    pub ttl: Option<String>,
    /// Names of the families to open; all when it is not given.
    pub only: Option<Vec<Buffer>>,
    /// Names of families not to open.
    pub except: Option<Vec<Buffer>>,
}

/// Opens the store at `path` for reading.
#[napi(ts_return_type = "Promise<RocksStore>")]
pub fn open_store(path: String, options: Option<ReadingOptions>) -> AsyncTask<Job<RocksStore>> {
    let options = options.unwrap_or_default();
    let owned = |names: Vec<Buffer>| names.iter().map(|name| name.to_vec()).collect();
    let families = Selection { only: options.only.map(owned), except: options.except.map(owned).unwrap_or_default() };
    start(move || {
        library_version()?;
        let ttl = match options.ttl.as_deref() {
            None => None,
            Some("strip") => Some(Ttl::Strip),
            Some("keep") => Some(Ttl::Keep),
            Some(other) => return Err(Fault::new("USAGE", format!("ttl is \"strip\" or \"keep\", not \"{other}\""))),
        };
        let store = open(&PathBuf::from(path), &Reading { ttl, families })?;
        Ok(RocksStore { store: Slot::new(Arc::new(store)) })
    })
}

#[napi]
impl RocksStore {
    /// The store, as long as it is open.
    pub(crate) fn get(&self) -> Outcome<Arc<Store>> {
        self.store.with(|store| Ok(Arc::clone(store)))
    }

    /// Facts about the store.
    #[napi(ts_return_type = "Promise<StoreFacts>")]
    pub fn facts(&self) -> napi::Result<AsyncTask<Job<StoreFacts>>> {
        let store = self.get()?;
        Ok(start(move || store.names.outcome(facts(&store))))
    }

    /// Begins a pass over the family with this number. Nothing is read before the first fill.
    #[napi]
    pub fn scan(
        &self,
        family: u32,
        from: Option<Buffer>,
        to: Option<Buffer>,
        prefix: Option<Buffer>,
    ) -> napi::Result<RocksScan> {
        let owned = |bytes: Option<Buffer>| bytes.map(|bytes| bytes.to_vec());
        let range = Range { from: owned(from), to: owned(to), prefix: owned(prefix) };
        Ok(RocksScan::new(Scan::new(self.get()?, family as usize, range)?))
    }

    /// A pass over the whole family with this number that was made in parts, which together showed `shown` entries: its account is left.
    #[napi]
    pub fn ended_scan(&self, family: u32, shown: f64) -> napi::Result<RocksScan> {
        Ok(RocksScan::new(Scan::ended(self.get()?, family as usize, shown as u64)?))
    }

    /// Closes the store once no scan uses it any more. A second call does nothing.
    #[napi(ts_return_type = "Promise<void>")]
    pub fn close(&self) -> AsyncTask<Job<()>> {
        let store = self.store.take();
        start(move || {
            drop(store);
            Ok(())
        })
    }
}

/// One pass over a family.
#[napi]
pub struct RocksScan {
    scan: Arc<Scan>,
}

impl RocksScan {
    /// A pass that has been prepared.
    pub(crate) fn new(scan: Scan) -> Self {
        Self { scan: Arc::new(scan) }
    }
}

#[napi]
impl RocksScan {
    /// Writes the next entries, at most `limit`, into `buffer`, which must not be touched until the promise is settled.
    #[napi(ts_return_type = "Promise<FillCounts>")]
    pub fn fill(&self, buffer: Buffer, limit: f64) -> AsyncTask<Job<FillCounts>> {
        let scan = Arc::clone(&self.scan);
        start_with(buffer, move |bytes| Ok(scan.fill(bytes, limit as usize)?.into()))
    }

    /// Does a step of the account of the pass, which must have ended by itself: whether all that the family holds was shown.
    /// With `paranoid`, each table is walked in any case. True when there are no more steps.
    #[napi(ts_return_type = "Promise<boolean>")]
    pub fn account(&self, paranoid: bool) -> AsyncTask<Job<bool>> {
        let scan = Arc::clone(&self.scan);
        start(move || scan.account(paranoid))
    }

    /// Ends the pass after the fill that may be running. A second call does nothing.
    #[napi(ts_return_type = "Promise<void>")]
    pub fn close(&self) -> AsyncTask<Job<()>> {
        let scan = Arc::clone(&self.scan);
        start(move || {
            scan.close();
            Ok(())
        })
    }
}

fn facts(store: &Arc<Store>) -> Outcome<StoreFacts> {
    refuse_compressed(store)?;
    let database = &store.database;
    let number = |family, property| database.number(family, property) as f64;
    let (mut families, mut sets) = (Vec::new(), OptionSets::default());
    for (family, plan) in store.plans.iter().enumerate() {
        let in_tables = estimate_tables(store, family);
        let in_logs = store.log_counts.get(&plan.id).cloned().unwrap_or_default();
        let in_blobs = number(family, c"rocksdb.live-blob-file-size");
        // Each deletion counts as an entry itself and is thought to hide one.
        let deletions = in_tables.deletions + in_logs.hiding() as f64;
        let entries = in_tables.entries + in_logs.entries() as f64 - 2.0 * deletions;
        families.push(FamilyFacts {
            name: plan.name.clone().into(),
            reverse: plan.reverse,
            estimated_entries: entries.max(0.0),
            estimated_bytes: (in_tables.bytes + in_logs.bytes as f64 + in_blobs).round(),
            option_set: plan.options.as_ref().map(|options| sets.number(options)),
            times_stripped: plan.strip_timestamps,
            ages: family_ages(store, plan),
        });
    }
    let mut facts = HashMap::new();
    if store.point.manifest.is_leveldb(&store.path, &store.point.options) {
        facts.insert("rocksdb.writtenBy".to_owned(), "leveldb".to_owned());
    }
    let told = store.point.options.first();
    if !store.prepared.is_empty() {
        facts.insert("rocksdb.prepared".to_owned(), store.prepared.len().to_string());
    }
    Ok(StoreFacts {
        version: library_version()?,
        database_id: store.mark.database_id.clone(),
        sequence_number: BigInt::from(database.latest_sequence_number()),
        options: facts,
        options_version: told.map(|file| file.version.clone()).unwrap_or_default(),
        database_options: told.map(|file| file.database.clone().into_iter().collect()).unwrap_or_default(),
        families,
        option_sets: sets.sets,
        warnings: store.warnings.clone(),
        prepared_transactions: store
            .prepared
            .iter()
            .map(|(name, prepared)| PreparedTransaction {
                name: name.clone().into(),
                operations: prepared.entries as f64,
                log: prepared.log as f64,
            })
            .collect(),
    })
}

/// The different sets of options among those of families.
#[derive(Default)]
struct OptionSets {
    sets: Vec<OptionSet>,
    /// By where they lie: those that are the same are shared.
    numbers: HashMap<(*const Values, Option<*const Values>), u32>,
}

impl OptionSets {
    /// The number of a family's set.
    fn number(&mut self, options: &FamilyOptions) -> u32 {
        let table = options.table.as_ref().map(|(_, table)| table);
        *self.numbers.entry((Arc::as_ptr(&options.values), table.map(Arc::as_ptr))).or_insert_with(|| {
            let owned = |values: &Values| values.clone().into_iter().collect();
            self.sets.push(OptionSet {
                options: owned(&options.values),
                table_options: table.map(|table| owned(table)).unwrap_or_default(),
            });
            (self.sets.len() - 1) as u32
        })
    }
}
