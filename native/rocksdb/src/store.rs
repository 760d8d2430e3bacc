//! Opens a store for reading, so that what is then scanned is all there is at one point in time.
//!
//! Contract: nothing in the store's directory is written or locked. A live writer may work on meanwhile: the open is
//! repeated until CURRENT, MANIFEST and the finished logs stood still from before it until after it.

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::Arc;
use std::thread::sleep;
use std::time::Duration;

use crate::error::{Fault, Outcome};
use crate::ffi;
use crate::handle::{Database, Options};
use crate::judge::{plan, Plan, Ttl};
use crate::layout::{encrypted, fingerprint, names, newest_options, options_are_encrypted, read_options, Fingerprint};
use crate::lock_holder::{look_for_holder, Holder};
use crate::manifest::{read_manifest, Manifest};
use crate::mark::Mark;
use crate::options_file::OptionsFile;
use crate::tripwire::tripwire;
use crate::wal::{check_logs, list_logs, Log};

/// How often an open is repeated while a writer changes the store.
const TRIES: u32 = 200;
/// How often a failure is tried again although nothing seems to have changed.
const STABLE_TRIES: u32 = 3;
/// Tables that one thread opens, and the most threads that do so (RocksDB's own default).
const TABLES_FOR_A_THREAD: usize = 8;
const MOST_OPENING_THREADS: usize = 16;

/// A store that is open for reading.
pub struct Store {
    pub database: Database,
    pub plans: Vec<Plan>,
    /// Set when a merge operand was met.
    pub operand_met: Arc<AtomicBool>,
    pub warnings: Vec<String>,
    /// Sum of the bytes in the logs that were read.
    pub log_bytes: u64,
    /// The logs that were read.
    pub logs: Vec<Log>,
    /// All OPTIONS files that can be read, the newest first.
    pub options: Vec<OptionsFile>,
    /// What is read: the store as it was at this point.
    pub mark: Mark,
    opened: Fingerprint,
}

impl Store {
    /// Opens the store at `path`.
    ///
    /// Errors: all STORE_* codes but STORE_IN_USE, PERMISSION_DENIED, USAGE for a `ttl` that the store has not.
    pub fn open(path: &Path, ttl: Option<Ttl>) -> Outcome<Self> {
        let mut first_look = Some(look_for_holder(path));
        let mut stable_tries = 0;
        let mut patience = 1;
        for attempt in 0..TRIES {
            let before = fingerprint(path)?;
            let mut logs = None;
            let result = Self::try_open(path, ttl, &before, &mut logs);
            let after = fingerprint(path);
            let still = after.as_ref() == Ok(&before) && logs.as_ref().is_none_or(logs_stand_still);
            match result {
                Ok(store) if still => return Ok(store),
                Err(fault) if still => {
                    stable_tries += 1;
                    // Where the system does not list locks, a writer may be there unseen.
                    if first_look.take().is_some_and(|look| !cfg!(target_os = "linux") || look().is_some()) {
                        patience = STABLE_TRIES;
                    }
                    if !may_pass(&fault) || stable_tries >= patience {
                        return Err(as_damage(fault));
                    }
                }
                _ => {}
            }
            sleep(Duration::from_millis(u64::from(attempt.min(50))));
        }
        Err(Fault::new("STORE_MOVING", format!("the store at {} changed each time that it was opened", path.display()))
            .at(path)
            .hint("try again when its program writes less, or export a copy or a checkpoint of it"))
    }

    fn try_open(path: &Path, ttl: Option<Ttl>, at: &Fingerprint, logs: &mut Option<LogSet>) -> Outcome<Self> {
        let mut warnings = Vec::new();
        let holder = look_for_holder(path);
        refuse_old_blob_db(path)?;
        let manifest = read_manifest(&path.join(&at.manifest)).map_err(|fault| {
            if fault.code == "STORE_DAMAGED" && options_are_encrypted(path) {
                return encrypted(path);
            }
            fault
        })?;
        let options = read_options(path)?;
        let plans = plan(path, &manifest, &options, ttl, &mut warnings)?;
        let two_phase =
            options.first().and_then(|file| file.database.get("allow_2pc")).is_some_and(|value| value == "true");
        let first_log = manifest.first_log(two_phase);
        let wal_directory = wal_directory(path, first_log, options.first())?;
        let directory = wal_directory.clone().unwrap_or_else(|| path.to_owned());
        let list = list_logs(&directory, first_log)?;
        let set = logs.insert(LogSet { directory, first: first_log, list });
        let report = check_logs(&set.list, manifest.last_sequence)?;
        warnings.extend(report.warnings);

        let operand_met = Arc::new(AtomicBool::new(false));
        let database_options = Options::from_text(if two_phase { "allow_2pc=true" } else { "" })?;
        set_database_options(&database_options, wal_directory.as_deref(), opening_threads(&manifest))?;
        let families = plans.iter().map(|plan| (plan.name.clone(), family_options(plan, &operand_met))).collect();
        let database = Database::open(path, database_options, families, false)?;
        match holder() {
            Some(holder) => warnings.insert(0, in_use(&holder)),
            None => warn_of_unknown_tables(path, &manifest, &mut warnings)?,
        }
        let newest = newest_options(path)?;
        // RocksDB makes up an id, another one each time, for a store that has none.
        let has_id = manifest.has_id || path.join("IDENTITY").is_file();
        let identity = has_id.then(|| database.identity()).flatten();
        let mark = Mark::new(identity, &manifest, &set.list, newest, report.last_sequence)?;
        let logs = set.list.clone();
        Ok(Self {
            database,
            plans,
            operand_met,
            warnings,
            log_bytes: report.bytes,
            logs,
            options,
            mark,
            opened: at.clone(),
        })
    }

