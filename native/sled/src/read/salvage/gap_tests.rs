//! What fills the gaps of trees.

use super::history::{Age, History, Written};
use super::orphans::{chains, fill};
use super::plan::{Leaf, Piece};
use super::rescue::{Stretch, What};
use super::survey::{Event, Survey};
use super::tests::{SETTINGS, SIZE, rescued, shown, span, two_leaves, unreadable};
use crate::files::made::{message_of, segment};
use crate::files::message::Kind;
use crate::files::table::Place;

#[test]
fn gaps_are_filled_by_neighbours_that_may_be_old() {
    let leaf = |id, lo, hi, next| Leaf { id, own: span(lo, hi), age: Age::Newest, written: Written::default(), next };
    let piece = |leaf: Leaf, lo, hi| Piece::Leaf { leaf, span: span(lo, hi) };
    let gap = |lo, hi| Piece::Gap { span: span(lo, hi), why: "", id: 9 };
    // Pages 2 and 3 were given back.
    let given_back = [2, 3].map(|page| Event {
        page,
        kind: Kind::Free,
        code: 4,
        place: Place { lsn: 20, at: 20, size: 8, blob: false },
    });
    let nothing_is_lost = History::new(Survey::default(), None, SETTINGS);
    let filled_by = |history: &History, pieces, orphans: &[Leaf]| {
        let mut left = orphans.iter().map(|leaf| (leaf.id, leaf.clone())).collect();
        let filled = shown(&fill(history, pieces, &mut left));
        (filled, left.len())
    };
    let filled = |pieces, orphans: &[Leaf]| filled_by(&nothing_is_lost, pieces, orphans);
    let texts = |texts: &[&str]| texts.iter().map(ToString::to_string).collect::<Vec<_>>();
    let orphan = |id, lo, hi, next| Leaf { age: Age::Old, ..leaf(id, lo, hi, next) };
    // The leaf before the gap has more keys than it was named for, and names the next one.
    let around =
        || vec![piece(leaf(1, "", "f", Some(2)), "", "c"), gap("c", "p"), piece(leaf(3, "p", "", None), "p", "")];
    let next = orphan(2, "f", "p", Some(3));
    let whole = ["1 ..c Newest", "1 c..f PerhapsOld", "2 f..p Old", "3 p.. Newest"];
    assert_eq!(filled(around(), &[next]), (texts(&whole), 0));
    let part = ["1 ..c Newest", "1 c..f PerhapsOld", "gap f..p", "3 p.. Newest"];
    assert_eq!(filled(around(), &[]), (texts(&part), 0));
    // The leaf behind the gap is named by one that is its neighbour, and not by one that is none.
    let behind = || vec![gap("", "p"), piece(leaf(3, "p", "", None), "p", "")];
    let neighbours = [orphan(4, "c", "k", Some(5)), orphan(5, "k", "p", Some(3))];
    assert_eq!(filled(behind(), &neighbours), (texts(&["gap ..c", "4 c..k Old", "5 k..p Old", "3 p.. Newest"]), 0));
    assert_eq!(filled(behind(), &[orphan(5, "k", "o", Some(3))]), (texts(&["gap ..p", "3 p.. Newest"]), 1));
    // It may be as long as the gap, and not longer.
    assert_eq!(filled(behind(), &[orphan(5, "", "p", Some(3))]), (texts(&["5 ..p Old", "3 p.. Newest"]), 0));
    let between =
        || vec![piece(leaf(1, "", "c", None), "", "c"), gap("c", "p"), piece(leaf(3, "p", "", None), "p", "")];
    for (lo, expected, left) in [("b", "gap c..p", 1), ("c", "5 c..p Old", 0)] {
        let found = filled(between(), &[orphan(5, lo, "p", Some(3))]);
        assert_eq!(found, (texts(&["1 ..c Newest", expected, "3 p.. Newest"]), left), "{lo}");
    }
    // Beside what may be another tree's, they may be that; a page whose id was given to another one in between is none.
    let beside = |age, written, next: Leaf| {
        let log = Survey { events: given_back.to_vec(), ..Survey::default() };
        let placed = |id, lo, hi, next| piece(Leaf { age, written, ..leaf(id, lo, hi, next) }, lo, hi);
        let pieces = vec![placed(1, "", "c", Some(2)), gap("c", "p"), placed(3, "p", "", None)];
        filled_by(&History::new(log, None, SETTINGS), pieces, &[next])
    };
    let later = Written { base: 40, last: 40 };
    let [left, right] = [orphan(2, "c", "k", None), orphan(4, "k", "p", Some(3))];
    let another = Age::PerhapsAnothers;
    let middle = |age, written, next: &Leaf| beside(age, written, next.clone()).0[1..3].to_vec();
    assert_eq!(middle(another, Written::default(), &left), ["2 c..k PerhapsAnothers", "gap k..p"]);
    assert_eq!(middle(another, Written::default(), &right), ["gap c..k", "4 k..p PerhapsAnothers"]);
    assert_eq!(middle(Age::Old, Written::default(), &left), ["2 c..k Old", "gap k..p"]);
    assert_eq!(beside(Age::Old, Written::default(), Leaf { written: later, ..left }).1, 1);
    assert_eq!(middle(Age::Old, Written::default(), &right), ["gap c..k", "4 k..p Old"]);
    assert_eq!(beside(Age::Old, later, right).1, 1);
    // What is left over is put together as far as one leaf names the next.
    let left = [leaf(7, "a", "c", Some(6)), leaf(6, "c", "e", Some(8)), leaf(8, "f", "", None)];
    let chains = chains(left.map(|leaf| (leaf.id, leaf)).into());
    let chains: Vec<_> = chains.iter().map(|chain| shown(chain)).collect();
    assert_eq!(chains, [texts(&["7 a..c Newest", "6 c..e Newest"]), texts(&["8 f.. Newest"])]);
}

