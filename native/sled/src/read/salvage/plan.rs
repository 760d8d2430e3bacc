//! The trees of a damaged store, put together of the pages that were found: runs of keys that can be read, and gaps.

use std::collections::HashSet;

use super::history::{Age, History, Version, Written};
use super::uses::{Named, Use};
use crate::fault::Outcome;
use crate::files::page::Page;
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
    pub written: Written,
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
    /// When it was, and how old what names it may be.
    pub named: Named,
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
    /// `age` is that of the page which names the root, and has named it since that place of the log.
    ///
    /// # Errors
    /// IO_FAILED, PERMISSION_DENIED; never damage.
    pub fn tree(&mut self, root: u64, since: i64, age: Age) -> Outcome<Vec<Piece>> {
        let named = Named::by(since, age == Age::Newest);
        let child = Child { id: root, lo: Vec::new(), span: Span::all(), named, above: age };
        self.descend(child, 0, Age::Newest)?;
        Ok(std::mem::take(&mut self.pieces))
    }

    /// Reads what was left for later, and what that leads to as long as it is not older than `turn`.
    ///
    /// # Errors
    /// As `tree`.
    pub fn resolve(&mut self, pieces: Vec<Piece>, turn: Age) -> Outcome<Vec<Piece>> {
        for piece in pieces {
            match piece {
                Piece::Later { child, level } => self.descend(child, level, turn)?,
                piece => self.pieces.push(piece),
            }
        }
        Ok(std::mem::take(&mut self.pieces))
    }

    fn gap(&mut self, span: Span, why: &'static str, id: u64) {
        self.pieces.push(Piece::Gap { span, why, id });
    }

    /// Reads what a page and those that follow it have of a span; leaves for later what is older than `turn`.
    fn descend(&mut self, mut child: Child, level: usize, turn: Age) -> Outcome<()> {
        while child.above <= turn {
            let mut page = Page::default();
            let (age, written) = match self.find(&child, &mut page)? {
                Ok((Age::PerhapsAnothers, _)) if turn < Age::PerhapsAnothers => break,
                Ok(found) => found,
                Err(why) => {
                    self.gap(child.span, why, child.id);
                    return Ok(());
                }
            };
            let Child { id, span, mut above, .. } = child;
            self.met.insert(id);
            let own = span_of(&page);
            // What old pages lead to may have gone elsewhere, or have got another neighbour, since.
            above = match above.max(age) {
                Age::Old => Age::PerhapsOld,
                age => age,
            };
            let named = Named::by(written.last, above == Age::Newest);
            if let Some(inside) = own.within(&span) {
                if page.is_index() {
                    self.children((id, &page), &inside, (named, above), level, turn)?;
                } else {
                    let leaf = Leaf { id, own: own.clone(), age: age.max(above), written, next: page.next };
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
                Some(next) => child = Child { id: next, lo: hi, span: rest, named, above },
                None => {
                    self.gap(rest, "a page is missing", id);
                    return Ok(());
                }
            }
        }
        self.pieces.push(Piece::Later { child, level });
        Ok(())
    }

    /// Reads the page that is named, and tells how old it is there, and when it was written; or why there is none.
    fn find(&mut self, child: &Child, page: &mut Page) -> Outcome<Result<(Age, Written), &'static str>> {
        const MISSING: &str = "a page is missing";
        let id = child.id;
        if self.met.contains(&id) {
            return Ok(Err(MISSING));
        }
        let (version, written) = self.history.page(&mut self.reader, id, page)?;
        Ok(match version {
            Version::Found(age) if page.lo() == child.lo => {
                match self.history.use_of(id, (age, written), child.named) {
                    Use::Same => Ok((age, written)),
                    Use::Unsure => Ok((Age::PerhapsAnothers, written)),
                    Use::Another => Err(MISSING),
                }
            }
            Version::Lost => {
                self.met.insert(id);
                Err("a page is damaged or lost")
            }
            _ => Err(MISSING),
        })
    }

    fn children(
        &mut self,
        (id, page): (u64, &Page),
        span: &Span,
        (named, above): (Named, Age),
        level: usize,
        turn: Age,
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
            self.descend(child, level + 1, turn)?;
        }
        Ok(())
    }
}
