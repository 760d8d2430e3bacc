use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::slice::from_ref;

use super::history::{Age, History, Version};
use super::loss::Loss;
use super::plan::{Piece, Span, Walker};
use super::rescue::Rescue;
use super::survey::{Lost, Survey, survey};
use crate::files::conf::{DEFAULTS, Settings};
use crate::files::made::{header, message_of, segment};
use crate::files::message::Kind;
use crate::files::page::Page;
use crate::files::snapshot::Snapshot;
use crate::files::table::{Place, Table};
use crate::read::pages::BodyReader;

pub(super) const SIZE: usize = 256;
pub(super) const SETTINGS: Settings = Settings { segment_size: SIZE, ..DEFAULTS };
/// A leaf of all keys, without any; and a change that puts one.
pub(super) const LEAF: &[u8] = &[0; 8];
const PUT: &[u8] = &[0, 1, b'k', 1, b'v'];

/// A store with this log, which goes with it.
pub(super) struct Made(PathBuf);

impl Made {
    pub(super) fn new(name: &str, log: &[u8]) -> Made {
        let directory = std::env::temp_dir().join(format!("kgdump-salvage-{name}-{}", std::process::id()));
        fs::create_dir(&directory).unwrap();
        fs::write(directory.join("db"), log).unwrap();
        Made(directory)
    }

    fn survey(&self) -> Survey {
        survey(&self.0.join("db"), SIZE).unwrap()
    }

    /// What is found of page 5 with this snapshot, and how many entries it has.
    fn page(&self, snapshot: Option<Snapshot>) -> (Version, usize) {
        let history = History::new(self.survey(), snapshot, SETTINGS);
        let mut page = Page::default();
        let mut reader = BodyReader::open(&self.0, SETTINGS).unwrap();
        let (version, _) = history.page(&mut reader, 5, &mut page).unwrap();
        (version, page.len())
    }

