//! Fills trees of an open store from entries in key order, ten times as fast as inserting them.
//!
//! A thread of its own parses blocks and builds the tree (`tree`); pages go to the log through a `line`. Trees
//! change only when the loader ends, all at once and whole. A failure ends it: then the tree that was being filled is as it was
//! before, trees that were ended are whole, and the store can be used, though pages of the unfinished tree stay in it as
//! garbage. A load that is killed leaves a store that cannot be opened.

pub mod cut;
pub mod line;
pub mod page;
pub mod tree;

use std::collections::BTreeMap;
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use sled::bulk::{PageLoader, Reserved};

use crate::entries;
use crate::fault::{Code, Doing, Outcome, SledFault, printable};
use crate::guard;
use crate::store::{Dependent, Store};
use crate::write::load::line::{First, Line};
use crate::write::load::tree::Tree;

/// Blocks that wait to be parsed.
const BLOCKS_AHEAD: usize = 1;
/// The memory of bigger blocks is not kept.
const KEPT: usize = 16 << 20;

enum Command {
    Begin(Vec<u8>),
    Block(Vec<u8>),
    End(SyncSender<u64>),
    Finish(SyncSender<()>),
}

/// Fills trees, one after the other. Every call may wait; call them through `guard::run`.
#[derive(Debug)]
pub struct Loader {
    /// None once it has ended.
    commands: Mutex<Option<SyncSender<Command>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
    first: First,
    /// Blocks that were parsed, to be filled again.
    blocks: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Loader {
    /// Starts a loader for a store, which ends it when it is closed. With compression, `jobs` threads compress.
    ///
    /// # Errors
    /// STORE_FAILED for a store that is closed or only read; IO_FAILED when a thread cannot be started.
    pub fn start(store: &Store, jobs: usize) -> Outcome<Arc<Loader>> {
        let db = store.with_writable(|db| Ok(db.clone()))?;
        let (commands, todo) = mpsc::sync_channel(BLOCKS_AHEAD);
        let first = First::default();
        let noting = first.clone();
        let blocks = Arc::new(Mutex::new(Vec::new()));
        let give_back = blocks.clone();
        let body = move || {
            let pages = Arc::new(PageLoader::begin(&db));
            drop(db);
            if let Err(fault) = guard::contain(Doing::Writing, || work(&pages, &todo, jobs, &noting, &give_back)) {
                noting.note(fault);
            }
            // Dropping gives ids that were not written an empty page, and may fail as all writing.
            let _ = guard::contain(Doing::Writing, || {
                drop(pages);
                Ok(())
            });
        };
        let thread = thread::Builder::new().name("kgdump-load".to_string()).spawn(body);
        let thread = thread.map_err(|e| SledFault::io(&e, "starting a thread"))?;
        let loader =
            Arc::new(Loader { commands: Mutex::new(Some(commands)), thread: Mutex::new(Some(thread)), first, blocks });
        let dependent = Arc::downgrade(&loader);
        store.register(dependent);
        Ok(loader)
    }

    /// Begins to fill a tree, which must be empty or not there.
    ///
    /// # Errors
    /// Those of an earlier call; that the tree is not empty may be known only to a later one.
    pub fn begin(&self, tree: &[u8]) -> Outcome<()> {
        self.send(Command::Begin(tree.to_vec()))
    }

    /// An empty buffer for a block, with the memory of one that was parsed if there is one.
    pub fn buffer(&self) -> Vec<u8> {
        self.blocks.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default()
    }

    /// Adds the entries of an encoded block to the tree that was begun.
    ///
    /// # Errors
    /// What is wrong with this block is known to a later call, `end` at the latest: DUMP_ENTRIES_MALFORMED, DUMP_ORDER_BROKEN,
    /// STORE_UNSUPPORTED (too big), TARGET_EXISTS (a tree that is not empty), NO_SPACE, IO_FAILED, STORE_FAILED.
    pub fn load(&self, block: Vec<u8>) -> Outcome<()> {
        self.send(Command::Block(block))
    }

    /// Ends the tree that was begun, which will be there with all its entries when the loader has ended; returns their number.
    ///
    /// # Errors
    /// As `load`.
    pub fn end(&self) -> Outcome<u64> {
        let (reply, answer) = mpsc::sync_channel(1);
        self.send(Command::End(reply))?;
        answer.recv().map_err(|_| self.lost())
    }

    /// Ends the loader once everything is written and flushed. A second call does nothing.
    ///
    /// # Errors
    /// As `load`.
    pub fn finish(&self) -> Outcome<()> {
        if self.commands.lock().unwrap_or_else(PoisonError::into_inner).is_none() {
            return self.first.check();
        }
        let (reply, answer) = mpsc::sync_channel(1);
        self.send(Command::Finish(reply))?;
        answer.recv().map_err(|_| self.lost())?;
        self.abort()
    }

    /// Ends the loader; the tree that was begun stays as it was. A second call ends nothing.
    ///
    /// # Errors
    /// What the load had failed with before.
    pub fn abort(&self) -> Outcome<()> {
        drop(self.commands.lock().unwrap_or_else(PoisonError::into_inner).take());
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            // What ended it was noted.
            let _ = thread.join();
        }
        self.first.check()
    }

