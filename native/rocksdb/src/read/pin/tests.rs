//! What is held stays what it was, whatever the writer does.

use std::sync::Arc;

use super::*;
use crate::read::block::Range;
use crate::read::judge::Reading;
use crate::read::scan::Scan;
use crate::read::store::Store;
use crate::write::sink::{Operation, Sink};

/// The directory of a test, removed at its end.
struct Directory(std::path::PathBuf);

impl Directory {
    fn new(name: &str) -> io::Result<Self> {
        let path = std::env::temp_dir().join(format!("kgdump-test-pin-{name}-{}", std::process::id()));
        fs::create_dir_all(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}

fn put(sink: &Sink, number: usize) -> Outcome<()> {
    let value = format!("value {number} {}", "x".repeat(500)).into_bytes();
    sink.operate(b"default", &[Operation::Put(format!("key {number:06}").into_bytes(), value)])
}

/// Number of entries that are read of what is held.
fn count(store: &Path, pin: &Pin, point: Point) -> Outcome<usize> {
    let opened = Arc::new(pin.names().outcome(Store::at(store, &Arc::new(point), &Reading::default()))?);
    let scan = Scan::new(opened, 0, Range::default())?;
    let (mut entries, mut buffer) = (0, vec![0; 1 << 16]);
    loop {
        let filled = scan.fill(&mut buffer, usize::MAX)?;
        entries += filled.stats.entries;
        if filled.done {
            return Ok(entries);
        }
    }
}

fn taken(result: Result<(Pin, Point), Unpinned>) -> Outcome<(Pin, Point)> {
    result.map_err(|unpinned| match unpinned {
        Unpinned::Impossible(fault) | Unpinned::Fault(fault) => fault,
    })
}

fn held(name: &str, can_link: bool) -> Outcome<()> {
    let directory = Directory::new(name).map_err(|error| Fault::new("INTERNAL", error.to_string()))?;
    let store = directory.0.join("store");
    let options = "enable_blob_files=true;min_blob_size=400;enable_blob_garbage_collection=true;blob_garbage_collection_age_cutoff=1.0";
    let sink = Sink::open(&store, "", options, Vec::new(), false)?;
    for table in 0..3 {
        (0..50).try_for_each(|number| put(&sink, table * 50 + number))?;
        sink.flush(true)?;
    }
    (150..170).try_for_each(|number| put(&sink, number))?;
    let (pin, point) = taken(Pin::take_by(&store, can_link))?;
    let files = || -> Vec<_> { names_of(&store, ".sst").chain(names_of(&store, ".blob")).collect() };
    let before = files();
    for number in 170..300 {
        put(&sink, number)?;
    }
    sink.operate(b"default", &[Operation::DeleteRange(b"key 000000".to_vec(), b"key 000100".to_vec())])?;
    sink.flush(true)?;
    sink.compact(b"default")?;
    let after = files();
    assert!(before.iter().all(|name| !after.contains(name)), "{before:?} {after:?}");
    let linked = pin.held.values().filter(|file| file.is_none()).count();
    assert_eq!((before.len(), linked), (6, if can_link { 6 } else { 0 }));
    assert_eq!(count(&store, &pin, point), Ok(170));
    let (later, point) = taken(Pin::take_by(&store, can_link))?;
    assert_eq!(count(&store, &later, point), Ok(200));
    drop((pin, later));
    let left: Vec<_> = names_of(&directory.0, "").collect();
    assert_eq!(left, ["store"]);
    Ok(())
}

fn names_of(directory: &Path, end: &'static str) -> impl Iterator<Item = String> {
    crate::files::listing::names(directory).unwrap_or_default().into_iter().filter(move |name| name.ends_with(end))
}

#[test]
fn links_hold_what_the_store_removes() {
    assert_eq!(held("links", true), Ok(()));
}

#[test]
#[cfg(target_os = "linux")]
fn descriptors_hold_what_the_store_removes() {
    assert_eq!(held("descriptors", false), Ok(()));
}

#[test]
fn tables_are_held_through_symbolic_links() -> io::Result<()> {
    let directory = Directory::new("symbolic")?;
    let store = directory.0.join("store");
    let made = || -> Outcome<()> {
        let sink = Sink::open(&store, "", "", Vec::new(), false)?;
        put(&sink, 1)?;
        sink.flush(true)
    };
    assert_eq!(made(), Ok(()));
    let table = names_of(&store, ".sst").next().unwrap_or_default();
    fs::create_dir(store.join("tables"))?;
    fs::rename(store.join(&table), store.join("tables").join(&table))?;
    symlink(Path::new("tables").join(&table), store.join(&table))?;
    let (pin, point) = match taken(Pin::take(&store)) {
        Ok(taken) => taken,
        Err(fault) => return Err(io::Error::other(fault.message)),
    };
    fs::remove_dir_all(store.join("tables"))?;
    assert_eq!(count(&store, &pin, point), Ok(1));
    Ok(())
}

#[test]
fn what_is_missing_for_good_is_told_by_its_name() -> io::Result<()> {
    let directory = Directory::new("missing")?;
    let store = directory.0.join("store");
    let made = || -> Outcome<()> {
        let sink = Sink::open(&store, "", "", Vec::new(), false)?;
        put(&sink, 1)?;
        sink.flush(true)
    };
    assert_eq!(made(), Ok(()));
    let table = names_of(&store, ".sst").next().unwrap_or_default();
    fs::remove_file(store.join(&table))?;
    let fault = taken(Pin::take(&store)).and_then(|(pin, point)| count(&store, &pin, point)).err();
    let path = store.join(table).to_string_lossy().into_owned();
    assert_eq!(fault.map(|fault| (fault.code, fault.path)), Some(("STORE_DAMAGED", Some(path))));
    Ok(())
}

#[test]
fn a_manifest_that_went_on_has_other_content() {
    let state = |name: &str, moves, min_log_to_keep| State {
        name: name.to_owned(),
        file: File::open("/dev/null").unwrap(),
        length: 0,
        manifest: Manifest { moves, min_log_to_keep, ..Manifest::before_all_edits() },
    };
    let before = state("MANIFEST-000005", 3, 4);
    assert!(same_content(&before, &state("MANIFEST-000005", 3, 4)));
    for now in [state("MANIFEST-000009", 3, 4), state("MANIFEST-000005", 4, 4), state("MANIFEST-000005", 3, 5)] {
        assert!(!same_content(&before, &now));
    }
}

/// A store with one entry in a table, and a pin that holds nothing of it yet.
fn begun(store: &Path) -> Outcome<(Sink, Pin)> {
    let sink = Sink::open(store, "", "", Vec::new(), false)?;
    put(&sink, 1)?;
    sink.flush(true)?;
    let place = Place::beside(store).map_err(|error| Fault::io("making a directory beside", store, &error))?;
    let (held, missed, copies, names) = Default::default();
    Ok((sink, Pin { place, can_link: true, held, missed, copies, names }))
}

#[test]
fn what_a_writer_adds_to_manifest_meanwhile_is_not_copied() -> io::Result<()> {
    let directory = Directory::new("manifest")?;
    let store = directory.0.join("store");
    let copied = || -> Outcome<(u64, u64, u64)> {
        let (sink, mut pin) = begun(&store)?;
        let state = read_state(&store, Instant::now())?;
        let (name, read) = (state.name.clone(), state.length);
        put(&sink, 2)?;
        sink.flush(true)?;
        pin.settle(&store, state, Vec::new(), None)?;
        let length = |path: &Path| fs::metadata(path).map_or(0, |facts| facts.len());
        Ok((read, length(&pin.place.path().join(&name)), length(&store.join(&name))))
    };
    let (read, copy, now) = copied().map_err(|fault| io::Error::other(fault.message))?;
    assert!(copy == read && now > read, "{copy} of {now} bytes, and {read} were read");
    Ok(())
}

#[test]
fn options_that_do_not_know_a_family_yet_are_waited_for() -> io::Result<()> {
    let directory = Directory::new("options")?;
    let store = directory.0.join("store");
    let options = |sink: &Sink| -> Outcome<Vec<u8>> {
        sink.flush(true)?;
        let newest = names_of(&store, "").filter(|name| name.starts_with("OPTIONS-")).max().unwrap_or_default();
        read_whole(&store.join(newest), 1 << 20).map_err(|error| Fault::io("reading", &store, &error))
    };
    let both = || -> Outcome<(Vec<u8>, Vec<u8>)> {
        let (mut sink, _pin) = begun(&store)?;
        let before = options(&sink)?;
        sink.create_family(b"another", "")?;
        Ok((before, options(&sink)?))
    };
    let (lagging, text) = both().map_err(|fault| io::Error::other(fault.message))?;
    fs::write(store.join("OPTIONS-999998"), lagging)?;
    let from = Instant::now();
    let point = taken(Pin::take(&store)).map(|(_, point)| point).map_err(|fault| io::Error::other(fault.message))?;
    assert!(from.elapsed() >= OPTIONS_LAG && !knows_all(&point.options, &point.manifest), "{:?}", from.elapsed());
    fs::write(store.join("OPTIONS-999999"), text)?;
    let point = taken(Pin::take(&store)).map(|(_, point)| point).map_err(|fault| io::Error::other(fault.message))?;
    assert!(knows_all(&point.options, &point.manifest));
    Ok(())
}
