//! A new store that is put together from tables: they are written one after the other, and a MANIFEST that tells of all of them ends it.
//!
//! RocksDB opens it then, and with it checks what MANIFEST says: sizes, ids, comparators, and that tables don't overlap.
//!
//! Contract: a family is begun, gets its entries in order, and is ended before the next one is begun. There is no store before `finish`.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::error::{Fault, Outcome, Reason as _};
use crate::ffi;
use crate::files::new_manifest::{new_manifest, unique_id, FamilyEntry, TableEntry};
use crate::files::table::parts::properties_block;
use crate::files::table::properties::Properties;
use crate::handle::{Options, OptionsByText};
use crate::write::crew::Crew;
use crate::write::loading::Loading;
use crate::write::tables::{MadeTable, Tables};

const MANIFEST: &str = "MANIFEST-000001";
const FORWARD: &[u8] = b"leveldb.BytewiseComparator";
const REVERSE: &[u8] = b"rocksdb.ReverseBytewiseComparator";

/// `CompactionStyle` of RocksDB's options.
const LEVEL: i32 = 0;
const FIFO: i32 = 2;

/// A store that is put together.
pub struct NewStore {
    path: PathBuf,
    /// By their ids.
    families: Vec<Family>,
    ids: HashMap<Vec<u8>, usize>,
    options: OptionsByText,
    loading: Option<(usize, Loading)>,
    /// Finishes tables while others are written.
    crew: Crew,
    finished: Arc<Mutex<Finished>>,
    /// The number that the next file gets.
    next_file: Arc<AtomicU64>,
    /// The first error, which stays: nothing makes a store of less than all.
    failed: Option<Fault>,
}

/// By the ids of families, their tables that are finished.
type Finished = HashMap<usize, Vec<TableEntry>>;

struct Family {
    name: Vec<u8>,
    reverse: bool,
    /// The last level that it has; none for one of FIFO compaction, whose tables would need sequence numbers of their own.
    level: Option<u32>,
}

impl NewStore {
    /// Makes the directory at `path`, which takes a store with these families and options; `default` has `default_options` when it is not
    /// among them.
    ///
    /// Errors: NO_SPACE, PERMISSION_DENIED, IO_FAILED, USAGE for options that RocksDB does not take.
    pub fn create(path: &Path, default_options: &str, families: Vec<(Vec<u8>, String)>) -> Outcome<Self> {
        fs::create_dir(path).map_err(|error| Fault::io("making", path, &error))?;
        let mut store = Self {
            path: path.to_owned(),
            families: Vec::new(),
            ids: HashMap::new(),
            options: OptionsByText::default(),
            loading: None,
            crew: Crew::default(),
            finished: Arc::default(),
            next_file: Arc::new(AtomicU64::new(2)),
            failed: None,
        };
        let default = families.iter().find(|(name, _)| name == b"default");
        store.family(b"default", default.map_or(default_options, |(_, options)| options))?;
        for (name, options) in &families {
            store.family(name, options)?;
        }
        Ok(store)
    }

    /// The id of a family, which is made when it is not there.
    fn family(&mut self, name: &[u8], text: &str) -> Outcome<usize> {
        if let Some(&id) = self.ids.get(name) {
            return Ok(id);
        }
        let options = self.options.get(text)?;
        let reverse = text.split(';').any(|option| option.as_bytes() == [b"comparator=", REVERSE].concat());
        let family = Family { name: name.to_vec(), reverse, level: last_level(&options) };
        self.ids.insert(family.name.clone(), self.families.len());
        self.families.push(family);
        Ok(self.families.len() - 1)
    }

    /// Begins to load a family from entries in its order, or exactly the reverse with `turn`; it is made when it is not there.
    ///
    /// Errors: USAGE.
    pub fn begin_load(&mut self, family: &[u8], options: &str, turn: bool) -> Outcome<()> {
        let id = self.family(family, options)?;
        let next = Arc::clone(&self.next_file);
        let name = move || file_name(next.fetch_add(1, Relaxed));
        let tables = Tables::new(self.options.get(options)?, &self.path, name);
        self.loading = Some((id, Loading::of(tables, turn)));
        Ok(())
    }

    /// Adds the entries of an encoded block to the family that was begun.
    ///
    /// Errors: DUMP_ORDER_BROKEN, DUMP_ENTRIES_MALFORMED, NO_SPACE, IO_FAILED; the first one again from then on.
    pub fn load(&mut self, block: &[u8]) -> Outcome<()> {
        self.check()?;
        let Some((id, loading)) = &mut self.loading else { return Err(not_begun()) };
        let (loaded, id) = (loading.add(block), *id);
        self.kept(loaded, id)
    }

    /// Gives the family all that was loaded; the number of its entries.
    ///
    /// Errors: as `load`.
    pub fn end_load(&mut self) -> Outcome<u64> {
        self.check()?;
        let Some((id, loading)) = self.loading.take() else { return Err(not_begun()) };
        let ended = self.end_family(id, loading);
        self.kept(ended, id)
    }

    fn check(&self) -> Outcome<()> {
        self.failed.clone().map_or(Ok(()), Err)?;
        self.crew.check()
    }