    /// Why the loader's thread is not there any more.
    fn lost(&self) -> SledFault {
        // Waits until it has noted why it ends.
        let _ = self.abort();
        self.first.get()
    }

    fn send(&self, command: Command) -> Outcome<()> {
        self.first.check()?;
        let commands = self.commands.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let Some(commands) = commands else {
            return Err(SledFault::new(Code::StoreFailed, "the loader has ended"));
        };
        commands.send(command).map_err(|_| self.first.get())
    }
}

impl Dependent for Loader {
    fn end(&self) -> Outcome<()> {
        self.abort()
    }
}

/// What the loader's thread does until it is told to end or nobody can tell it any more.
fn work(
    pages: &Arc<PageLoader>,
    todo: &Receiver<Command>,
    jobs: usize,
    first: &First,
    give_back: &Mutex<Vec<Vec<u8>>>,
) -> Outcome<()> {
    let mut line = Line::start(pages.clone(), jobs, first.clone())?;
    let mut roots = BTreeMap::new();
    let finished = build(pages, todo, &mut line, &mut roots, give_back);
    // Trees that were ended are whole, whatever came of the next one. All at once: sled's list of trees is one page, which is written anew
    // with every change.
    let published = if roots.is_empty() { Ok(()) } else { line.publish(roots.into_iter().collect()) };
    let Some(reply) = finished? else { return published };
    published?;
    line.end()?;
    pages.end().map_err(|e| SledFault::sled(&e, Doing::Writing, "flushing"))?;
    pages.write_snapshot().map_err(|e| SledFault::sled(&e, Doing::Writing, "writing a snapshot"))?;
    let _ = reply.send(());
    Ok(())
}

/// Builds trees as it is told to. Returns who waits for the end of all, or None when nobody can tell it anything any more.
fn build(
    pages: &Arc<PageLoader>,
    todo: &Receiver<Command>,
    line: &mut Line,
    roots: &mut BTreeMap<Vec<u8>, u64>,
    give_back: &Mutex<Vec<Vec<u8>>>,
) -> Outcome<Option<SyncSender<()>>> {
    let mut current: Option<(Vec<u8>, Tree<Reserved>)> = None;
    for command in todo {
        match command {
            Command::Begin(name) => {
                if current.is_some() {
                    return Err(SledFault::new(Code::StoreFailed, "a tree was begun before the last one was ended"));
                }
                let empty = !roots.contains_key(&name)
                    && pages.is_empty(&name).map_err(|e| SledFault::sled(&e, Doing::Writing, "looking at a tree"))?;
                if !empty {
                    let message = format!("the tree {} has entries already", printable(&name));
                    return Err(SledFault::new(Code::TargetExists, message));
                }
                current = Some((name, Tree::new(pages.inline_limit())));
            }
            Command::Block(mut block) => {
                let Some((_, tree)) = &mut current else { return Err(not_begun()) };
                add(tree, &block, line)?;
                let mut blocks = give_back.lock().unwrap_or_else(PoisonError::into_inner);
                if block.capacity() <= KEPT && blocks.len() <= BLOCKS_AHEAD {
                    block.clear();
                    blocks.push(block);
                }
            }
            Command::End(reply) => {
                let Some((name, tree)) = current.take() else { return Err(not_begun()) };
                let entries = tree.entries();
                let root = tree.finish(line)?;
                roots.insert(name, root);
                // Who asked may have lost patience.
                let _ = reply.send(entries);
            }
            Command::Finish(reply) => {
                if current.is_some() {
                    return Err(SledFault::new(Code::StoreFailed, "the last tree was not ended"));
                }
                return Ok(Some(reply));
            }
        }
    }
    Ok(None)
}

fn add(tree: &mut Tree<Reserved>, block: &[u8], line: &mut Line) -> Outcome<()> {
    let mut at = 0;
    while at < block.len() {
        let (entry, next) = entries::entry(block, at)?;
        entries::check_size(block, &entry)?;
        let Some(value) = entry.value else {
            let message = format!("block of entries, offset {at}: a new tree has nothing to delete");
            return Err(SledFault::new(Code::DumpEntriesMalformed, message));
        };
        tree.add(&block[entry.key], &block[value], line)?;
        at = next;
    }
    Ok(())
}

fn not_begun() -> SledFault {
    SledFault::new(Code::StoreFailed, "no tree was begun")
}
