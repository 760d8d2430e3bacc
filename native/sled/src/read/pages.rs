//! Reads pages of a store: their bases and changes from the log and the value files.
//!
//! Pages that lie behind one another are read many at a time, others alone; what is compressed is decompressed in memory that is used
//! again. Each message's checksum is compared once more.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::fill::read_up_to;
use crate::fault::{Code, Outcome, SledFault};
use crate::files::bytes::Bytes;
use crate::files::conf::Settings;
use crate::files::message::{Found, MIN_ROOM, message};
use crate::files::meta::trees;
use crate::files::page::Page;
use crate::files::table::{COUNTER_PAGE, META_PAGE, Place, State, Table};
use crate::files::value_file;

/// Messages that begin up to here behind the window's end move it on.
const NEAR: u64 = 64 << 10;
/// Bytes of the first window of a run, and of the biggest one.
const FIRST: usize = 16 << 10;
const MOST: usize = 256 << 10;
/// Bytes of a decompressed page whose memory is used again.
const KEPT: usize = 1 << 20;

/// A store's files, and where its pages lie in them.
#[derive(Debug)]
pub struct Files {
    pub store: PathBuf,
    pub settings: Settings,
    pub table: Table,
}

/// Reads pages of one store. Belongs to one thread at a time.
#[derive(Debug)]
pub struct PageReader {
    files: Arc<Files>,
    bodies: BodyReader,
}

impl PageReader {
    /// A reader that has read nothing.
    ///
    /// # Errors
    /// IO_FAILED, PERMISSION_DENIED.
    pub fn new(files: &Arc<Files>) -> Outcome<PageReader> {
        Ok(PageReader { files: files.clone(), bodies: BodyReader::open(&files.store, files.settings)? })
    }

    /// Reads a page of a tree with all its changes; false when there is none of that id.
    ///
    /// # Errors
    /// STORE_DAMAGED, IO_FAILED.
    pub fn page(&mut self, id: u64, page: &mut Page) -> Outcome<bool> {
        let base = match self.files.table.state(id) {
            State::Present(base) if id != META_PAGE && id != COUNTER_PAGE => base,
            _ => return Ok(false),
        };
        let damaged = |what: &str| SledFault::new(Code::StoreDamaged, format!("{what} (page {id})"));
        let fill = |body: &[u8]| page.fill(body).ok_or_else(|| damaged("a page cannot be read"));
        self.bodies.body(id, base, [8, 9], fill)?;
        for &link in self.files.table.links(id) {
            self.bodies.body(id, link, [10, 11], |body| page.apply(body).map_err(damaged))?;
        }
        Ok(true)
    }

    /// The trees, and their roots, in byte order of their names.
    ///
    /// # Errors
    /// STORE_DAMAGED, IO_FAILED.
    pub fn trees(&mut self) -> Outcome<Vec<(Vec<u8>, u64)>> {
        let damaged = || SledFault::new(Code::StoreDamaged, "the page that names its trees is missing or damaged");
        match self.files.table.state(META_PAGE) {
            State::Present(base) => self.bodies.body(META_PAGE, base, [6, 7], |body| trees(body).ok_or_else(damaged)),
            _ => Err(damaged()),
        }
    }

    /// The counter behind `generate_id`, as it was written last; None when the store has none.
    ///
    /// # Errors
    /// STORE_DAMAGED, IO_FAILED.
    pub fn counter(&mut self) -> Outcome<Option<u64>> {
        let damaged = || SledFault::new(Code::StoreDamaged, "the counter of ids is damaged");
        match self.files.table.state(COUNTER_PAGE) {
            State::Present(base) => {
                let parse = |body: &[u8]| Bytes(body).number().ok_or_else(damaged);
                self.bodies.body(COUNTER_PAGE, base, [5, 5], parse).map(Some)
            }
            _ => Ok(None),
        }
    }
}

/// Reads the bodies of messages. Belongs to one thread at a time.
#[derive(Debug)]
pub struct BodyReader {
    store: PathBuf,
    db: File,
    settings: Settings,
    window: Window,
    inflater: Inflater,
}

impl BodyReader {
    /// Opens a store's log.
    ///
    /// # Errors
    /// IO_FAILED, PERMISSION_DENIED.
    pub fn open(store: &Path, settings: Settings) -> Outcome<BodyReader> {
        let path = store.join("db");
        let db = File::open(&path).map_err(|e| SledFault::io(&e, "opening it").at(&path))?;
        let (window, inflater) = (Window::default(), Inflater::default());
        Ok(BodyReader { store: store.to_path_buf(), db, settings, window, inflater })
    }

