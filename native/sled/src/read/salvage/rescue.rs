//! A damaged store that is open for saving what is left of it.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::history::{Age, History, Version};
use super::loss::words;
use super::orphans;
use super::plan::{Leaf, Piece, Span, Walker};
use super::survey::survey;
use super::witness;
use crate::fault::{Code, Outcome, SledFault};
use crate::files::bytes::Bytes;
use crate::files::conf::{self, Settings};
use crate::files::lock::{self, LOCK_WAIT, Lock};
use crate::files::meta::trees;
use crate::files::observed::observed;
use crate::files::page::Page;
use crate::files::snapshot::{self, Snapshot};
use crate::files::table::{COUNTER_PAGE, META_PAGE};
use crate::files::value_file;
use crate::read::pages::BodyReader;
use crate::read::value_files;

/// What is wrong with a file.
#[derive(Clone, Debug)]
pub struct Problem {
    pub path: PathBuf,
    /// Where in the file; None when that is not known.
    pub offset: Option<u64>,
    pub what: String,
    /// Whether entries may be lost by it.
    pub loses: bool,
}

/// Keys of a tree that are told together.
#[derive(Clone, Debug)]
pub struct Stretch {
    pub span: Span,
    pub what: What,
}

/// What is left of a stretch.
#[derive(Clone, Debug)]
pub enum What {
    /// Entries, in these leaves and spans, and how old they may be.
    Entries { leaves: Vec<(u64, Span)>, age: Age },
    /// Nothing.
    Gap { why: &'static str },
}

/// A tree, or leaves without one (no name), and what is left of it.
#[derive(Debug)]
pub struct SavedTree {
    pub name: Option<Vec<u8>>,
    pub stretches: Vec<Stretch>,
}

impl SavedTree {
    /// Whether nothing of it seems to be lost.
    fn is_whole(&self) -> bool {
        self.stretches.iter().all(|stretch| matches!(stretch.what, What::Entries { age: Age::Newest, .. }))
    }
}

/// A damaged store that is open.
#[derive(Debug)]
pub struct Rescue {
    pub path: PathBuf,
    pub settings: Settings,
    pub trees: Vec<SavedTree>,
    pub problems: Vec<Problem>,
    /// Why an export refuses it, when nothing else is known to be lost.
    pub refusal: Option<Problem>,
    /// The counter behind `generate_id` when it could be read.
    pub counter: Option<u64>,
    pub history: History,
    /// None when it was closed.
    lock: Mutex<Option<Lock>>,
}

impl Rescue {
    /// Reads all of a store that can be read.
    ///
    /// # Errors
    /// STORE_DAMAGED when it has no `db`, or when nothing tells how that is to be read; STORE_UNSUPPORTED, STORE_IN_USE, IO_FAILED,
    /// PERMISSION_DENIED.
    pub fn open(path: &Path) -> Outcome<Rescue> {
        let db = path.join("db");
        match fs::metadata(&db) {
            Ok(found) if found.is_file() => {}
            Err(e) if e.kind() != io::ErrorKind::NotFound => {
                return Err(SledFault::io(&e, "looking at its file db").at(path));
            }
            _ => {
                let what = "its file db is missing: nothing of its entries is left";
                return Err(SledFault::new(Code::StoreDamaged, what).hint("restore it from a backup").at(path));
            }
        }
        let lock = lock::acquire(path, LOCK_WAIT)?;
        let mut problems = Vec::new();
        let settings = settings(path, &db, &mut problems)?;
        let snapshot = newest_snapshot(path, settings, &mut problems)?;
        let survey = survey(&db, settings.segment_size)?;
        let history = History::new(survey, snapshot, settings);
        let reader = BodyReader::open(path, settings)?;
        let (counter, trees) = put_together(&history, reader, &db, &mut problems)?;
        for lost in &history.survey.lost {
            // Sled leaves segments that it does not need as zeros.
            if !lost.zeros || lost.lsns.is_some() || !history.loss.parts.is_empty() {
                let offset = Some(lost.offset);
                problems.push(Problem { path: db.clone(), offset, what: words(lost), loses: true });
            }
        }
        if history.survey.batch_cut > 0 {
            let what =
                "it ends in a batch that was not written whole; that, and what was written since, does not count"
                    .to_string();
            problems.push(Problem { path: db.clone(), offset: None, what, loses: true });
        }
        for (id, code) in history.value_files() {
            if let Some(what) = value_files::fault(path, id, code)? {
                problems.push(Problem { path: value_file::path(path, id), offset: None, what, loses: true });
            }
        }
        for (from, to) in &history.loss.parts {
            let to =
                if *to == i64::MAX { "its end is lost, if anything was".to_string() } else { format!("{to} is lost") };
            let what = format!("what was written from place {from} of the log to {to}");
            problems.push(Problem { path: db.clone(), offset: None, what, loses: true });
        }
        let whole = problems.iter().all(|problem| !problem.loses) && trees.iter().all(SavedTree::is_whole);
        let refusal = if whole { witness::refusal(path, settings)? } else { None };
        let refusal = refusal.map(|fault| Problem {
            path: fault.path.unwrap_or(db),
            offset: None,
            what: format!("{}: nothing tells which entries that concerns", fault.message),
            loses: true,
        });
        Ok(Rescue {
            path: path.to_path_buf(),
            settings,
            trees,
            problems,
            refusal,
            counter,
            history,
            lock: Mutex::new(Some(lock)),
        })
    }

