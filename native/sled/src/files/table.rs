//! The table of pages that a log or a snapshot makes: where the parts of each page lie.

use std::collections::HashMap;

use super::message::Kind;

/// The page that names the trees and their roots.
pub const META_PAGE: u64 = 0;
/// The page of the counter behind sled's `generate_id`.
pub const COUNTER_PAGE: u64 = 1;
/// Pages that a table holds at most: sled's own bound, 2^37, is more than any memory.
const MOST_PAGES: u64 = 1 << 34;

/// Where a part of a page lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Of the message in the log.
    pub lsn: i64,
    /// Offset of the message in the file `db`, or the number of the value file.
    pub at: u64,
    /// Bytes of the message.
    pub size: u32,
    /// Whether it lies in a value file.
    pub blob: bool,
}

/// What is known of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Nothing was written of it, or it is lost.
    Unknown,
    /// It was given back by this LSN.
    Free(i64),
    /// It has its base there; its changes are in `Table::links`.
    Present(Place),
}

/// Where each page lies.
#[derive(Debug, Default)]
pub struct Table {
    pages: Vec<State>,
    /// Changes since a page's base, oldest first; only of pages that have some.
    links: HashMap<u64, Vec<Place>>,
}

impl Table {
    /// Takes a message into account, as sled does when it replays its log: messages come with ascending LSNs. Returns whether
    /// there can be such a page.
    pub fn apply(&mut self, page: u64, kind: Kind, place: Place) -> bool {
        let Some(index) = usize::try_from(page).ok().filter(|_| page < MOST_PAGES) else { return false };
        match kind {
            // A change of a page whose base is not there belongs to one that was written anew later.
            Kind::Link { .. } if !matches!(self.state(page), State::Present(_)) => {}
            Kind::Link { .. } => self.links.entry(page).or_default().push(place),
            Kind::Replace { .. } | Kind::Free => {
                if self.pages.len() <= index {
                    if self.pages.try_reserve(index + 1 - self.pages.len()).is_err() {
                        return false;
                    }
                    self.pages.resize(index + 1, State::Unknown);
                }
                if !self.links.is_empty() {
                    self.links.remove(&page);
                }
                self.pages[index] = if kind == Kind::Free { State::Free(place.lsn) } else { State::Present(place) };
            }
            Kind::Batch | Kind::Other => {}
        }
        true
    }

    /// What is known of a page.
    pub fn state(&self, page: u64) -> State {
        usize::try_from(page).ok().and_then(|index| self.pages.get(index)).copied().unwrap_or(State::Unknown)
    }

    /// The changes since the page's base, oldest first.
    pub fn links(&self, page: u64) -> &[Place] {
        self.links.get(&page).map_or(&[], |links| links)
    }

    /// Ids of pages are below this.
    pub fn end(&self) -> u64 {
        self.pages.len() as u64
    }

    /// The LSN of the last message about a page; None when nothing is known of it.
    pub fn last_lsn(&self, page: u64) -> Option<i64> {
        match self.state(page) {
            State::Unknown => None,
            State::Free(lsn) => Some(lsn),
            State::Present(base) => Some(self.links(page).last().map_or(base.lsn, |link| link.lsn)),
        }
    }

    /// The first page of which this table misses what `other`, an earlier state, has: its base, a change or that it was given back.
    pub fn behind(&self, other: &Table) -> Option<u64> {
        (0..other.end()).find(|&page| self.misses(other, page))
    }

    /// Whether this table misses a part of a page that `other`, an earlier state, has.
    pub fn misses(&self, other: &Table, page: u64) -> bool {
        let base_of = |table: &Table| match table.state(page) {
            State::Unknown => None,
            State::Free(lsn) => Some(lsn),
            State::Present(base) => Some(base.lsn),
        };
        match (base_of(self), base_of(other)) {
            (_, None) => false,
            (Some(own), Some(old)) if own > old => false,
            (Some(own), Some(old)) if own == old => {
                let links = self.links(page);
                other.links(page).iter().any(|link| !links.iter().any(|own| own.lsn == link.lsn))
            }
            _ => true,
        }
    }

