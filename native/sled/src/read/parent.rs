//! Index pages as a descent uses them: which child a key is below.

use crate::fault::{Code, Outcome, SledFault};
use crate::files::page::Page;

/// Which leaf is looked for.
#[derive(Clone, Copy, Debug)]
pub enum Target<'a> {
    /// The one in which this key is or would be.
    At(&'a [u8]),
    /// The one in which the keys right below this one are; the key is not empty.
    Before(&'a [u8]),
    /// The last one.
    Last,
}

impl Target<'_> {
    /// Whether a page that begins with `lo` is not beyond it.
    pub fn reaches(self, lo: &[u8]) -> bool {
        match self {
            Target::At(key) => lo <= key,
            Target::Before(key) => lo < key,
            Target::Last => true,
        }
    }
}

/// Where a child hangs: its pages have the keys from `lo` to `hi`.
#[derive(Debug)]
pub struct Slot {
    pub id: u64,
    pub lo: Vec<u8>,
    pub hi: Vec<u8>,
    /// The page that is being merged into one of these.
    pub merging: Option<u64>,
}

/// An index page without the child that is being merged.
#[derive(Debug)]
pub struct Parent {
    page: Page,
    merging: Option<u64>,
}

/// The failure of pages that do not fit each other or themselves.
pub fn misfit(what: &str, id: u64) -> SledFault {
    SledFault::new(Code::StoreDamaged, format!("{what} (page {id})"))
}

impl Parent {
    /// Takes an index page that was checked.
    ///
    /// # Errors
    /// STORE_DAMAGED when it merges a child that it has not, or its first.
    pub fn new(id: u64, mut page: Page) -> Outcome<Parent> {
        let merging = page.merging_child.take();
        if let Some(child) = merging {
            if page.child(0) == Some(child) {
                return Err(misfit("a page merges its first child", id));
            }
            page.forget(child).map_err(|what| misfit(what, id))?;
        }
        Ok(Parent { page, merging })
    }

    /// Gives its page back, to be used for another.
    pub fn into_page(self) -> Page {
        self.page
    }

    /// Whether a lookup of the target that came here would find its leaf below this page.
    pub fn covers(&self, target: Target<'_>) -> bool {
        target.reaches(self.page.lo()) && (self.page.hi().is_empty() || !target.reaches(self.page.hi()))
    }

    /// The child for a target that this page covers.
    ///
    /// # Errors
    /// STORE_DAMAGED when there is none.
    pub fn slot(&self, target: Target<'_>) -> Outcome<Slot> {
        let count = self.page.len();
        let behind = match target {
            // Those up to the key itself.
            Target::At(key) => self.page.below(&[key, &[0]].concat()),
            Target::Before(key) => self.page.below(key),
            Target::Last => count,
        };
        let found = behind.checked_sub(1).and_then(|at| Some((at, self.page.child(at)?, self.page.whole_key(at)?)));
        let (at, id, lo) = found.ok_or_else(|| misfit("an index page has no child for a key", 0))?;
        let hi = self.page.whole_key(at + 1).unwrap_or_else(|| self.page.hi().to_vec());
        Ok(Slot { id, lo, hi, merging: self.merging })
    }
}