    /// Lets go of the lock, also when something still refers to this. A second call does nothing.
    pub fn close(&self) {
        self.lock.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    /// A reader of the entries of a stretch.
    ///
    /// # Errors
    /// IO_FAILED, PERMISSION_DENIED.
    pub fn reader(&self) -> Outcome<BodyReader> {
        BodyReader::open(&self.path, self.settings)
    }

    /// Reads a leaf of a stretch into `page`; returns the numbers of its entries that are in the span: from, inclusive, to, exclusive.
    ///
    /// # Errors
    /// IO_FAILED; STORE_DAMAGED when what was read before cannot be read any more.
    pub fn leaf(&self, reader: &mut BodyReader, (id, span): &(u64, Span), page: &mut Page) -> Outcome<(usize, usize)> {
        if !matches!(self.history.page(reader, *id, page)?, (Version::Found(_), _)) {
            return Err(SledFault::new(Code::StoreDamaged, format!("page {id} cannot be read any more")).at(&self.path));
        }
        Ok((page.below(&span.lo), span.hi.as_ref().map_or(page.len(), |hi| page.below(hi))))
    }
}

fn settings(path: &Path, db: &Path, problems: &mut Vec<Problem>) -> Outcome<Settings> {
    let conf = path.join("conf");
    let bytes = match fs::read(&conf) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(SledFault::io(&e, "reading it").at(&conf)),
        read => read.unwrap_or_default(),
    };
    match conf::parse(&bytes) {
        Ok(settings) => return Ok(settings),
        Err(fault) if fault.code == Code::StoreUnsupported => return Err(fault.at(&conf)),
        Err(_) => {}
    }
    let what = if bytes.is_empty() { "is empty or missing" } else { "is damaged" };
    let file = File::open(db).map_err(|e| SledFault::io(&e, "opening it").at(db))?;
    let Some(settings) = observed(&file).map_err(|e| SledFault::io(&e, "reading it").at(db))? else {
        let what = format!("it {what}, and the log does not show the size of its segments");
        return Err(SledFault::new(Code::StoreDamaged, what)
            .hint("write a file conf as that of a store of the same program, and try again")
            .at(&conf));
    };
    let what = format!("it {what}: the log shows segments of {} bytes", settings.segment_size);
    problems.push(Problem { path: conf, offset: None, what, loses: false });
    Ok(settings)
}

fn newest_snapshot(path: &Path, settings: Settings, problems: &mut Vec<Problem>) -> Outcome<Option<Snapshot>> {
    let listing = snapshot::list(path)?;
    for (_, path) in &listing.named {
        match snapshot::read(path, settings)? {
            Ok(snapshot) => return Ok(Some(snapshot)),
            Err(why) => {
                let what = format!(
                    "{why}; a snapshot is only a cache of the log, but without it less is known of what is lost there"
                );
                problems.push(Problem { path: path.clone(), offset: None, what, loses: false });
            }
        }
    }
    Ok(None)
}

/// The counter of ids and the trees, as far as they can be read.
fn put_together(
    history: &History,
    mut reader: BodyReader,
    db: &Path,
    problems: &mut Vec<Problem>,
) -> Outcome<(Option<u64>, Vec<SavedTree>)> {
    let (known, _, counter) = history.plain(&mut reader, COUNTER_PAGE, [5, 5], |body| Bytes(body).number())?;
    let (version, written, names) = history.plain(&mut reader, META_PAGE, [6, 7], trees)?;
    let age = match version {
        Version::Found(age) => age,
        _ => Age::Old,
    };
    let names = names.unwrap_or_default();
    let problem = match (version, names.is_empty()) {
        (Version::Found(Age::Newest), false) => None,
        (_, true) => Some("the names of its trees are lost: their entries are saved without them"),
        (_, false) => {
            Some("its list of trees may be an old one: trees that were made since are saved without their names")
        }
    };
    let count = match known {
        Version::None | Version::Found(Age::Newest) => None,
        Version::Lost => Some("the counter behind generate_id is lost: the ids of a new store begin at 0 again"),
        Version::Found(_) => {
            Some("the counter behind generate_id may be an old one: a new store may give out ids that were given out")
        }
    };
    problems.extend([problem, count].into_iter().flatten().map(|what| Problem {
        path: db.to_path_buf(),
        offset: None,
        what: what.to_string(),
        loses: true,
    }));
    let mut walker = Walker::new(history, reader);
    let mut found = Vec::new();
    let since = history.named_since(&mut walker.reader, written.base, &names)?;
    for ((name, root), since) in names.into_iter().zip(since) {
        found.push((name, walker.tree(root, since, age)?));
    }
    // What is surest takes its pages first.
    for turn in [Age::Old, Age::PerhapsAnothers] {
        for (_, pieces) in &mut found {
            *pieces = walker.resolve(std::mem::take(pieces), turn)?;
        }
    }
    let is_gap = |piece: &Piece| matches!(piece, Piece::Gap { .. });
    let gaps = found.iter().any(|(_, pieces)| pieces.iter().any(is_gap));
    let mut orphans: HashMap<u64, Leaf> =
        if gaps || age != Age::Newest { orphans::find(&mut walker)? } else { HashMap::new() };
    let mut saved = Vec::new();
    let mut left = false;
    for (name, pieces) in found {
        let pieces = orphans::fill(history, pieces, &mut orphans);
        left |= pieces.iter().any(is_gap);
        saved.push(SavedTree { name: Some(name), stretches: stretches(pieces) });
    }
    if left || age != Age::Newest {
        for chain in orphans::chains(orphans) {
            saved.push(SavedTree { name: None, stretches: stretches(chain) });
        }
    }
    Ok((counter, saved))
}

/// Pieces of the same kind together.
fn stretches(pieces: Vec<Piece>) -> Vec<Stretch> {
    let mut out: Vec<Stretch> = Vec::new();
    for piece in pieces {
        let (span, what) = match piece {
            Piece::Leaf { leaf, span } => {
                (span.clone(), What::Entries { leaves: vec![(leaf.id, span)], age: leaf.age })
            }
            Piece::Gap { span, why, .. } => (span, What::Gap { why }),
            Piece::Later { child, .. } => (child.span, What::Gap { why: "a page is missing" }),
        };
        if let Some(last) = out.last_mut() {
            match (&mut last.what, &what) {
                (What::Entries { leaves, age }, What::Entries { leaves: more, age: same }) if age == same => {
                    leaves.extend(more.iter().cloned());
                    last.span.hi = span.hi;
                    continue;
                }
                (What::Gap { why }, What::Gap { why: same }) if why == same => {
                    last.span.hi = span.hi;
                    continue;
                }
                _ => {}
            }
        }
        out.push(Stretch { span, what });
    }
    out
}
