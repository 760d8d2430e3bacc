//! Leaves that no tree leads to, because what was above them is lost: they belong into gaps, when their neighbours say so, or to trees
//! whose names are lost.

use std::collections::{HashMap, HashSet};

use super::history::{Age, History, Version};
use super::plan::{Leaf, Piece, Span, Walker, span_of};
use super::uses::{Named, Use};
use crate::fault::Outcome;
use crate::files::page::Page;

/// All leaves that were not met, by id.
///
/// # Errors
/// IO_FAILED, PERMISSION_DENIED; never damage.
pub fn find(walker: &mut Walker<'_>) -> Outcome<HashMap<u64, Leaf>> {
    let mut found = HashMap::new();
    let history = walker.history;
    for id in history.pages() {
        let mut page = Page::default();
        if walker.met.contains(&id) {
            continue;
        }
        if let (Version::Found(age), written) = history.page(&mut walker.reader, id, &mut page)?
            && !page.is_index()
            && !page.merging
        {
            let age = age.max(Age::PerhapsOld);
            found.insert(id, Leaf { id, own: span_of(&page), age, written, next: page.next });
        }
    }
    Ok(found)
}

/// Fills gaps of a tree: with what the leaf before a gap has of its keys, and with orphans that its leaves are neighbours of. The leaf before
/// the gap names the first of them, or the last of them names the leaf behind it. What is filled in so may be old.
pub fn fill(history: &History, pieces: Vec<Piece>, orphans: &mut HashMap<u64, Leaf>) -> Vec<Piece> {
    let before: HashMap<u64, u64> = orphans.values().filter_map(|leaf| Some((leaf.next?, leaf.id))).collect();
    let mut out: Vec<Piece> = Vec::new();
    let mut pieces = pieces.into_iter().peekable();
    while let Some(piece) = pieces.next() {
        let Piece::Gap { span: mut rest, why, id } = piece else {
            out.push(piece);
            continue;
        };
        from_the_left(history, &mut out, &mut rest, orphans);
        let right = match pieces.peek() {
            Some(Piece::Leaf { leaf, .. }) => before.get(&leaf.id).map(|&id| (id, leaf.clone())),
            _ => None,
        };
        let behind = from_the_right(history, right, &mut rest, orphans, &before);
        if !rest.is_empty() {
            out.push(Piece::Gap { span: rest, why, id });
        }
        out.extend(behind.into_iter().rev());
    }
    out
}

fn from_the_left(history: &History, out: &mut Vec<Piece>, rest: &mut Span, orphans: &mut HashMap<u64, Leaf>) {
    let Some(Piece::Leaf { leaf, span }) = out.last_mut() else { return };
    if span.hi.as_ref() != Some(&rest.lo) {
        return;
    }
    let mut left = leaf.clone();
    if let Some(more) = left.own.within(rest) {
        let leaf = Leaf { age: left.age.max(Age::PerhapsOld), ..left.clone() };
        leave(rest, &more);
        out.push(Piece::Leaf { leaf, span: more });
    }
    while !rest.is_empty()
        && left.own.hi.as_ref() == Some(&rest.lo)
        && let Some(id) = left.next
        && let Some(age) = orphans.get(&id).and_then(|leaf| age_beside(history, &left, leaf, leaf, &left))
        && let Some(leaf) = take(orphans, id, |leaf| leaf.own.lo == rest.lo)
    {
        let Some(span) = leaf.own.within(rest) else { return };
        leave(rest, &span);
        left = Leaf { age, ..leaf };
        out.push(Piece::Leaf { leaf: left.clone(), span });
    }
}

/// How old an orphan is beside a leaf that is in its place; the left one of them names the right one. None when that means another use of its id.
fn age_beside(history: &History, left: &Leaf, right: &Leaf, orphan: &Leaf, placed: &Leaf) -> Option<Age> {
    let named = Named::by(left.written.last, left.age == Age::Newest);
    match history.use_of(right.id, (right.age, right.written), named) {
        Use::Another => None,
        Use::Same if placed.age != Age::PerhapsAnothers => Some(orphan.age),
        _ => Some(Age::PerhapsAnothers),
    }
}

/// Takes a part away from the front of a span.
fn leave(rest: &mut Span, part: &Span) {
    *rest = match &part.hi {
        Some(hi) => Span { lo: hi.clone(), hi: rest.hi.take() },
        // Nothing is left.
        None => Span { lo: Vec::new(), hi: Some(Vec::new()) },
    };
}

fn from_the_right(
    history: &History,
    mut right: Option<(u64, Leaf)>,
    rest: &mut Span,
    orphans: &mut HashMap<u64, Leaf>,
    before: &HashMap<u64, u64>,
) -> Vec<Piece> {
    let mut behind = Vec::new();
    while !rest.is_empty()
        && let Some((id, named)) = right
        && let Some(age) = orphans.get(&id).and_then(|leaf| age_beside(history, leaf, &named, leaf, &named))
        && let Some(leaf) = take(orphans, id, |leaf| leaf.own.hi == rest.hi && leaf.own.lo >= rest.lo)
    {
        rest.hi = Some(leaf.own.lo.clone());
        let leaf = Leaf { age, ..leaf };
        right = before.get(&leaf.id).map(|&id| (id, leaf.clone()));
        behind.push(Piece::Leaf { span: leaf.own.clone(), leaf });
    }
    behind
}

fn take(orphans: &mut HashMap<u64, Leaf>, id: u64, fits: impl Fn(&Leaf) -> bool) -> Option<Leaf> {
    orphans.get(&id).filter(|leaf| fits(leaf))?;
    orphans.remove(&id)
}

/// The other orphans as chains of neighbours: each a run of keys without a place in any tree.
pub fn chains(mut orphans: HashMap<u64, Leaf>) -> Vec<Vec<Piece>> {
    let followed: HashSet<u64> = orphans.values().filter_map(|leaf| leaf.next).collect();
    let mut heads: Vec<u64> = orphans.keys().copied().collect();
    // Those that none leads to come first.
    heads.sort_unstable_by_key(|id| (followed.contains(id), *id));
    let mut chains = Vec::new();
    for head in heads {
        let mut chain: Vec<Piece> = Vec::new();
        let mut next = Some(head);
        let mut end: Option<Vec<u8>> = None;
        while let Some(leaf) =
            next.and_then(|id| take(&mut orphans, id, |leaf| chain.is_empty() || end.as_ref() == Some(&leaf.own.lo)))
        {
            end.clone_from(&leaf.own.hi);
            next = leaf.next;
            chain.push(Piece::Leaf { span: leaf.own.clone(), leaf });
        }
        if !chain.is_empty() {
            chains.push(chain);
        }
    }
    chains
}