#[test]
fn no_leaf_is_surer_than_what_leads_to_it() {
    let told = |name: &str, messages: &[Vec<u8>]| {
        let rescue = rescued(&format!("surer-{name}"), &segment(SIZE, 0, messages));
        let one = |Stretch { span, what }: &Stretch| {
            let what = match what {
                What::Entries { age, .. } => format!("{age:?}"),
                What::Gap { .. } => "gap".to_string(),
            };
            format!("{}.. {what}", String::from_utf8_lossy(&span.lo))
        };
        let of_tree = |named: bool| {
            let trees = rescue.trees.iter().filter(move |tree| tree.name.is_some() == named);
            trees.flat_map(|tree| &tree.stretches).map(one).collect::<Vec<_>>().join(", ")
        };
        [of_tree(true), of_tree(false)]
    };
    let [list, root, first, second] = two_leaves();
    // The second leaf by another id, and the first one that names it.
    let elsewhere = message_of(8, 0, 8, &second[8..]);
    let leads_there = message_of(8, 0, 6, &[&[8], &first[9..]].concat());
    let all = [list.clone(), root.clone(), first.clone(), second.clone()];
    let orphans = [list.clone(), unreadable(5), first, second];
    let beside = [list, root, leads_there, unreadable(7), elsewhere];
    for (name, messages, lost, tree, without) in [
        ("sound", &all[..], &[][..], ".. Newest", ""),
        ("leaf", &all, &[6], ".. Old, m.. Newest", ""),
        ("root", &all, &[5], ".. PerhapsOld", ""),
        ("both", &all, &[5, 7], ".. PerhapsOld, m.. Old", ""),
        // Without a parent they belong to no tree, or into a gap beside one that names them.
        ("orphans", &orphans, &[], ".. gap", ".. PerhapsOld"),
        ("old-orphan", &orphans, &[6], ".. gap", ".. Old, m.. PerhapsOld"),
        ("beside", &beside, &[], ".. Newest, m.. PerhapsOld", ""),
        ("old-beside", &beside, &[8], ".. Newest, m.. Old", ""),
    ] {
        let lost: Vec<_> = lost.iter().map(|&page| unreadable(page)).collect();
        assert_eq!(told(name, &[messages, &lost].concat()), [tree, without], "{name}");
    }
}
