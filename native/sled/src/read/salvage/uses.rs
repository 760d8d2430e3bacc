//! Which use of a page is meant by what names it: sled gives ids of pages that are gone to new ones, of other trees too, and what is left of a page
//! may be older or newer than what names it.

use super::history::{Age, History, Written};

/// When a page was named by another: from `since` to `until`, both included, places of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Named {
    pub since: i64,
    pub until: i64,
}

impl Named {
    /// By a page that was changed last at `since`, and is the newest of its id or not.
    pub fn by(since: i64, is_newest: bool) -> Named {
        Named { since, until: if is_newest { i64::MAX } else { since } }
    }
}

/// Whether what was found of a page is of the use that was named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    Same,
    Another,
    /// The log does not tell.
    Unsure,
}

impl History {
    /// Which use of page `id` a version of that age is of that was written then.
    pub fn use_of(&self, id: u64, (age, written): (Age, Written), named: Named) -> Use {
        let base = written.base;
        if (named.since..=named.until).contains(&base) {
            return Use::Same;
        }
        let (from, to) = if base < named.since { (base, named.since) } else { (named.until, base) };
        if self.is_freed_between(id, from, to) {
            return Use::Another;
        }
        // A page that was given back and used again has a newer base; sled cleans away what is older than that.
        let is_newest = age == Age::Newest && base < named.since;
        if is_newest || self.loss.is_solid(from, to) { Use::Same } else { Use::Unsure }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::made::{header, message_of, segment};
    use crate::files::message::Kind;
    use crate::files::snapshot::Snapshot;
    use crate::files::table::{Place, Table};
    use crate::read::salvage::rescue::What;
    use crate::read::salvage::survey::{Event, Lost, Survey};
    use crate::read::salvage::tests::{LEAF, SETTINGS, SIZE, rescued};

    /// What a log of segments 0 to 9 tells without some of them: page 5 was given back there, and a part of the log cannot be read.
    fn log(without: &[u64], freed: Option<i64>, lost: Option<(i64, i64)>) -> History {
        let place = |lsn| Place { lsn, at: 0, size: 8, blob: false };
        let freed = freed.map(|lsn| Event { page: 5, kind: Kind::Free, code: 4, place: place(lsn) });
        let lost = lost.map(|lsns| Lost { offset: 0, length: 9, lsns: Some(lsns), zeros: false, message: true });
        let survey = Survey {
            events: freed.into_iter().collect(),
            lost: lost.into_iter().collect(),
            segments: (0..10).filter(|number| !without.contains(number)).map(|number| (number, number)).collect(),
            end: 2500,
            stable: 2400,
            tip_is_open: true,
            tail_is_zeros: true,
            ..Survey::default()
        };
        History::new(survey, None, SETTINGS)
    }

    #[test]
    fn an_id_means_the_page_that_had_it_when_it_was_named() {
        let [newest, old] = [Age::Newest, Age::PerhapsOld].map(|age| move |base| (age, Written { base, last: base }));
        let once = Named::by(900, false);
        let since = Named::by(900, true);
        // Written while it was named, whatever is lost.
        assert_eq!(log(&[0, 2, 5], Some(100), Some((1000, 1100))).use_of(5, old(1200), since), Use::Same);
        for (named, base) in [(once, 300), (once, 900), (once, 1500), (since, 300)] {
            assert_eq!(log(&[], None, None).use_of(5, old(base), named), Use::Same, "{named:?} {base}");
            // It was given back at another time, or in between.
            let (from, to) = (base.min(900), base.max(900));
            let use_with = |freed| log(&[], Some(freed), None).use_of(5, newest(base), named);
            assert_eq!([from - 1, from, to, to + 1].map(use_with), [Use::Same; 4], "{named:?} {base}");
            if from < to {
                assert_eq!([from + 1, to - 1].map(use_with), [Use::Another; 2], "{named:?} {base}");
                assert_eq!(log(&[], Some(from + 1), None).use_of(6, newest(base), named), Use::Same);
            }
        }
        // What is lost in between may have told that, and segments that were cleaned away; not where nothing newer of the page can be lost.
        for (base, named, lost) in [(300, since, (500, 600)), (300, once, (500, 600)), (1500, once, (1000, 1100))] {
            assert_eq!(log(&[], None, Some(lost)).use_of(5, old(base), named), Use::Unsure);
            let size = SIZE as i64;
            for number in 0..8 {
                let is_between = (base.min(900) / size..=base.max(900) / size).contains(&number);
                let expected = if is_between { Use::Unsure } else { Use::Same };
                let cleaned = log(&[number.unsigned_abs()], None, None);
                assert_eq!(cleaned.use_of(5, old(base), named), expected, "{base} {number}");
            }
        }
        // A snapshot may know that it was given back, too.
        let mut table = Table::default();
        assert!(table.apply(5, Kind::Free, Place { lsn: 1000, at: 0, size: 8, blob: false }));
        let snapshot = Snapshot { stable: 2000, table, used: [].into() };
        let known = History::new(log(&[], None, None).survey, Some(snapshot), SETTINGS);
        assert_eq!(
            [900, 1100].map(|named| known.use_of(5, old(1500), Named::by(named, false))),
            [Use::Another, Use::Same]
        );
        assert_eq!(log(&[2], None, Some((500, 600))).use_of(5, newest(300), since), Use::Same);
        assert_eq!(log(&[4], None, None).use_of(5, newest(1500), once), Use::Unsure);
    }

    #[test]
    fn what_may_have_been_another_trees_is_told_to_be_that() {
        let list = |number| message_of(6, number, 0, b"\x01a\x05");
        let ages_of = |first: &[Vec<u8>], list: Vec<u8>| {
            // The second of three segments cannot be read; the third names page 5.
            let lost = [header(256, 0).iter().map(|byte| byte ^ 1).collect(), vec![7; SIZE - 20]].concat();
            let log = [segment(SIZE, 0, first), lost, segment(SIZE, 512, &[list])].concat();
            let rescue = rescued("uses", &log);
            let age = |what: &What| match what {
                What::Entries { age, .. } => Some(*age),
                What::Gap { .. } => None,
            };
            let trees = rescue.trees.iter().map(|tree| (tree.name.is_some(), age(&tree.stretches[0].what)));
            trees.collect::<Vec<_>>()
        };
        let ages = |first: &[Vec<u8>]| ages_of(first, list(2));
        let page = || message_of(8, 0, 5, LEAF);
        assert_eq!(ages(&[page()]), [(true, Some(Age::PerhapsAnothers))]);
        // It was this tree's before, too.
        assert_eq!(ages(&[list(0), page()]), [(true, Some(Age::PerhapsOld))]);
        // A list between the two that cannot be read may have named it otherwise.
        let unread = message_of(6, 0, 0, b"\x09a");
        assert_eq!(ages(&[list(0), page(), unread]), [(true, Some(Age::PerhapsAnothers))]);
        // So is what it leads to: page 6.
        let index_of = |page, child| message_of(8, 0, page, &[0, 0, 0, 0, 0, 0, 1, 1, 0, child]);
        let leads = [index_of(5, 6), message_of(8, 0, 6, LEAF)];
        assert_eq!(ages(&leads), [(true, Some(Age::PerhapsAnothers))]);
        // What was a page of tree b, without doubt, is that; then it is none of tree a.
        let [of_b, of_both] =
            [(0, &b"\x01b\x07"[..]), (2, b"\x01a\x05\x01b\x07")].map(|(at, list)| message_of(6, at, 0, list));
        let expected = [(true, None), (true, Some(Age::PerhapsOld))];
        assert_eq!(ages_of(&[of_b, index_of(7, 5), page()], of_both), expected);
        // It was given back before it was named again.
        assert_eq!(ages(&[list(0), page(), message_of(4, 0, 5, b"")]), [(true, None)]);
    }
}
