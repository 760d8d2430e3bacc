//! The way of pages from where they are built to the log: in order, some of them ahead, in bounded memory.
//!
//! Pages travel in chunks. With compression, `jobs` threads compress chunks side by side; one thread, the writer, takes
//! the chunks in the order in which they were made and writes their pages, so that the number of jobs changes nothing
//! in what is written. The builder waits when the writer is behind. Whatever fails first is kept, and ends all of it.

use std::sync::mpsc::{self, Receiver, SyncSender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use sled::bulk::{PageLoader, Reserved};
use zstd::zstd_safe::{self, CCtx};

use crate::fault::{Code, Doing, Outcome, SledFault};
use crate::guard;
use crate::write::load::page::put_varint;
use crate::write::load::tree::Pages;

/// Bytes of pages that travel together.
const CHUNK: usize = 128 << 10;
/// Chunks that wait for the writer, besides those that are being compressed.
const AHEAD: usize = 4;
/// Buffers of big pages are not kept.
const KEPT: usize = 1 << 20;

/// Pages of which each has a place in `bytes`: up to the end that is given, from the end of the one before.
#[derive(Debug, Default)]
struct Chunk {
    pages: Vec<(Reserved, usize)>,
    bytes: Vec<u8>,
}

enum Work {
    Ready(Chunk),
    Compressed(Receiver<Outcome<Chunk>>),
    /// Makes pages the roots of trees.
    Publish(Vec<(Vec<u8>, u64)>, SyncSender<Outcome<()>>),
}

type Job = (Chunk, SyncSender<Outcome<Chunk>>);

/// What went wrong first.
#[derive(Clone, Debug, Default)]
pub struct First(Arc<Mutex<Option<SledFault>>>);

impl First {
    /// Keeps a failure unless there is one.
    pub fn note(&self, fault: SledFault) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(fault);
    }

    /// The failure, or a general one when a thread has ended without one.
    pub fn get(&self) -> SledFault {
        let fault = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        fault.unwrap_or_else(|| SledFault::new(Code::StoreFailed, "a thread of the loader has ended"))
    }

    /// An error when there is a failure.
    pub fn check(&self) -> Outcome<()> {
        match self.0.lock().unwrap_or_else(PoisonError::into_inner).clone() {
            Some(fault) => Err(fault),
            None => Ok(()),
        }
    }
}

/// The builder's end of the line.
#[derive(Debug)]
pub struct Line {
    loader: Arc<PageLoader>,
    chunk: Chunk,
    /// None once the line has ended.
    work: Option<SyncSender<Work>>,
    /// None without compression.
    jobs: Option<SyncSender<Job>>,
    /// Empty buffers that come back from the writer.
    empty: Receiver<Vec<u8>>,
    threads: Vec<JoinHandle<()>>,
    first: First,
}

impl Line {
    /// Starts the writer, and with compression `jobs` threads that compress.
    ///
    /// # Errors
    /// IO_FAILED when a thread cannot be started.
    pub fn start(loader: Arc<PageLoader>, jobs: usize, first: First) -> Outcome<Line> {
        let jobs = jobs.max(1);
        let ahead = if loader.compression().is_some() { AHEAD + jobs } else { AHEAD };
        let (work, todo) = mpsc::sync_channel(ahead);
        let (give_back, empty) = mpsc::sync_channel(2 * ahead);
        let mut line = Line {
            loader: loader.clone(),
            chunk: Chunk::default(),
            work: Some(work),
            jobs: None,
            empty,
            threads: Vec::new(),
            first,
        };
        if let Some(level) = loader.compression() {
            let (jobs_to, jobs_from) = mpsc::sync_channel::<Job>(ahead);
            let jobs_from = Arc::new(Mutex::new(jobs_from));
            for _ in 0..jobs {
                let (jobs_from, give_back) = (jobs_from.clone(), give_back.clone());
                line.spawn("kgdump-compress", move || {
                    compress_all(&jobs_from, &give_back, level);
                    Ok(())
                })?;
            }
            line.jobs = Some(jobs_to);
        }
        line.spawn("kgdump-write", move || write_all(&loader, &todo, &give_back))?;
        Ok(line)
    }

    /// Makes pages the roots of trees, once all pages before are written.
    ///
    /// # Errors
    /// TARGET_EXISTS when a tree has entries; whatever has ended the line.
    pub fn publish(&mut self, trees: Vec<(Vec<u8>, u64)>) -> Outcome<()> {
        self.send_chunk()?;
        let (reply, answer) = mpsc::sync_channel(1);
        self.send(Work::Publish(trees, reply))?;
        match answer.recv() {
            Ok(published) => published,
            Err(_) => Err(self.lost()),
        }
    }

    /// Waits until everything is written, and ends the threads. A second call does nothing.
    ///
    /// # Errors
    /// Whatever has ended the line.
    pub fn end(&mut self) -> Outcome<()> {
        let sent = if self.work.is_some() { self.send_chunk() } else { Ok(()) };
        self.join();
        sent?;
        self.first.check()
    }

