//! A store that is open for reading: what it was at one point in time.
//!
//! Contract: nothing in the store's directory is written or locked. A live writer may work on meanwhile (see opening.rs).

use std::collections::{BTreeMap, HashMap};
use std::ffi::c_int;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::Arc;

use crate::changes::mark::Mark;
use crate::error::{Fault, Outcome};
use crate::ffi;
use crate::files::layout::{fingerprint, Fingerprint};
use crate::files::listing::names;
use crate::files::log_counts::LogCounts;
use crate::files::log_replay::Prepared;
use crate::files::manifest::Manifest;
use crate::files::wal::Log;
use crate::handle::{Database, Options};
use crate::read::descriptors::max_open_files;
use crate::read::judge::{plan, Plan, Reading};
use crate::read::logs::read_logs;
use crate::read::merge_operators::known_operator;
use crate::read::names::Names;
use crate::read::pin::Pin;
use crate::read::point::Point;
use crate::read::taken::{check_memory, check_sequences};
use crate::read::tripwire::tripwire;

/// Tables that one thread opens, and the most threads that do so (RocksDB's own default).
const TABLES_FOR_A_THREAD: usize = 8;
const MOST_OPENING_THREADS: usize = 16;
/// Levels that RocksDB gives a family by itself, and the most that are taken: a MANIFEST may say anything.
const USUAL_LEVELS: u32 = 7;
const MOST_LEVELS: u32 = 64;

extern "C" {
    fn rocksdb_options_set_num_levels(options: *mut ffi::rocksdb_options_t, levels: c_int);
}

/// A store that is open for reading.
pub struct Store {
    pub database: Database,
    /// Where the store is. What was opened may be somewhere else: `point.files`.
    pub path: PathBuf,
    pub plans: Vec<Plan>,
    /// Set when a merge operand was met.
    pub operand_met: Arc<AtomicBool>,
    pub warnings: Vec<String>,
    /// The logs that were read.
    pub logs: Vec<Log>,
    /// By the family's id, what the logs put into its memtable, by their own records.
    pub log_counts: BTreeMap<u32, LogCounts>,
    /// Transactions that are prepared and neither committed nor rolled back, by name; they are not part of the store.
    pub prepared: BTreeMap<Vec<u8>, Prepared>,
    /// What was opened.
    pub point: Arc<Point>,
    /// What is read: the store as it was at this point.
    pub mark: Mark,
    /// How files are called in messages.
    pub names: Names,
    /// What CURRENT and MANIFEST were when the store was opened where it is.
    pub(crate) opened: Option<Fingerprint>,
    /// Holds the files of a store that somebody writes to. It goes after the database.
    pub(crate) _pin: Option<Pin>,
}

impl Store {
    /// Opens what the store at `path` was at a point.
    ///
    /// Errors: as `opening::open`, with the names that the files have at the point.
    pub(crate) fn at(path: &Path, point: &Arc<Point>, reading: &Reading) -> Outcome<Self> {
        let mut warnings = Vec::new();
        refuse_old_blob_db(path)?;
        let Point { files, manifest, options, wal_directory, .. } = &**point;
        let plans = plan(files, manifest, options, reading, &mut warnings)?;
        let (logs, report) = read_logs(path, point)?;
        if !point.growing {
            warnings.extend(report.torn.iter().cloned());
        }
        warnings.extend(report.warnings.iter().cloned());
        let operand_met = Arc::new(AtomicBool::new(false));
        let database_options = Options::from_text(if report.two_phase { "allow_2pc=true" } else { "" })?;
        let open_files = max_open_files(point.tables() + point.blobs());
        set_database_options(&database_options, wal_directory.as_deref(), opening_threads(manifest), open_files)?;
        let database = Database::open(files, database_options, families(&plans, &operand_met), false)?;
        check_sequences(files, &plans, database.latest_sequence_number())?;
        check_memory(path, &database, &plans, &report.families)?;
        // RocksDB makes up an id, another one each time, for a store that has none.
        let has_id = manifest.has_id || files.join("IDENTITY").is_file();
        let identity = has_id.then(|| database.identity()).flatten();
        let mark = Mark::new(identity, manifest, &logs, &report, point.newest_options)?;
        Ok(Self {
            database,
            path: path.to_owned(),
            plans,
            operand_met,
            warnings,
            logs,
            log_counts: report.families,
            prepared: report.prepared,
            point: Arc::clone(point),
            mark,
            names: Names::default(),
            opened: None,
            _pin: None,
        })
    }

    /// Whether the store may have changed where it was opened.
    pub fn has_changed(&self) -> bool {
        self.opened.as_ref().is_none_or(|opened| fingerprint(&self.path).as_ref() != Ok(opened))
    }

