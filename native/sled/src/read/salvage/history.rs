//! The best version of each page that a damaged log still has.

use super::loss::Loss;
use super::survey::{Event, Survey};
use crate::fault::Outcome;
use crate::files::conf::Settings;
use crate::files::message::Kind;
use crate::files::page::Page;
use crate::files::snapshot::Snapshot;
use crate::files::table::{COUNTER_PAGE, META_PAGE, State};
use crate::read::pages::BodyReader;

/// How sure it is that a page is the newest that there was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Age {
    /// Nothing newer was written.
    Newest,
    /// Something newer may have been written where the log is lost.
    PerhapsOld,
    /// Something newer was written, and is lost.
    Old,
}

/// What is left of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// There is no page of that id, or it was given back.
    None,
    /// It was there, and nothing of it can be read.
    Lost,
    Found(Age),
}

/// All pages of a damaged store.
#[derive(Debug)]
pub struct History {
    pub survey: Survey,
    pub loss: Loss,
    snapshot: Option<Snapshot>,
    settings: Settings,
}

impl History {
    /// The history that a log tells; a snapshot tells what of it is lost.
    pub fn new(survey: Survey, snapshot: Option<Snapshot>, settings: Settings) -> History {
        let loss = Loss::of(&survey, snapshot.as_ref(), settings.segment_size);
        History { survey, loss, snapshot, settings }
    }

    /// Ids of pages are below this.
    pub fn end(&self) -> u64 {
        let snapshot = self.snapshot.as_ref().map_or(0, |snapshot| snapshot.table.end());
        self.survey.events.last().map_or(0, |event| event.page.saturating_add(1)).max(snapshot)
    }