    /// Keeps an error, with the family's name.
    fn kept<T>(&mut self, outcome: Outcome<T>, id: usize) -> Outcome<T> {
        outcome.map_err(|fault| {
            let fault = fault.of_family(&self.families[id].name);
            self.failed = Some(fault.clone());
            fault
        })
    }

    fn end_family(&mut self, id: usize, loading: Loading) -> Outcome<u64> {
        let tables = match loading {
            Loading::Straight(tables) => tables,
            Loading::Turned(mut tables, mut turned) => {
                turned.write_table(&mut tables)?;
                tables
            }
            Loading::ByAge(_) => return Err(Fault::new("INTERNAL", "a family that goes by age has no tables yet")),
        };
        let entries = tables.entries();
        if entries == 0 {
            return Ok(0);
        }
        let Family { name, reverse, level } = &self.families[id];
        let level = level.ok_or_else(|| Fault::new("INTERNAL", "a family of FIFO compaction gets tables"))?;
        let (name, reverse, path, finished) = (name.clone(), *reverse, self.path.clone(), Arc::clone(&self.finished));
        self.crew.give(move || {
            let tables = finish_tables(tables, level, reverse, &path).map_err(|fault| fault.of_family(&name))?;
            finished.lock().unwrap_or_else(PoisonError::into_inner).entry(id).or_default().extend(tables);
            Ok(())
        })?;
        Ok(entries)
    }

    /// Ends it: there is a store then, for RocksDB to open. Nothing is durable yet.
    ///
    /// Errors: that of loading, NO_SPACE, IO_FAILED.
    pub fn finish(mut self) -> Outcome<()> {
        self.check()?;
        self.crew.finish()?;
        let tables = self.finished.lock().unwrap_or_else(PoisonError::into_inner);
        let families = self.families.iter().enumerate().map(|(id, Family { name, reverse, .. })| FamilyEntry {
            name,
            comparator: comparator(*reverse),
            tables: tables.get(&id).map(Vec::as_slice).unwrap_or_default(),
        });
        let families: Vec<_> = families.collect();
        let manifest = new_manifest(&families, self.next_file.load(Relaxed));
        for (name, content) in [(MANIFEST, &manifest[..]), ("CURRENT", format!("{MANIFEST}\n").as_bytes())] {
            let path = self.path.join(name);
            fs::write(&path, content).map_err(|error| Fault::io("writing", &path, &error))?;
        }
        Ok(())
    }
}

fn comparator(reverse: bool) -> &'static [u8] {
    if reverse {
        REVERSE
    } else {
        FORWARD
    }
}

/// Finishes the tables of a family, whose order is perhaps reversed, for this level of it; what MANIFEST is to say of them, in that order.
///
/// Errors: DUMP_ORDER_BROKEN when they overlap, NO_SPACE, IO_FAILED.
fn finish_tables(tables: Tables, level: u32, reverse: bool, store: &Path) -> Outcome<Vec<TableEntry>> {
    let made = tables.finish()?.into_iter();
    let mut tables = made.map(|made| entry_of(made, level)).collect::<Outcome<Vec<_>>>()?;
    let order = |one: &[u8], other: &[u8]| if reverse { other.cmp(one) } else { one.cmp(other) };
    tables.sort_by(|one, other| order(&one.first, &other.first));
    if tables.windows(2).all(|pair| order(&pair[0].last, &pair[1].first) == Ordering::Less) {
        return Ok(tables);
    }
    Err(Fault::new("DUMP_ORDER_BROKEN", "keys that were far apart are not in the order of the family").at(store))
}

fn not_begun() -> Fault {
    Fault::new("INTERNAL", "no family was begun")
}

/// The last level of a family with these options, as RocksDB makes it of them; none for FIFO compaction.
fn last_level(options: &Options) -> Option<u32> {
    // SAFETY: the options live through the calls.
    let (levels, style) = unsafe {
        (
            ffi::rocksdb_options_get_num_levels(options.as_ptr()),
            ffi::rocksdb_options_get_compaction_style(options.as_ptr()),
        )
    };
    let levels = levels.max(if style == LEVEL { 2 } else { 1 });
    u32::try_from(levels - 1).ok().filter(|_| style != FIFO)
}

fn file_name(number: u64) -> String {
    format!("{number:06}.sst")
}

/// What MANIFEST is to say of a table.
fn entry_of(made: MadeTable, level: u32) -> Outcome<TableEntry> {
    let MadeTable { path, first, last } = made;
    let io = |error: &std::io::Error| Fault::io("reading", &path, error);
    let number = path.file_stem().and_then(|name| name.to_str()?.parse().ok());
    let number = number.ok_or_else(|| Fault::new("INTERNAL", "a table has no number"))?;
    let file = File::open(&path).map_err(|error| io(&error))?;
    let size = file.metadata().map_err(|error| io(&error))?.len();
    let block = properties_block(&Arc::new(file)).map_err(|error| error.fault(&path))?;
    let properties = block.and_then(|(.., block)| Properties::parse(&block).ok()).unwrap_or_default();
    let tail = properties.number("tail.start.offset").filter(|&start| start > 0);
    let tail = tail.map_or(0, |start| size.saturating_sub(start));
    let time = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs());
    Ok(TableEntry { level, number, size, first, last, time, unique_id: unique_id(&properties), tail })
}