    /// Whether the store changed since it was opened.
    pub fn has_changed(&self) -> bool {
        fingerprint(self.database.path()).as_ref() != Ok(&self.opened)
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
                self.database.path().display()
            ),
        )
        .at(self.database.path())
        .hint("let the program that owns the store compact it whole (CompactRange with BottommostLevelCompaction::kForce), then export it again")
    }
}

/// What is told of a store that a process has open.
fn in_use(holder: &Holder) -> String {
    let name = holder.name.as_ref().map(|name| format!(" ({name})")).unwrap_or_default();
    format!(
        "the store is in use by process {}{name}: what is read is its state when it was opened, without what that program has not handed to the system yet",
        holder.pid
    )
}

/// The logs that counted when a store was opened.
struct LogSet {
    directory: PathBuf,
    first: u64,
    list: Vec<Log>,
}

/// Whether no log was finished or begun meanwhile. The last log may have grown: that is only a later point in time.
fn logs_stand_still(set: &LogSet) -> bool {
    let Ok(now) = list_logs(&set.directory, set.first) else { return false };
    let last = set.list.len().saturating_sub(1);
    now.len() == set.list.len()
        && now.iter().zip(&set.list).enumerate().all(|(index, (now, then))| {
            now.number == then.number && (now.size == then.size || (index == last && now.size > then.size))
        })
}

/// Whether a failure may go away by itself: a file that a writer has just removed, a log that is just being written.
fn may_pass(fault: &Fault) -> bool {
    matches!(fault.code, "NOT_FOUND" | "STORE_DAMAGED" | "STORE_LOG_DAMAGED")
}

/// A file of the store that is not there is damage of the store.
fn as_damage(fault: Fault) -> Fault {
    match fault.code {
        "NOT_FOUND" => Fault { code: "STORE_DAMAGED", ..fault },
        _ => fault,
    }
}

/// How many threads each family's tables are opened with. RocksDB starts 16 for every family however few tables it has,
/// which takes longer than opening those.
fn opening_threads(manifest: &Manifest) -> i32 {
    let most = manifest.families.values().map(|family| family.tables.len()).max().unwrap_or(0);
    (most / TABLES_FOR_A_THREAD).clamp(1, MOST_OPENING_THREADS) as i32
}

fn set_database_options(options: &Options, wal_directory: Option<&Path>, opening_threads: i32) -> Outcome<()> {
    let raw = options.as_ptr();
    options.silence();
    // SAFETY: the options are ours.
    unsafe {
        ffi::rocksdb_options_set_paranoid_checks(raw, 1);
        ffi::rocksdb_options_set_max_open_files(raw, -1);
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

/// Options for reading a family.
pub fn family_options(plan: &Plan, operand_met: &Arc<AtomicBool>) -> Options {
    let options = Options::new();
    // SAFETY: the options are ours and own the merge operator from now on; the comparator lives for ever.
    unsafe {
        ffi::rocksdb_options_set_merge_operator(options.as_ptr(), tripwire(operand_met));
        if let Some(alias) = plan.alias {
            ffi::rocksdb_options_set_comparator(options.as_ptr(), alias.comparator());
        } else if plan.reverse {
            ffi::rocksdb_options_set_comparator(options.as_ptr(), ffi::kgd_reverse_comparator());
        }
    }
    options
}

/// The directory of the logs when it is not the store's own.
///
/// A store whose program ran before RocksDB 7 or so tells its own path as `wal_dir`; when such a store was moved or
/// copied, that path is another store or nothing, and the logs lie in the store's directory.
fn wal_directory(store: &Path, first_log: u64, options: Option<&OptionsFile>) -> Outcome<Option<PathBuf>> {
    let told = options.and_then(|file| file.database.get("wal_dir")).map(PathBuf::from);
    let Some(told) = told.filter(|path| !path.as_os_str().is_empty()) else { return Ok(None) };
    let same = |a: &Path, b: &Path| matches!((a.canonicalize(), b.canonicalize()), (Ok(a), Ok(b)) if a == b);
    if same(&told, store) || !list_logs(store, first_log)?.is_empty() || told.join("CURRENT").exists() {
        return Ok(None);
    }
    if told.is_dir() {
        return Ok(Some(told));
    }
    Err(Fault::new(
        "STORE_UNSUPPORTED",
        format!("the logs of {} are in {}, which is not there", store.display(), told.display()),
    )
    .at(&told)
    .hint("make that directory available at that path, or let the store's program flush and close it without wal_dir"))
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

/// A table file newer than all that MANIFEST knows is the rest of a crash, or MANIFEST lost its end.
fn warn_of_unknown_tables(store: &Path, manifest: &Manifest, warnings: &mut Vec<String>) -> Outcome<()> {
    for name in names(store)? {
        let number = name.strip_suffix(".sst").and_then(|stem| stem.parse::<u64>().ok());
        if number.is_some_and(|number| number >= manifest.next_file) {
            warnings.push(format!(
                "the file {name} is newer than all that the store's MANIFEST knows; it is not part of the store"
            ));
        }
    }
    Ok(())
}