    /// Ids of pages of which there is a message.
    pub fn pages(&self) -> impl Iterator<Item = u64> + '_ {
        let mut last = None;
        self.survey.events.iter().map(|event| event.page).filter(move |&page| last.replace(page) != Some(page))
    }

    fn events(&self, page: u64) -> &[Event] {
        let events = &self.survey.events;
        let from = events.partition_point(|event| event.page < page);
        let to = events.partition_point(|event| event.page <= page);
        events.get(from..to).unwrap_or_default()
    }

    /// Value files that the newest versions of pages need, as far as the log and the snapshot tell: id, and code of the message.
    pub fn value_files(&self) -> Vec<(i64, u8)> {
        let mut found = Vec::new();
        for page in self.pages() {
            let events = self.events(page);
            let base = events.iter().rposition(|event| !matches!(event.kind, Kind::Link { .. })).unwrap_or(0);
            let newest = events.get(base..).unwrap_or_default();
            let is_past = |lsn| self.is_freed(page, lsn) || self.is_replaced(page, lsn);
            if newest.first().is_some_and(|event| event.kind != Kind::Free && !is_past(event.place.lsn)) {
                let values = newest.iter().filter(|event| event.place.blob);
                found.extend(values.map(|event| (event.place.at.cast_signed(), event.code)));
            }
        }
        found
    }

    /// Whether a page was given back after that place of the log: whoever named it before that means another.
    pub fn is_freed_since(&self, id: u64, lsn: i64) -> bool {
        let events = self.events(id).iter().any(|event| event.kind == Kind::Free && event.place.lsn > lsn);
        events || self.is_freed(id, lsn)
    }

    /// The LSN of the newest base of a page; -1 when there is none.
    pub fn base_lsn(&self, id: u64) -> i64 {
        let base = self.events(id).iter().rfind(|event| matches!(event.kind, Kind::Replace { .. }));
        base.map_or(-1, |base| base.place.lsn)
    }

    /// Reads the best version of a page of a tree.
    ///
    /// # Errors
    /// IO_FAILED, PERMISSION_DENIED; never damage.
    pub fn page(&self, reader: &mut BodyReader, id: u64, page: &mut Page) -> Outcome<Version> {
        if id == META_PAGE || id == COUNTER_PAGE {
            return Ok(Version::None);
        }
        let fill = |page: &mut Page, body: &[u8]| page.fill(body).is_some();
        let link = |page: &mut Page, body: &[u8]| page.apply(body).is_ok();
        let version = self.read(reader, id, [8, 9], page, fill, link)?;
        match version {
            Version::Found(_) if page.check().is_err() => Ok(Version::Lost),
            version => Ok(version),
        }
    }

    /// Reads the best version of a page that has no changes.
    ///
    /// # Errors
    /// As `page`.
    pub fn plain<T>(
        &self,
        reader: &mut BodyReader,
        id: u64,
        codes: [u8; 2],
        parse: impl Fn(&[u8]) -> Option<T>,
    ) -> Outcome<(Version, Option<T>)> {
        let mut found = None;
        let fill = |found: &mut Option<T>, body: &[u8]| {
            *found = parse(body);
            found.is_some()
        };
        let version = self.read(reader, id, codes, &mut found, fill, |_, _| false)?;
        Ok((version, found))
    }

    fn read<T>(
        &self,
        reader: &mut BodyReader,
        id: u64,
        codes: [u8; 2],
        into: &mut T,
        fill: impl Fn(&mut T, &[u8]) -> bool,
        apply: impl Fn(&mut T, &[u8]) -> bool,
    ) -> Outcome<Version> {
        let events = self.events(id);
        let mut age = Age::Newest;
        let mut rest = events.len();
        while let Some(at) = events[..rest].iter().rposition(|event| !matches!(event.kind, Kind::Link { .. })) {
            let base = events[at];
            if base.kind == Kind::Free {
                return Ok(if age == Age::Newest && !self.is_replaced(id, base.place.lsn) {
                    Version::None
                } else {
                    Version::Lost
                });
            }
            if self.is_freed(id, base.place.lsn) {
                return Ok(Version::None);
            }
            let sound = reader.sound(id, base.place, codes, |body| fill(into, body))?;
            if !sound.unwrap_or(false) {
                // What was changed since was changed in a page that is lost.
                age = Age::Old;
                rest = at;
                continue;
            }
            age = age.max(self.age_of_base(id, base.place.lsn));
            for event in &events[at + 1..rest] {
                if age != Age::Newest && !self.is_change_of(id, base.place.lsn, event.place.lsn) {
                    age = Age::Old;
                    break;
                }
                if !reader.sound(id, event.place, [10, 11], |body| apply(into, body))?.unwrap_or(false) {
                    age = Age::Old;
                }
            }
            return Ok(Version::Found(age));
        }
        let known = self.snapshot.as_ref().map(|snapshot| snapshot.table.state(id));
        Ok(match known {
            Some(State::Present(_)) => Version::Lost,
            _ if events.is_empty() && !self.loss.behind(-1) => Version::None,
            _ => Version::Lost,
        })
    }

    /// How sure it is that a base is the newest, by the snapshot and by what is lost.
    fn age_of_base(&self, id: u64, base: i64) -> Age {
        let Some(snapshot) = &self.snapshot else {
            return if self.loss.behind(base) { Age::PerhapsOld } else { Age::Newest };
        };
        let links = self.events(id).iter().filter(|event| event.place.lsn > base);
        let old = match snapshot.table.state(id) {
            State::Present(known) if known.lsn > base => true,
            State::Present(known) if known.lsn == base => {
                let found: Vec<i64> = links.map(|event| event.place.lsn).collect();
                snapshot.table.links(id).iter().any(|link| !found.contains(&link.lsn))
            }
            _ => false,
        };
        match (old, self.loss.behind(base)) {
            (true, _) => Age::Old,
            (false, true) => Age::PerhapsOld,
            (false, false) => Age::Newest,
        }
    }

    /// Whether a change was surely made to the page with that base.
    fn is_change_of(&self, id: u64, base: i64, change: i64) -> bool {
        let known = self.snapshot.as_ref().is_some_and(|snapshot| {
            let same = matches!(snapshot.table.state(id), State::Present(known) if known.lsn == base);
            same && snapshot.table.links(id).iter().any(|link| link.lsn == change)
        });
        known || self.loss.is_solid(&self.survey, base, change, self.settings.segment_size)
    }

    /// Whether the snapshot knows that the page was given back after that.
    fn is_freed(&self, id: u64, lsn: i64) -> bool {
        let state = self.snapshot.as_ref().map(|snapshot| snapshot.table.state(id));
        matches!(state, Some(State::Free(freed)) if freed > lsn)
    }

    /// Whether the snapshot knows that the page was used again after that.
    fn is_replaced(&self, id: u64, lsn: i64) -> bool {
        let state = self.snapshot.as_ref().map(|snapshot| snapshot.table.state(id));
        matches!(state, Some(State::Present(base)) if base.lsn > lsn)
    }
}
