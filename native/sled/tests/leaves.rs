//! Reading trees leaf by leaf, against sled's own iterator and lookups: trees made by hand, whole and damaged.

#[allow(dead_code)] // Not every test needs all of it.
mod support;

use std::path::Path;

use kgdump_sled::fault::{Code, Outcome, SledFault};
use kgdump_sled::read::pass::KeyRange;
use kgdump_sled::read::store::FileStore;
use kgdump_sled::store::DEFAULT_TREE;
use kgdump_sled::write::load::page::put_varint;
use sled::Db;
use sled::bulk::{PageLoader, Reserved};

use support::reading::{Pairs, all, read, read_files};
use support::{open_plain, scratch};

/// How a tree that is whole becomes another.
type Change = fn(&mut Vec<Page>);

/// A page of a tree that is made by hand. Pages are known by their places; 0 is the root.
#[derive(Clone)]
struct Page {
    lo: &'static str,
    hi: &'static str,
    next: Option<usize>,
    merging_child: Option<usize>,
    merging: bool,
    prefix: u8,
    body: Body,
}

#[derive(Clone)]
enum Body {
    /// Keys as they stand in the page, and as many values as the number says; a value is the key behind "v".
    Leaf(Vec<&'static str>, usize),
    Index(Vec<(&'static str, usize)>),
}

fn leaf(lo: &'static str, hi: &'static str, next: Option<usize>, keys: &[&'static str]) -> Page {
    let body = Body::Leaf(keys.to_vec(), keys.len());
    Page { lo, hi, next, merging_child: None, merging: false, prefix: 0, body }
}

fn index(lo: &'static str, hi: &'static str, next: Option<usize>, children: &[(&'static str, usize)]) -> Page {
    Page { body: Body::Index(children.to_vec()), ..leaf(lo, hi, next, &[]) }
}

/// Three leaves.
fn whole() -> Vec<Page> {
    vec![
        index("", "", None, &[("", 1), ("f", 2), ("m", 3)]),
        leaf("", "f", Some(2), &["a", "b", "c", "d"]),
        leaf("f", "m", Some(3), &["f", "g", "h", "i"]),
        leaf("m", "", None, &["m", "n", "o", "p"]),
    ]
}

fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// A store with such a tree; places beyond the last page are ids that no page has.
fn make(db: &Db, pages: &[Page]) {
    let loader = PageLoader::begin(db);
    let reserved: Vec<Reserved> = pages.iter().map(|_| loader.reserve()).collect();
    let ids: Vec<u64> = reserved.iter().map(Reserved::id).collect();
    let id = |place: usize| ids.get(place).copied().unwrap_or(place as u64);
    for (page, reserved) in pages.iter().zip(reserved) {
        let mut out = Vec::new();
        put_varint(&mut out, page.next.map_or(0, id));
        put_varint(&mut out, page.merging_child.map_or(0, id));
        out.extend([u8::from(page.merging), page.prefix]);
        put_bytes(&mut out, page.lo.as_bytes());
        put_bytes(&mut out, page.hi.as_bytes());
        match &page.body {
            Body::Leaf(keys, values) => {
                out.push(0);
                put_varint(&mut out, keys.len() as u64);
                keys.iter().for_each(|key| put_bytes(&mut out, key.as_bytes()));
                keys.iter().take(*values).for_each(|key| put_bytes(&mut out, format!("v{key}").as_bytes()));
            }
            Body::Index(children) => {
                out.push(1);
                put_varint(&mut out, children.len() as u64);
                children.iter().for_each(|(key, _)| put_bytes(&mut out, key.as_bytes()));
                children.iter().for_each(|(_, child)| put_varint(&mut out, id(*child)));
            }
        }
        loader.write(reserved, &out).unwrap();
    }
    loader.publish(&[(DEFAULT_TREE.to_vec(), ids[0])]).unwrap();
    loader.end().unwrap();
}

/// As the reader of files has it, and as the one that goes through the crate has it.
fn read_made(pages: &[Page], reverse: bool) -> [Outcome<Pairs>; 2] {
    let directory = scratch();
    let path = directory.path().join("store");
    make(&open_plain(&path, false, None), pages);
    let found = by_files(&path, &all(reverse));
    [found, read(&open_plain(&path, false, None), &all(reverse))]
}

fn by_files(path: &Path, range: &KeyRange) -> Outcome<Pairs> {
    read_files(&FileStore::open(path)?, DEFAULT_TREE, range)
}

/// Changes of a whole tree that leave it whole, in the ways in which sled leaves it while it works.
fn good() -> Vec<(&'static str, Vec<Page>)> {
    let with = |what, change: Change| {
        let mut pages = whole();
        change(&mut pages);
        (what, pages)
    };
    vec![
        with("as it should be", |_| ()),
        with("a leaf was split", |p| {
            p[2] = leaf("f", "h", Some(4), &["f", "g"]);
            p.push(leaf("h", "m", Some(3), &["h", "i"]));
        }),
        with("a leaf was split twice, and the parent knows the last part", |p| {
            p[0] = index("", "", None, &[("", 1), ("f", 2), ("i", 5), ("m", 3)]);
            p[2] = leaf("f", "h", Some(4), &["f", "g"]);
            p.push(leaf("h", "i", Some(5), &["h"]));
            p.push(leaf("i", "m", Some(3), &["i"]));
        }),
        with("a merge is intended", |p| p[0].merging_child = Some(2)),
        with("a leaf is being merged", |p| {
            p[0].merging_child = Some(2);
            p[2].merging = true;
        }),
        with("a leaf was merged, and another value is in what is left of it", |p| {
            p[0].merging_child = Some(2);
            p[1] = leaf("", "m", Some(3), &["a", "b", "c", "d", "f", "g", "h", "i"]);
            p[2].merging = true;
            p[2].body = Body::Leaf(vec!["f", "g", "old"], 3);
        }),
        with("a leaf was merged into another, which was split again", |p| {
            p[0].merging_child = Some(2);
            p[1] = leaf("", "g", Some(4), &["a", "b", "c", "d", "f"]);
            p[2].merging = true;
            p.push(leaf("g", "m", Some(3), &["g", "h", "i"]));
        }),
        with("the last leaf is being merged", |p| {
            p[0].merging_child = Some(3);
            p[3].merging = true;
        }),
        with("the root was split", |p| {
            p[0] = index("", "m", Some(4), &[("", 1), ("f", 2)]);
            p.push(index("m", "", None, &[("m", 3)]));
        }),
        with("an index page was split", |p| {
            p[0] = index("", "", None, &[("", 4)]);
            p.push(index("", "f", Some(5), &[("", 1)]));
            p.push(index("f", "", None, &[("f", 2), ("m", 3)]));
        }),
    ]
}

#[test]
fn trees_in_the_middle_of_splits_and_merges_are_read_whole_and_not_changed() {
    let expected: Pairs = "abcdfghimnop".chars().map(|c| (vec![c as u8], vec![b'v', c as u8])).collect();
    for (what, pages) in good() {
        let directory = scratch();
        let path = directory.path().join("store");
        make(&open_plain(&path, false, None), &pages);
        assert_eq!(by_files(&path, &all(false)).unwrap(), expected, "{what}");
        assert!(by_files(&path, &all(true)).unwrap().iter().rev().eq(&expected), "{what}");
        let db = open_plain(&path, false, None);
        assert_eq!(read(&db, &all(false)).unwrap(), expected, "{what}");
        let mut down = read(&db, &all(true)).unwrap();
        down.reverse();
        assert_eq!(down, expected, "{what}");
        for (from, to) in (b'`'..b'r').flat_map(|from| (b'`'..b'r').map(move |to| (from, to))) {
            for reverse in [false, true] {
                let range = KeyRange { lower: Some(vec![from]), upper: Some(vec![to]), reverse };
                let mut found = read(&db, &range).unwrap();
                if reverse {
                    found.reverse();
                }
                let within = expected.iter().filter(|(key, _)| (from..to).contains(&key[0])).cloned();
                assert_eq!(found, within.collect::<Pairs>(), "{what}: {from} to {to}");
            }
        }
        assert_eq!(db.flush().unwrap(), 0, "{what}: reading wrote");
        // Stock code sees the same, and completes what was begun.
        for (key, value) in &expected {
            assert_eq!(db.get(key).unwrap().as_deref(), Some(&value[..]), "{what}");
        }
        assert_eq!(db.iter().count(), expected.len(), "{what}");
        assert_eq!(read(&db, &all(false)).unwrap(), expected, "{what}, completed");
    }
}

#[test]
fn pages_that_do_not_fit_are_damage() {
    let bad: [(&str, Change); 24] = [
        ("a leaf begins before its key", |p| p[2].lo = "e"),
        ("a leaf begins behind its key", |p| p[2].lo = "ff"),
        ("a gap between leaves", |p| p[1].hi = "e"),
        ("a leaf goes beyond the next", |p| p[1].hi = "g"),
        ("an index page goes beyond the next, and they name different leaves", |p| {
            p[0].body = Body::Index(vec![("", 4), ("f", 5)]);
            p.push(index("", "m", Some(5), &[("", 1), ("f", 2)]));
            p.push(index("f", "", None, &[("f", 6), ("m", 3)]));
            p.push(leaf("f", "m", Some(3), &["f", "g"]));
        }),
        ("a leaf in the middle has no bound", |p| (p[1].hi, p[1].next) = ("", None)),
        ("a leaf names another sibling", |p| p[1].next = Some(3)),
        ("a leaf names no sibling", |p| p[1].next = None),
        ("the last leaf names a sibling", |p| p[3].next = Some(1)),
        ("the last leaf has a bound and no sibling", |p| p[3].hi = "q"),
        ("the last leaf's sibling is the first", |p| (p[3].hi, p[3].next) = ("q", Some(1))),
        ("a leaf is being merged, and its parent does not know", |p| p[2].merging = true),
        ("the first child is being merged", |p| p[0].merging_child = Some(1)),
        ("a page that is no child is being merged", |p| p[0].merging_child = Some(0)),
        ("a leaf merges a child", |p| p[2].merging_child = Some(3)),
        ("keys out of order", |p| p[2].body = Body::Leaf(vec!["g", "f"], 2)),
        ("a key twice", |p| p[2].body = Body::Leaf(vec!["f", "f"], 2)),
        ("a key below lo", |p| p[2].body = Body::Leaf(vec!["e", "f"], 2)),
        ("a key at hi", |p| p[2].body = Body::Leaf(vec!["f", "m"], 2)),
        ("a value is missing", |p| p[2].body = Body::Leaf(vec!["f", "g"], 1)),
        ("a prefix longer than lo", |p| p[2].prefix = 2),
        ("a prefix that not all keys have", |p| p[2].prefix = 1),
        ("an index page without its first child", |p| p[0].body = Body::Index(vec![("f", 2), ("m", 3)])),
        ("an index page without children", |p| p[0].body = Body::Index(Vec::new())),
    ];
    for (what, change) in bad {
        let mut pages = whole();
        change(&mut pages);
        for reverse in [false, true] {
            refused(read_made(&pages, reverse), what);
        }
    }
    for child in [0, 1, 9_999, 1 << 36, usize::MAX] {
        let mut pages = whole();
        // The root itself, the first leaf, and ids that no page has.
        pages[0].body = Body::Index(vec![("", 1), ("f", child), ("m", 3)]);
        refused(read_made(&pages, false), &format!("child {child}"));
        refused(read_made(&pages, true), &format!("child {child}"));
    }
    let endless = vec![index("", "", None, &[("", 0)])];
    refused(read_made(&endless, false), "a root that is its own child");
}

fn refused(results: [Outcome<Pairs>; 2], what: &str) {
    for result in results {
        match result {
            Err(SledFault { code: Code::StoreDamaged, .. }) => {}
            other => panic!("{what}: {other:?}"),
        }
    }
}