    /// What is left of it.
    pub(super) fn rescue(&self) -> Rescue {
        let conf = b"segment_size: 256\nuse_compression: false\nversion: 0.34\n";
        fs::write(self.0.join("conf"), [&conf[..], &crc32fast::hash(conf).to_le_bytes()].concat()).unwrap();
        Rescue::open(&self.0).unwrap()
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A snapshot that knows of page 5 what these messages said, each with its LSN.
fn snapshot(stable: i64, messages: &[(Kind, i64)]) -> Snapshot {
    let mut table = Table::default();
    for &(kind, lsn) in messages {
        assert!(table.apply(5, kind, Place { lsn, at: lsn.unsigned_abs(), size: 16, blob: false }));
    }
    Snapshot { stable, table, used: BTreeSet::new() }
}

const BASE: Kind = Kind::Replace { blob: false };
const LINK: Kind = Kind::Link { blob: false };

#[test]
fn a_log_says_what_its_sound_messages_say_and_what_is_not_there() {
    let pages = |found: &Survey| found.events.iter().map(|event| event.page).collect::<Vec<_>>();
    // Two batches that are not whole, with a page before, between and behind them.
    let beyond = 1000_i64.to_le_bytes();
    let [two, three, four] = [2, 3, 4].map(|page| message_of(8, 0, page, b"x"));
    let batch = message_of(3, 0, 0, &beyond);
    let log = segment(SIZE, 0, &[two.clone(), batch.clone(), three.clone(), batch, four.clone()]);
    let found = Made::new("batches", &log).survey();
    assert_eq!((pages(&found), found.batch_cut), (vec![2], 2));
    // A message that is damaged, between others.
    let mut wrong = three.clone();
    *wrong.last_mut().unwrap() ^= 1;
    let found = Made::new("between", &segment(SIZE, 0, &[two.clone(), wrong, four])).survey();
    assert_eq!((pages(&found), found.lost.len(), found.tip_is_open), (vec![2, 4], 1, true));
    // A segment whose header is gone.
    let mut headless = segment(SIZE, 0, from_ref(&two));
    headless[..20].fill(0);
    assert_eq!(pages(&Made::new("headless", &headless).survey()), [2]);
    // Bytes behind the end of a segment that holds nothing else, and of one that was used before.
    let mut rest = segment(SIZE, 0, from_ref(&two));
    rest[100] = 7;
    let found = Made::new("rest", &rest).survey();
    assert_eq!((found.lost.len(), found.tail_is_zeros), (1, false));
    // Zeros, and a file that was written so far, or cut off there.
    let one = segment(SIZE, 0, from_ref(&two));
    let ends = [SIZE, SIZE - 1, 20 + two.len()].map(|end| {
        let found = Made::new(&format!("end-{end}"), &one[..end]).survey();
        (found.tail_is_zeros, found.ends_in_message, found.is_cut)
    });
    assert_eq!(ends, [(true, false, false), (true, false, false), (true, true, false)]);
    let mut again = [segment(SIZE, 256, &[message_of(8, 1, 2, b"x")]), segment(SIZE, 0, from_ref(&two))].concat();
    again[100] = 7;
    assert_eq!(Made::new("again", &again).survey().lost.iter().filter(|lost| lost.offset < 256).count(), 0);
    // How far it was written, by a header.
    let stable = Made::new("stable", &[header(0, 4096), vec![0; SIZE - 20]].concat()).survey();
    assert_eq!(stable.stable, 4096);
    // A file that ends where sled ends none: in a segment before the last one, and in one that has no header.
    let whole = [segment(SIZE, 256, &[]), segment(SIZE, 0, &[two])].concat();
    assert!(!Made::new("whole", &whole).survey().is_cut);
    assert!(Made::new("cut", &whole[..400]).survey().is_cut);
    assert!(Made::new("cut-header", &whole[..266]).survey().is_cut);
    // A segment that is there twice.
    let one = segment(SIZE, 0, &[message_of(8, 0, 2, b"x")]);
    assert!(!Made::new("one", &one).survey().is_unsure);
    assert!(Made::new("two", &[one.clone(), one].concat()).survey().is_unsure);
}

#[test]
fn what_is_lost_of_a_log_is_told_by_what_is_there() {
    let size = SIZE as i64;
    /// Segments 1 and 2 of a log, of which nothing is missing, the last with room for more.
    fn sound() -> Survey {
        let segments = [(1, 1), (2, 2)].into();
        Survey { segments, end: 600, tip_is_open: true, tail_is_zeros: true, stable: 256, ..Survey::default() }
    }
    let lost = |lsns, zeros| Lost { offset: 0, length: 256, lsns, zeros, message: false };
    let parts = |survey: &Survey, snapshot: Option<&Snapshot>| Loss::of(survey, snapshot, SIZE).parts;
    let rest = (600, i64::MAX);
    let before = (0, size);
    assert_eq!(parts(&sound(), None), []);
    // It was written further than it goes.
    assert_eq!(parts(&Survey { stable: 1024, ..sound() }, None), [rest]);
    assert_eq!(parts(&sound(), Some(&snapshot(1000, &[]))), [(600, i64::MAX)]);
    // From there on it has no gaps.
    let gap = Survey { segments: [(0, 0), (2, 2)].into(), stable: 0, ..sound() };
    assert_eq!(parts(&gap, None), [(size, 2 * size)]);
    // What a snapshot knows is lost before its place, and what goes on behind that is not.
    for (known, expected) in [(size, true), (size + 1, true), (2 * size - 1, true), (2 * size, false), (530, false)] {
        let found = parts(&gap, Some(&snapshot(known, &[])));
        assert_eq!(found, if expected { vec![(size, 2 * size)] } else { vec![] }, "{known}");
    }
    // Its end is damaged, or belongs to a batch that is not whole.
    assert_eq!(parts(&Survey { lost: vec![lost(Some((600, 700)), false)], ..sound() }, None), [(600, 700), rest]);
    assert_eq!(parts(&Survey { batch_cut: 1, ..sound() }, None), [rest]);
    // Something that nothing is known of may have been any segment, and what seems to be the last one may not be that; zeros are none behind one that
    // has room.
    let zeros = Survey { lost: vec![lost(None, true)], ..sound() };
    assert_eq!(parts(&zeros, None), [before]);
    assert_eq!(parts(&Survey { tip_is_open: false, ..zeros }, None), [before, rest]);
    let noise = || Survey { lost: vec![lost(None, false)], ..sound() };
    let odd = [
        noise(),
        Survey { is_cut: true, ..sound() },
        Survey { is_unsure: true, ..sound() },
        Survey { ends_in_message: true, ..sound() },
    ];
    for survey in odd {
        assert_eq!(parts(&survey, None), [before, rest]);
        // A snapshot tells how far the log went before, and behind a last segment that has room there is none.
        assert_eq!(parts(&survey, Some(&snapshot(520, &[]))), []);
    }
    for survey in [Survey { tip_is_open: false, ..noise() }, Survey { tail_is_zeros: false, ..noise() }] {
        assert_eq!(parts(&survey, Some(&snapshot(520, &[]))), [rest]);
    }
    // What a segment held before cannot be told from noise over its last messages, unless a snapshot tells.
    let littered = || Survey { tail_is_zeros: false, ..sound() };
    assert_eq!(parts(&littered(), None), [rest]);
    assert_eq!(parts(&littered(), Some(&snapshot(520, &[]))), []);
    // Zeros are no loss where a snapshot names nothing, and no segment behind them in the file was begun since.
    let zeros_at = |offset, used: &[u64]| {
        let lost = vec![Lost { offset, ..lost(None, true) }];
        let survey = Survey { segments: [(1, 1), (3, 2)].into(), end: 800, stable: 768, lost, ..sound() };
        parts(&survey, Some(&Snapshot { used: used.iter().copied().collect(), ..snapshot(300, &[]) }))
    };
    assert_eq!(zeros_at(5 * 256, &[]), []);
    assert_eq!(zeros_at(5 * 256, &[5]), [(2 * size, 3 * size)]);
    assert_eq!(zeros_at(0, &[]), [(2 * size, 3 * size)]);
    // One at the end of the file, for which the two that were begun since had room, or had none.
    assert_eq!(zeros_at(3 * 256, &[]), []);
    assert_eq!(zeros_at(3 * 256, &[0]), [(2 * size, 3 * size)]);
}

#[test]
fn a_page_is_as_new_as_log_and_snapshot_tell() {
    let [base, link] = [message_of(8, 0, 5, LEAF), message_of(10, 0, 5, PUT)];
    let (first, second, third) = (20, 36, 49);
    let log = segment(SIZE, 0, &[base.clone(), link.clone()]);
    let made = Made::new("page", &log);
    assert_eq!(made.page(None), (Version::Found(Age::Newest), 1));
    assert_eq!(made.page(Some(snapshot(40, &[(BASE, first), (LINK, second)]))), (Version::Found(Age::Newest), 1));
    // The snapshot knows another change, a newer base, or that it was given back.
    let lacks = snapshot(40, &[(BASE, first), (LINK, second), (LINK, third)]);
    assert_eq!(made.page(Some(lacks)).0, Version::Found(Age::Old));
    assert_eq!(made.page(Some(snapshot(40, &[(BASE, third)]))).0, Version::Found(Age::Old));
    assert_eq!(made.page(Some(snapshot(40, &[(Kind::Free, third)]))).0, Version::None);
    // What is lost behind it may have been newer.
    assert_eq!(made.page(Some(snapshot(1000, &[(BASE, first), (LINK, second)]))).0, Version::Found(Age::PerhapsOld));
    // A change that cannot be read.
    let odd = Made::new("odd", &segment(SIZE, 0, &[base.clone(), message_of(10, 0, 5, b"\x09")]));
    assert_eq!(odd.page(None).0, Version::Found(Age::Old));
    // A newer base that is none, with a change of its own.
    let newer =
        [base.clone(), link.clone(), message_of(8, 0, 5, b"none"), message_of(10, 0, 5, &[0, 1, b'l', 1, b'v'])];
    assert_eq!(Made::new("newer", &segment(SIZE, 0, &newer)).page(None), (Version::Found(Age::Old), 1));
    // It was given back, and perhaps used again.
    let freed = Made::new("freed", &segment(SIZE, 0, &[base, message_of(4, 0, 5, b"")]));
    assert_eq!(freed.page(None).0, Version::None);
    assert_eq!(freed.page(Some(snapshot(60, &[(BASE, third)]))).0, Version::Lost);
    // Nothing is left of it.
    let nothing = Made::new("nothing", &segment(SIZE, 0, &[message_of(8, 0, 2, LEAF)]));
    assert_eq!(nothing.page(None).0, Version::None);
    assert_eq!(nothing.page(Some(snapshot(30, &[(BASE, first)]))).0, Version::Lost);
}

#[test]
fn value_files_that_a_page_needs_are_looked_for() {
    let base = message_of(9, 0, 5, &77_i64.to_le_bytes());
    let made = Made::new("values", &segment(SIZE, 0, from_ref(&base)));
    let needed = |made: &Made, snapshot| History::new(made.survey(), snapshot, SETTINGS).value_files();
    assert_eq!(needed(&made, None), [(77, 9)]);
    assert_eq!(needed(&made, Some(snapshot(60, &[(BASE, 40)]))), []);
    let freed = Made::new("values-freed", &segment(SIZE, 0, &[base, message_of(4, 0, 5, b"")]));
    assert_eq!(needed(&freed, None), []);
}

/// What is left of a store with this log.
pub(super) fn rescued(name: &str, log: &[u8]) -> Rescue {
    Made::new(name, log).rescue()
}

/// A tree `a` of two leaves: the list of trees, the root 5, page 6 with the keys a and b, and page 7 with the key m, from which on its keys are.
pub(super) fn two_leaves() -> [Vec<u8>; 4] {
    [
        message_of(6, 0, 0, b"\x01a\x05"),
        message_of(8, 0, 5, b"\0\0\0\0\0\0\x01\x02\0\x01m\x06\x07"),
        message_of(8, 0, 6, b"\x07\0\0\0\0\x01m\0\x02\x01a\x01b\x011\x012"),
        message_of(8, 0, 7, b"\0\0\0\0\x01m\0\0\x01\x01m\x013"),
    ]
}

/// A newer version of a page, which cannot be read.
pub(super) fn unreadable(page: u8) -> Vec<u8> {
    message_of(8, 0, page, b"none")
}

#[test]
fn the_list_of_trees_and_the_counter_are_each_told_to_be_lost() {
    let lists = [message_of(6, 0, 0, b"\x01a\x05"), message_of(6, 0, 0, b"\x09a")];
    let counters = [message_of(5, 0, 1, &[9]), message_of(5, 0, 1, b"")];
    for (is_list_lost, is_counter_lost) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
        let messages = [lists[is_list_lost].clone(), counters[is_counter_lost].clone(), message_of(8, 0, 5, LEAF)];
        let rescue = rescued(&format!("lost-{is_list_lost}-{is_counter_lost}"), &segment(SIZE, 0, &messages));
        let told = |what: &str| rescue.problems.iter().filter(|problem| problem.what.starts_with(what)).count();
        assert_eq!(told("the names of its trees are lost"), is_list_lost);
        assert_eq!(told("the counter behind generate_id is lost"), is_counter_lost);
    }
}

#[test]
fn nothing_is_called_whole_that_an_export_refuses() {
    const INDEX: &[u8] = &[0, 0, 0, 0, 0, 0, 1, 1, 0, 6];
    let list = message_of(6, 0, 0, b"\x01a\x05");
    let [index, leaf, put] = [message_of(8, 0, 5, INDEX), message_of(8, 0, 6, LEAF), message_of(10, 0, 6, PUT)];
    let sound = [list, index, leaf, put].to_vec();
    let told = |name: &str, messages: &[Vec<u8>]| {
        let rescue = rescued(name, &segment(SIZE, 0, messages));
        assert_eq!((rescue.problems.len(), rescue.trees.len()), (0, 1), "{name}: {:?}", rescue.problems);
        rescue.refusal.map(|problem| problem.what)
    };
    assert_eq!(told("agrees", &sound), None);
    // A leaf that was merged, of which its parent knows nothing.
    let merged = [sound, vec![message_of(10, 0, 6, &[4])]].concat();
    assert!(told("merged", &merged).is_some_and(|what| what.contains("is being merged")));
}

/// Keys from, inclusive, to, exclusive; "" for no end.
pub(super) fn span(lo: &str, hi: &str) -> Span {
    Span { lo: lo.into(), hi: (!hi.is_empty()).then(|| hi.into()) }
}

/// Pieces as `id lo..hi age`, or `gap lo..hi`.
pub(super) fn shown(pieces: &[Piece]) -> Vec<String> {
    let text = |span: &Span| {
        let hi = span.hi.as_deref().map(String::from_utf8_lossy).unwrap_or_default();
        format!("{}..{hi}", String::from_utf8_lossy(&span.lo))
    };
    let one = |piece: &Piece| match piece {
        Piece::Leaf { leaf, span } => format!("{} {} {:?}", leaf.id, text(span), leaf.age),
        Piece::Gap { span, .. } => format!("gap {}", text(span)),
        Piece::Later { .. } => "later".to_string(),
    };
    pieces.iter().map(one).collect()
}

#[test]
fn what_is_behind_a_page_whose_sibling_is_lost_is_missing() {
    // A leaf of the keys below m, without any; its sibling is page 7.
    let made = Made::new("bound", &segment(SIZE, 0, &[message_of(8, 0, 5, &[7, 0, 0, 0, 0, 1, b'm', 0, 0])]));
    let history = History::new(made.survey(), None, SETTINGS);
    let mut walker = Walker::new(&history, BodyReader::open(&made.0, SETTINGS).unwrap());
    assert_eq!(shown(&walker.tree(5, 0, Age::Newest).unwrap()), ["5 ..m Newest", "gap m.."]);
}