    fn join(&mut self) {
        self.jobs = None;
        self.work = None;
        for thread in self.threads.drain(..) {
            // What ended a thread is noted by then.
            let _ = thread.join();
        }
    }

    /// Why there is no writer any more.
    fn lost(&mut self) -> SledFault {
        self.join();
        self.first.get()
    }

    fn spawn(&mut self, name: &str, work: impl FnOnce() -> Outcome<()> + Send + 'static) -> Outcome<()> {
        let first = self.first.clone();
        let body = move || {
            if let Err(fault) = guard::contain(Doing::Writing, work) {
                first.note(fault);
            }
        };
        let thread = thread::Builder::new().name(name.to_string()).spawn(body);
        self.threads.push(thread.map_err(|e| SledFault::io(&e, "starting a thread"))?);
        Ok(())
    }

    fn send_chunk(&mut self) -> Outcome<()> {
        if self.chunk.pages.is_empty() {
            return Ok(());
        }
        let bytes = self.empty.try_recv().unwrap_or_default();
        let chunk = std::mem::replace(&mut self.chunk, Chunk { pages: Vec::new(), bytes });
        let Some(jobs) = &self.jobs else { return self.send(Work::Ready(chunk)) };
        let (done, result) = mpsc::sync_channel(1);
        if jobs.send((chunk, done)).is_err() {
            return Err(self.lost());
        }
        self.send(Work::Compressed(result))
    }

    fn send(&mut self, work: Work) -> Outcome<()> {
        match &self.work {
            Some(line) if line.send(work).is_ok() => Ok(()),
            _ => Err(self.lost()),
        }
    }
}

impl Pages for Line {
    type Page = Reserved;

    fn reserve(&mut self) -> Reserved {
        self.loader.reserve()
    }

    fn id(page: &Reserved) -> u64 {
        page.id()
    }

    fn write(&mut self, page: Reserved, put: impl FnOnce(&mut Vec<u8>)) -> Outcome<()> {
        put(&mut self.chunk.bytes);
        self.chunk.pages.push((page, self.chunk.bytes.len()));
        if self.chunk.bytes.len() >= CHUNK { self.send_chunk() } else { Ok(()) }
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        // Pages that wait are not written: the loader gives their ids an empty page.
        self.chunk = Chunk::default();
        let _ = self.end();
    }
}

fn write_all(loader: &PageLoader, todo: &Receiver<Work>, give_back: &SyncSender<Vec<u8>>) -> Outcome<()> {
    for work in todo {
        let chunk = match work {
            Work::Ready(chunk) => chunk,
            Work::Compressed(result) => {
                result.recv().map_err(|_| SledFault::new(Code::StoreFailed, "a thread that compresses has ended"))??
            }
            Work::Publish(trees, reply) => {
                let published = loader.publish(&trees).map_err(|e| failed(&e));
                // Nobody waits for the answer of a load that was given up.
                let _ = reply.send(published.clone());
                published?;
                continue;
            }
        };
        let mut start = 0;
        for (page, end) in chunk.pages {
            loader.write(page, &chunk.bytes[start..end]).map_err(|e| failed(&e))?;
            start = end;
        }
        recycle(chunk.bytes, give_back);
    }
    Ok(())
}

fn compress_all(jobs: &Mutex<Receiver<Job>>, give_back: &SyncSender<Vec<u8>>, level: i32) {
    let mut context = CCtx::default();
    let mut frame = Vec::new();
    loop {
        let next = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok((chunk, done)) = next else { return };
        let plain = chunk.bytes;
        let mut bytes = Vec::with_capacity(plain.len() / 2);
        let mut start = 0;
        let pages = chunk.pages.into_iter().map(|(page, end)| {
            compress(&mut context, &mut frame, &plain[start..end], level)?;
            start = end;
            put_varint(&mut bytes, frame.len() as u64);
            bytes.extend_from_slice(&frame);
            Ok((page, bytes.len()))
        });
        let pages: Outcome<Vec<_>> = pages.collect();
        recycle(plain, give_back);
        // The writer is gone when it has failed.
        let _ = done.send(pages.map(|pages| Chunk { pages, bytes }));
    }
}

fn compress(context: &mut CCtx<'_>, frame: &mut Vec<u8>, plain: &[u8], level: i32) -> Outcome<()> {
    frame.clear();
    frame.reserve(zstd_safe::compress_bound(plain.len()));
    context.compress(frame, plain, level).map(drop).map_err(|code| {
        let name = zstd_safe::get_error_name(code);
        SledFault::new(Code::StoreFailed, format!("compressing a page: {name}"))
    })
}

fn recycle(mut buffer: Vec<u8>, give_back: &SyncSender<Vec<u8>>) {
    if buffer.capacity() <= KEPT {
        buffer.clear();
        // When there are enough, it is freed.
        let _ = give_back.try_send(buffer);
    }
}

fn failed(error: &sled::Error) -> SledFault {
    match error {
        sled::Error::Unsupported(why) => SledFault::new(Code::TargetExists, why.clone()),
        error => SledFault::sled(error, Doing::Writing, "writing"),
    }
}
