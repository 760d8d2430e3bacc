//! The best version of each page that a damaged log still has.

use super::loss::Loss;
use super::survey::{Event, Survey};
use crate::fault::Outcome;
use crate::files::conf::Settings;
use crate::files::message::Kind;
use crate::files::meta::trees;
use crate::files::page::Page;
use crate::files::snapshot::Snapshot;
use crate::files::table::{COUNTER_PAGE, META_PAGE, State};
use crate::read::pages::BodyReader;

/// How sure it is that a page is the newest that there was where it is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Age {
    /// Nothing newer was written.
    Newest,
    /// Something newer may have been written where the log is lost.
    PerhapsOld,
    /// Something newer was written, and is lost.
    Old,
    /// It may have been another tree's, too, which had the page's id before or has it since.
    PerhapsAnothers,
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

/// When the version of a page that was found was written: places of the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Written {
    pub base: i64,
    /// Its last change, or its base.
    pub last: i64,
}

/// All pages of a damaged store.
#[derive(Debug)]
pub struct History {
    pub survey: Survey,
    pub loss: Loss,
    snapshot: Option<Snapshot>,
}

impl History {
    /// The history that a log tells; a snapshot tells what of it is lost.
    pub fn new(survey: Survey, snapshot: Option<Snapshot>, settings: Settings) -> History {
        let loss = Loss::of(&survey, snapshot.as_ref(), settings.segment_size);
        History { survey, loss, snapshot }
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

    /// Whether a page was given back between two places of the log.
    pub fn is_freed_between(&self, id: u64, from: i64, to: i64) -> bool {
        let between = |lsn: i64| from < lsn && lsn < to;
        let state = self.snapshot.as_ref().map(|snapshot| snapshot.table.state(id));
        self.events(id).iter().any(|event| event.kind == Kind::Free && between(event.place.lsn))
            || matches!(state, Some(State::Free(freed)) if between(freed))
    }

    /// Since when the lists of trees that are left have named each of these roots so, up to `newest`; all are places of the log.
    ///
    /// # Errors
    /// IO_FAILED, PERMISSION_DENIED; never damage.
    pub fn named_since(&self, reader: &mut BodyReader, newest: i64, known: &[(Vec<u8>, u64)]) -> Outcome<Vec<i64>> {
        let mut since = vec![newest; known.len()];
        let mut left: Vec<usize> = (0..known.len()).collect();
        for event in self.events(META_PAGE).iter().rev().filter(|event| event.place.lsn < newest) {
            let list = reader.sound(META_PAGE, event.place, [6, 7], trees)?.flatten().unwrap_or_default();
            left.retain(|&at| list.binary_search(&known[at]).is_ok());
            if left.is_empty() {
                break;
            }
            left.iter().for_each(|&at| since[at] = event.place.lsn);
        }
        Ok(since)
    }

    /// Reads the best version of a page of a tree.
    ///
    /// # Errors
    /// IO_FAILED, PERMISSION_DENIED; never damage.
    pub fn page(&self, reader: &mut BodyReader, id: u64, page: &mut Page) -> Outcome<(Version, Written)> {
        if id == META_PAGE || id == COUNTER_PAGE {
            return Ok((Version::None, Written::default()));
        }
        let fill = |page: &mut Page, body: &[u8]| page.fill(body).is_some();
        let link = |page: &mut Page, body: &[u8]| page.apply(body).is_ok();
        let (version, written) = self.read(reader, id, [8, 9], page, fill, link)?;
        let is_sound = !matches!(version, Version::Found(_)) || page.check().is_ok();
        Ok((if is_sound { version } else { Version::Lost }, written))
    }

    /// Reads the best version of a page that has no changes; tells, too, when it was written.
    ///
    /// # Errors
    /// As `page`.
    pub fn plain<T>(
        &self,
        reader: &mut BodyReader,
        id: u64,
        codes: [u8; 2],
        parse: impl Fn(&[u8]) -> Option<T>,
    ) -> Outcome<(Version, Written, Option<T>)> {
        let mut found = None;
        let fill = |found: &mut Option<T>, body: &[u8]| {
            *found = parse(body);
            found.is_some()
        };
        let (version, written) = self.read(reader, id, codes, &mut found, fill, |_, _| false)?;
        Ok((version, written, found))
    }

    fn read<T>(
        &self,
        reader: &mut BodyReader,
        id: u64,
        codes: [u8; 2],
        into: &mut T,
        fill: impl Fn(&mut T, &[u8]) -> bool,
        apply: impl Fn(&mut T, &[u8]) -> bool,
    ) -> Outcome<(Version, Written)> {
        let events = self.events(id);
        let mut written = Written::default();
        let mut age = Age::Newest;
        let mut rest = events.len();
        while let Some(at) = events[..rest].iter().rposition(|event| !matches!(event.kind, Kind::Link { .. })) {
            let base = events[at];
            if base.kind == Kind::Free {
                let is_gone = age == Age::Newest && !self.is_replaced(id, base.place.lsn);
                return Ok((if is_gone { Version::None } else { Version::Lost }, written));
            }
            if self.is_freed(id, base.place.lsn) {
                return Ok((Version::None, written));
            }
            let sound = reader.sound(id, base.place, codes, |body| fill(into, body))?;
            if !sound.unwrap_or(false) {
                // What was changed since was changed in a page that is lost.
                age = Age::Old;
                rest = at;
                continue;
            }
            (written.base, written.last) = (base.place.lsn, base.place.lsn);
            age = age.max(self.age_of_base(id, base.place.lsn));
            for event in &events[at + 1..rest] {
                if age != Age::Newest && !self.is_change_of(id, base.place.lsn, event.place.lsn) {
                    age = Age::Old;
                    break;
                }
                let sound = reader.sound(id, event.place, [10, 11], |body| apply(into, body))?;
                if sound.unwrap_or(false) {
                    written.last = event.place.lsn;
                } else {
                    age = Age::Old;
                }
            }
            return Ok((Version::Found(age), written));
        }
        let known = self.snapshot.as_ref().map(|snapshot| snapshot.table.state(id));
        let version = match known {
            Some(State::Present(_)) => Version::Lost,
            _ if events.is_empty() && !self.loss.behind(-1) => Version::None,
            _ => Version::Lost,
        };
        Ok((version, written))
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
        known || self.loss.is_solid(base, change)
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
