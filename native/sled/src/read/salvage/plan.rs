//! The trees of a damaged store, put together of the pages that were found: runs of keys that can be read, and gaps.

use std::collections::HashSet;

use super::history::{Age, History, Version};
use crate::fault::Outcome;
use crate::files::page::Page;
use crate::files::table::META_PAGE;
use crate::read::pages::BodyReader;

/// Levels of a tree at most.
const MOST_LEVELS: usize = 64;

/// Keys from `lo`, inclusive, to `hi`, exclusive; no `hi`: to the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    pub lo: Vec<u8>,
    pub hi: Option<Vec<u8>>,
}

impl Span {
    /// All keys.
    pub fn all() -> Span {
        Span { lo: Vec::new(), hi: None }
    }

    /// What it has in common with another; None when that is nothing.
    pub fn within(&self, other: &Span) -> Option<Span> {
        let lo = self.lo.clone().max(other.lo.clone());
        let hi = match (&self.hi, &other.hi) {
            (Some(a), Some(b)) => Some(a.min(b).clone()),
            (a, b) => a.clone().or_else(|| b.clone()),
        };
        let span = Span { lo, hi };
        (!span.is_empty()).then_some(span)
    }

    /// Whether no key is in it.
    pub fn is_empty(&self) -> bool {
        self.hi.as_ref().is_some_and(|hi| *hi <= self.lo)
    }
}

/// The keys that a page is for.
pub fn span_of(page: &Page) -> Span {
    Span { lo: page.lo().to_vec(), hi: (!page.hi().is_empty()).then(|| page.hi().to_vec()) }
}

/// What is known of a run of keys of a tree.
#[derive(Clone, Debug)]
pub enum Piece {
    /// The entries of this leaf that are in the span.
    Leaf { leaf: Leaf, span: Span },
    /// Nothing can be read.
    Gap { span: Span, why: &'static str, id: u64 },
    /// A child of a page that may be old, which is to be read when all others were: it may be used elsewhere now.
    Later { child: Child, level: usize },
}

/// A leaf that was found.
#[derive(Clone, Debug)]
pub struct Leaf {
    pub id: u64,
    /// The keys that it is for.
    pub own: Span,
    pub age: Age,
    pub next: Option<u64>,
}

/// A page that another names.
#[derive(Clone, Debug)]
pub struct Child {
    pub id: u64,
    /// Its lower bound, which a page keeps as long as it is used.
    pub lo: Vec<u8>,
    /// The keys for which it is named.
    pub span: Span,
    /// When that was written, and how old what names it may be.
    pub named: i64,
    pub above: Age,
}

/// Walks trees. Remembers which pages it has met.
pub struct Walker<'a> {
    pub history: &'a History,
    pub reader: BodyReader,
    pub met: HashSet<u64>,
    pieces: Vec<Piece>,
}

impl<'a> Walker<'a> {
    /// A walker that has met no page.
    pub fn new(history: &'a History, reader: BodyReader) -> Walker<'a> {
        Walker { history, reader, met: HashSet::new(), pieces: Vec::new() }
    }

    /// The pieces of the tree with that root, in order; together they are all keys. Pages that older ones name are left for `resolve`;
    /// `age` is that of the page which names the root.
    ///
    /// # Errors
    /// IO_FAILED, PERMISSION_DENIED; never damage.
    pub fn tree(&mut self, root: u64, age: Age) -> Outcome<Vec<Piece>> {
        let named = self.history.base_lsn(META_PAGE);
        let child = Child { id: root, lo: Vec::new(), span: Span::all(), named, above: age };
        if age != Age::Newest {
            return Ok(vec![Piece::Later { child, level: 0 }]);
        }
        self.descend(child, 0, false)?;
        Ok(std::mem::take(&mut self.pieces))
    }

    /// Reads what was left for later.
    ///
    /// # Errors
    /// As `tree`.
    pub fn resolve(&mut self, pieces: Vec<Piece>) -> Outcome<Vec<Piece>> {
        for piece in pieces {
            match piece {
                Piece::Later { child, level } => self.descend(child, level, true)?,
                piece => self.pieces.push(piece),
            }
        }
        Ok(std::mem::take(&mut self.pieces))
    }

    fn gap(&mut self, span: Span, why: &'static str, id: u64) {
        self.pieces.push(Piece::Gap { span, why, id });
    }

    /// Reads what a page and those that follow it have of a span.
    fn descend(&mut self, child: Child, level: usize, late: bool) -> Outcome<()> {
        let Child { mut id, mut lo, mut span, mut named, mut above } = child;
        loop {
            let mut page = Page::default();
            let elsewhere = self.met.contains(&id) || self.history.is_freed_since(id, named);
            let version = if elsewhere { Version::None } else { self.history.page(&mut self.reader, id, &mut page)? };
            let age = match version {
                Version::Found(age) if page.lo() == lo => age,
                Version::Lost => {
                    self.met.insert(id);
                    self.gap(span, "a page is damaged or lost", id);
                    return Ok(());
                }
                _ => {
                    self.gap(span, "a page is missing", id);
                    return Ok(());
                }
            };
            self.met.insert(id);
            // What old pages lead to may have gone elsewhere, or have got another neighbour, since.
            above = if above.max(age) == Age::Newest { Age::Newest } else { Age::PerhapsOld };
            named = self.history.base_lsn(id);
            let own = span_of(&page);
            if let Some(inside) = own.within(&span) {
                if page.is_index() {
                    self.children((id, &page), &inside, (named, above), level, late || age == Age::Newest)?;
                } else {
                    let leaf = Leaf { id, own: own.clone(), age: age.max(above), next: page.next };
                    self.pieces.push(Piece::Leaf { leaf, span: inside });
                }
            }
            // What is behind this page is where the next one begins.
            let Some(hi) = own.hi else { return Ok(()) };
            let rest = Span { lo: span.lo.max(hi.clone()), hi: span.hi };
            if rest.is_empty() {
                return Ok(());
            }
            match page.next {
                Some(next) => (id, lo, span) = (next, hi, rest),
                None => {
                    self.gap(rest, "a page is missing", id);
                    return Ok(());
                }
            }
        }
    }

    fn children(
        &mut self,
        (id, page): (u64, &Page),
        span: &Span,
        (named, above): (i64, Age),
        level: usize,
        now: bool,
    ) -> Outcome<()> {
        if level + 1 >= MOST_LEVELS {
            self.gap(span.clone(), "the tree has too many levels", id);
            return Ok(());
        }
        // A child that is being merged is a part of its left sibling.
        let merged = page.merging_child.and_then(|child| page.number_of(child)).filter(|&at| at > 0);
        let numbers: Vec<usize> = (0..page.len()).filter(|&at| Some(at) != merged).collect();
        for (place, &at) in numbers.iter().enumerate() {
            let (Some(lo), Some(child)) = (page.whole_key(at), page.child(at)) else { continue };
            let hi = numbers.get(place + 1).and_then(|&next| page.whole_key(next)).or_else(|| span_of(page).hi);
            let Some(part) = (Span { lo: lo.clone(), hi }).within(span) else { continue };
            let child = Child { id: child, lo, span: part, named, above };
            if now {
                self.descend(child, level + 1, true)?;
            } else {
                self.pieces.push(Piece::Later { child, level: level + 1 });
            }
        }
        Ok(())
    }
}