    /// Pages that need a value file, and its number.
    pub fn value_files(&self) -> impl Iterator<Item = (u64, Place)> + '_ {
        let bases = self.pages.iter().zip(0..).filter_map(|(state, page)| match state {
            State::Present(place) if place.blob => Some((page, *place)),
            _ => None,
        });
        let links = self.links.iter().flat_map(|(&page, links)| links.iter().map(move |&link| (page, link)));
        bases.chain(links.filter(|(_, link)| link.blob))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_the_changes_since_its_base_and_no_others() {
        let place = |lsn: i64, blob: bool| Place { lsn, at: lsn.unsigned_abs(), size: 9, blob };
        let mut table = Table::default();
        let mut lsns = |kind, lsn, blob| {
            assert!(table.apply(7, kind, place(lsn, blob)));
            (table.links(7).iter().map(|link| link.lsn).collect::<Vec<_>>(), table.value_files().count())
        };
        let (link, base) = (Kind::Link { blob: true }, Kind::Replace { blob: false });
        // Of a base that is not there, as its segment was used again, nothing is kept, nor are value files asked for.
        assert_eq!(lsns(link, 1, true), (vec![], 0));
        assert_eq!(lsns(base, 2, false), (vec![], 0));
        assert_eq!(lsns(link, 3, true), (vec![3], 1));
        assert_eq!(lsns(Kind::Link { blob: false }, 4, false), (vec![3, 4], 1));
        assert_eq!(lsns(base, 5, false), (vec![], 0));
        assert_eq!(lsns(link, 6, true), (vec![6], 1));
        assert_eq!(lsns(Kind::Free, 7, false), (vec![], 0));
        assert_eq!(lsns(link, 8, true), (vec![], 0));
        assert!(!table.apply(MOST_PAGES, base, place(9, false)));
    }

    #[test]
    fn what_an_earlier_state_has_of_a_page_is_missed_one_by_one() {
        let (base, link) = (Kind::Replace { blob: false }, Kind::Link { blob: false });
        let of = |messages: &[(Kind, i64)]| {
            let mut table = Table::default();
            for &(kind, lsn) in messages {
                assert!(table.apply(1, kind, Place { lsn, at: 0, size: 9, blob: false }));
            }
            table
        };
        let earlier = [(base, 10), (link, 20), (link, 30)];
        for (own, expected) in [
            (&[][..], true),
            (&[(base, 9)], true),
            (&[(base, 10)], true),
            (&[(base, 10), (link, 30)], true),
            // As many changes, or more, are not the same ones.
            (&[(base, 10), (link, 20), (link, 40)], true),
            (&[(base, 10), (link, 30), (link, 40), (link, 50)], true),
            (&[(base, 9), (link, 10), (link, 20), (link, 30)], true),
            (&[(Kind::Free, 9)], true),
            (&earlier, false),
            (&[(base, 10), (link, 20), (link, 30), (link, 40)], false),
            (&[(base, 40)], false),
            (&[(Kind::Free, 40)], false),
        ] {
            assert_eq!(of(own).behind(&of(&earlier)), expected.then_some(1), "{own:?}");
        }
        let freed = of(&[(Kind::Free, 10)]);
        assert_eq!([9, 10, 11].map(|lsn| of(&[(Kind::Free, lsn)]).misses(&freed, 1)), [true, false, false]);
    }

    #[test]
    fn each_change_with_a_value_file_needs_it() {
        // Base and changes of one page, each with a file or without.
        for blobs in 0..1 << 4_u64 {
            let mut table = Table::default();
            for number in 0..4 {
                let blob = blobs >> number & 1 == 1;
                let kind = if number == 0 { Kind::Replace { blob } } else { Kind::Link { blob } };
                assert!(table.apply(3, kind, Place { lsn: 1, at: number, size: 9, blob }));
            }
            let mut needed: Vec<_> = table.value_files().map(|(page, place)| (page, place.at)).collect();
            needed.sort_unstable();
            let expected: Vec<_> = (0..4).filter(|number| blobs >> number & 1 == 1).map(|at| (3, at)).collect();
            assert_eq!(needed, expected);
        }
    }
}