    /// The name by which a merge operator is reported.
    pub fn operand_fault(&self, family: usize) -> Fault {
        let plan = self.plans.get(family);
        let operator = plan.and_then(|plan| plan.merge_operator.as_deref()).unwrap_or("of unknown name");
        let name = plan.map(|plan| plan.name.escape_ascii().to_string()).unwrap_or_default();
        Fault::new(
            "STORE_MERGE_OPERATOR",
            format!(
                "the family \"{name}\" of {} holds merge operands that only its merge operator ({operator}) can turn into values",
                self.path.display()
            ),
        )
        .at(&self.path)
        .hint("let the program that owns the store, with its merge operator, read such keys and put their values back (get, then put: works in every language), or compact the store whole (CompactRange with BottommostLevelCompaction::kForce; with an operator written in Python that may hang); then export it again")
    }
}

/// How many threads each family's tables are opened with. RocksDB starts 16 for every family however few tables it has,
/// which takes longer than opening those.
fn opening_threads(manifest: &Manifest) -> i32 {
    let most = manifest.families.values().map(|family| family.tables.len()).max().unwrap_or(0);
    (most / TABLES_FOR_A_THREAD).clamp(1, MOST_OPENING_THREADS) as i32
}

fn set_database_options(
    options: &Options,
    wal_directory: Option<&Path>,
    opening_threads: i32,
    open_files: i32,
) -> Outcome<()> {
    let raw = options.as_ptr();
    options.silence();
    // SAFETY: the options are ours.
    unsafe {
        ffi::rocksdb_options_set_paranoid_checks(raw, 1);
        ffi::rocksdb_options_set_max_open_files(raw, open_files);
        ffi::rocksdb_options_set_max_file_opening_threads(raw, opening_threads);
        ffi::rocksdb_options_set_wal_recovery_mode(raw, ffi::TOLERATE_CORRUPTED_TAIL_RECORDS);
        ffi::rocksdb_options_set_track_and_verify_wals_in_manifest(raw, 1);
        ffi::rocksdb_options_set_skip_stats_update_on_db_open(raw, 1);
    }
    if let Some(directory) = wal_directory {
        use std::os::unix::ffi::OsStrExt;
        let c_path = crate::handle::c_string(directory.as_os_str().as_bytes(), "path")?;
        // SAFETY: the library copies the path.
        unsafe { ffi::rocksdb_options_set_wal_dir(raw, c_path.as_ptr()) };
    }
    Ok(())
}

/// What to open each family with: nothing for one that is not read. RocksDB can't leave out the first one, `default`.
fn families(plans: &[Plan], operand_met: &Arc<AtomicBool>) -> Vec<(Vec<u8>, Option<Arc<Options>>)> {
    let mut made: HashMap<_, Arc<Options>> = HashMap::new();
    let mut options = |plan: &Plan| {
        let order = (plan.alias.map(|alias| alias.comparator()), plan.reverse);
        let kind = (merge_operator(plan).cloned(), order, levels(plan));
        Arc::clone(made.entry(kind).or_insert_with(|| Arc::new(family_options(plan, operand_met))))
    };
    let needed = |plan: &Plan| plan.selected || plan.id == 0;
    plans.iter().map(|plan| (plan.name.clone(), needed(plan).then(|| options(plan)))).collect()
}

fn merge_operator(plan: &Plan) -> Option<&String> {
    plan.options.as_ref().and_then(|options| options.values.get("merge_operator"))
}

/// How many levels the family is opened with: at least so many as it has. RocksDB's own number is usual.
fn levels(plan: &Plan) -> i32 {
    let lowest = plan.tables.values().map(|table| table.level).max().unwrap_or(0);
    lowest.saturating_add(1).clamp(USUAL_LEVELS, MOST_LEVELS) as i32
}

/// Options for reading a family: the same for all that have the same merge operator, order and number of levels.
pub fn family_options(plan: &Plan, operand_met: &Arc<AtomicBool>) -> Options {
    let known = merge_operator(plan).and_then(|text| known_operator(text));
    let merging = known.and_then(|text| Options::from_text(&format!("merge_operator={text}")).ok());
    let tripwired = || {
        let options = Options::new();
        // SAFETY: the options are ours and own the merge operator from now on.
        unsafe { ffi::rocksdb_options_set_merge_operator(options.as_ptr(), tripwire(operand_met)) };
        options
    };
    let options = merging.unwrap_or_else(tripwired);
    // SAFETY: the options are ours; the comparators live for ever.
    unsafe {
        if let Some(alias) = plan.alias {
            ffi::rocksdb_options_set_comparator(options.as_ptr(), alias.comparator());
        } else if plan.reverse {
            ffi::rocksdb_options_set_comparator(options.as_ptr(), ffi::kgd_reverse_comparator());
        }
        rocksdb_options_set_num_levels(options.as_ptr(), levels(plan));
    }
    options
}

/// RocksDB's former stacked BlobDB kept values in `blob_dir`, in a format that RocksDB itself can't read any more.
fn refuse_old_blob_db(store: &Path) -> Outcome<()> {
    let directory = store.join("blob_dir");
    if directory.is_dir() && names(&directory)?.iter().any(|name| name.ends_with(".blob")) {
        return Err(Fault::new(
            "STORE_UNSUPPORTED",
            format!(
                "{} is a store of RocksDB's former stacked BlobDB, whose values kgdump can't read",
                store.display()
            ),
        )
        .at(&directory));
    }
    Ok(())
}