    /// Uses the body of a message, decompressed; `codes` are the kinds that it may have in the log and in a value file.
    ///
    /// # Errors
    /// STORE_DAMAGED, IO_FAILED; those of `then`.
    pub fn body<T>(
        &mut self,
        id: u64,
        place: Place,
        codes: [u8; 2],
        then: impl FnOnce(&[u8]) -> Outcome<T>,
    ) -> Outcome<T> {
        if place.blob {
            let path = value_file::path(&self.store, place.at.cast_signed());
            let read = value_file::read(&path, codes[1]).map_err(|e| SledFault::reading(&e, "reading it").at(&path))?;
            let body = read.ok_or_else(|| SledFault::new(Code::StoreDamaged, "its checksum is wrong").at(&path))?;
            return then(self.inflater.plain(self.settings.compression, &body, id)?);
        }
        let bytes = self.window.holding(&self.db, place)?;
        let number = place.lsn.unsigned_abs() / self.settings.segment_size as u64;
        match message(bytes, 0, bytes.len().max(MIN_ROOM), Some(number)) {
            Found::Message(found) if found.page == id && found.code == codes[0] => {
                then(self.inflater.plain(self.settings.compression, found.body, id)?)
            }
            _ => {
                let what = format!("the message at offset {} is not the one of page {id}", place.at);
                Err(SledFault::new(Code::StoreDamaged, what).at(&self.store.join("db")))
            }
        }
    }

    /// As `body`, of what may be damaged: None when it is.
    ///
    /// # Errors
    /// IO_FAILED, PERMISSION_DENIED.
    pub fn sound<T>(
        &mut self,
        id: u64,
        place: Place,
        codes: [u8; 2],
        then: impl FnOnce(&[u8]) -> T,
    ) -> Outcome<Option<T>> {
        match self.body(id, place, codes, |body| Ok(then(body))) {
            Ok(found) => Ok(Some(found)),
            Err(fault) if fault.code == Code::StoreDamaged => Ok(None),
            Err(fault) => Err(fault),
        }
    }
}

/// Bytes of the file `db` from an offset on.
#[derive(Debug, Default)]
struct Part {
    bytes: Vec<u8>,
    offset: u64,
}

impl Part {
    fn holds(&self, place: Place) -> bool {
        place.at >= self.offset && place.at - self.offset + u64::from(place.size) <= self.bytes.len() as u64
    }

    /// Whether a message there begins in this part or a little behind it.
    fn is_followed_by(&self, place: Place) -> bool {
        !self.bytes.is_empty() && place.at >= self.offset && place.at - self.offset <= self.bytes.len() as u64 + NEAR
    }
}

/// Two parts of the log's file: one that goes on with a run of pages, and one for pages that lie elsewhere.
#[derive(Debug)]
struct Window {
    run: Part,
    single: Part,
    ahead: usize,
}

impl Default for Window {
    fn default() -> Window {
        Window { run: Part::default(), single: Part::default(), ahead: FIRST }
    }
}

impl Window {
    /// The bytes of the message there.
    fn holding(&mut self, db: &File, place: Place) -> Outcome<&[u8]> {
        let part = if self.run.holds(place) {
            &self.run
        } else {
            let (part, length) = if self.run.is_followed_by(place) {
                self.ahead = MOST.min(2 * self.ahead);
                (&mut self.run, self.ahead)
            } else if self.single.is_followed_by(place) {
                self.ahead = FIRST;
                (&mut self.run, self.ahead)
            } else {
                (&mut self.single, 0)
            };
            part.offset = place.at;
            // A message is no longer than a segment: the log was read whole.
            part.bytes.resize(length.max(place.size as usize), 0);
            let filled = read_up_to(db, &mut part.bytes, place.at).map_err(|e| {
                part.bytes.clear();
                SledFault::reading(&e, &format!("reading its file db at offset {}", place.at))
            })?;
            part.bytes.truncate(filled);
            &*part
        };
        let start = usize::try_from(place.at - part.offset).unwrap_or(usize::MAX);
        part.bytes.get(start..start.saturating_add(place.size as usize)).ok_or_else(|| {
            let what = format!("its file db ends before the page at offset {}", place.at);
            SledFault::new(Code::StoreDamaged, what)
        })
    }
}

/// Decompresses pages.
#[derive(Default)]
pub struct Inflater {
    context: Option<zstd::zstd_safe::DCtx<'static>>,
    bytes: Vec<u8>,
}

impl std::fmt::Debug for Inflater {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Inflater")
    }
}

impl Inflater {
    /// What a body holds: with compression a zstd frame behind its length.
    ///
    /// # Errors
    /// STORE_DAMAGED.
    pub fn plain<'a>(&'a mut self, compressed: bool, body: &'a [u8], id: u64) -> Outcome<&'a [u8]> {
        if !compressed {
            return Ok(body);
        }
        self.inflate(body)
            .ok_or_else(|| SledFault::new(Code::StoreDamaged, format!("page {id} cannot be decompressed")))
    }

    fn inflate(&mut self, body: &[u8]) -> Option<&[u8]> {
        let frame = Bytes(body).string()?;
        let size = zstd::zstd_safe::get_frame_content_size(frame);
        self.bytes.clear();
        if self.bytes.capacity() > KEPT {
            self.bytes = Vec::new();
        }
        let Some(length) = usize::try_from(size).ok().filter(|_| size < u64::MAX - 1) else {
            // Sled's own frames tell their length.
            self.bytes = zstd::stream::decode_all(frame).ok()?;
            return Some(&self.bytes);
        };
        self.bytes.try_reserve_exact(length).ok()?;
        let context = self.context.get_or_insert_with(Default::default);
        let written = context.decompress(&mut self.bytes, frame).ok()?;
        (written == length && self.bytes.len() == length).then_some(&self.bytes[..])
    }
}

#[cfg(test)]
mod tests;
