//! Pages of a tree, as they lie in messages of the log, and the changes that are added to them.
//!
//! A page: id of its right sibling and of the child that it merges (numbers, 0 for none), whether it is being merged into its left
//! sibling (1 byte), how many bytes its keys lose (1 byte), its lower and its upper bound (strings), 0 for a leaf or 1 for an index page,
//! the number of its keys, its keys, and then its values (strings) or its children (numbers).

use std::cmp::Ordering;

use super::bytes::Bytes;

/// A part of a page's bytes.
type Span = (usize, usize);

/// What a page has for each of its keys.
#[derive(Debug)]
enum Data {
    Leaf(Vec<Span>),
    Index(Vec<u64>),
}

/// A page with all its changes. Its memory can be used again for another.
#[derive(Debug)]
pub struct Page {
    /// What the message held, and behind that the keys and values of changes.
    bytes: Vec<u8>,
    pub next: Option<u64>,
    pub merging_child: Option<u64>,
    pub merging: bool,
    prefix: usize,
    lo: Span,
    hi: Span,
    keys: Vec<Span>,
    data: Data,
}

impl Default for Page {
    fn default() -> Page {
        Page {
            bytes: Vec::new(),
            next: None,
            merging_child: None,
            merging: false,
            prefix: 0,
            lo: (0, 0),
            hi: (0, 0),
            keys: Vec::new(),
            data: Data::Leaf(Vec::new()),
        }
    }
}

impl Page {
    /// Reads a page from the body of its message; None when it is none. What was in this one before is gone.
    pub fn fill(&mut self, body: &[u8]) -> Option<()> {
        self.bytes.clear();
        self.keys.clear();
        self.bytes.try_reserve(body.len()).ok()?;
        self.bytes.extend_from_slice(body);
        let mut rest = Bytes(body);
        let span = |string: &[u8], rest: &Bytes<'_>| {
            let end = body.len() - rest.left();
            (end - string.len(), end)
        };
        self.next = rest.number()?.into_page();
        self.merging_child = rest.number()?.into_page();
        self.merging = rest.byte()? != 0;
        self.prefix = usize::from(rest.byte()?);
        let lo = rest.string()?;
        self.lo = span(lo, &rest);
        let hi = rest.string()?;
        self.hi = span(hi, &rest);
        let kind = rest.byte()?;
        // Each key and each value takes a byte at least.
        let count = usize::try_from(rest.number()?).ok().filter(|&count| count <= rest.left() / 2)?;
        self.keys.reserve(count);
        for _ in 0..count {
            let key = rest.string()?;
            self.keys.push(span(key, &rest));
        }
        let (mut values, mut children) = match std::mem::replace(&mut self.data, Data::Leaf(Vec::new())) {
            Data::Leaf(values) => (values, Vec::new()),
            Data::Index(children) => (Vec::new(), children),
        };
        values.clear();
        children.clear();
        match kind {
            0 => {
                values.reserve(count);
                for _ in 0..count {
                    let value = rest.string()?;
                    values.push(span(value, &rest));
                }
                self.data = Data::Leaf(values);
            }
            1 => {
                for _ in 0..count {
                    children.push(rest.number()?);
                }
                self.data = Data::Index(children);
            }
            _ => return None,
        }
        Some(())
    }

    /// Adds a change, which is the body of a message.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn apply(&mut self, body: &[u8]) -> Result<(), &'static str> {
        const NONE: &str = "a change of a page is malformed";
        if self.merging {
            return Err("a page was changed after it was merged");
        }
        let mut rest = Bytes(body);
        match rest.byte().ok_or(NONE)? {
            0 => {
                let key = rest.string().ok_or(NONE)?;
                let value = rest.string().ok_or(NONE)?;
                self.set(key, value)
            }
            1 => self.remove(rest.string().ok_or(NONE)?),
            2 if self.merging_child.is_some() => Err("a page begins a merge before it has ended another"),
            2 => {
                self.merging_child = Some(rest.number().and_then(IntoPage::into_page).ok_or(NONE)?);
                Ok(())
            }
            3 => {
                let child = self.merging_child.take();
                self.forget(child.ok_or("a page ends a merge that it has not begun")?)
            }
            4 => {
                self.merging = true;
                Ok(())
            }
            _ => Err(NONE),
        }
    }

    fn set(&mut self, key: &[u8], value: &[u8]) -> Result<(), &'static str> {
        let place = self.search(key);
        let (key, value) = (self.add(key), self.add(value));
        match (&mut self.data, place) {
            (Data::Leaf(values), Ok(at)) => values[at] = value,
            (Data::Leaf(values), Err(at)) => {
                self.keys.insert(at, key);
                values.insert(at, value);
            }
            (Data::Index(_), _) => return Err("an index page has a value"),
        }
        Ok(())
    }

    fn remove(&mut self, key: &[u8]) -> Result<(), &'static str> {
        let place = self.search(key);
        match (&mut self.data, place) {
            (Data::Leaf(values), Ok(at)) => {
                values.remove(at);
                self.keys.remove(at);
            }
            (Data::Leaf(_), Err(_)) => {}
            (Data::Index(_), _) => return Err("an index page loses a value"),
        }
        Ok(())
    }

    /// Takes a child out of an index page, of which it must not be the first.
    ///
    /// # Errors
    /// When there is no such child.
    pub fn forget(&mut self, child: u64) -> Result<(), &'static str> {
        let Data::Index(children) = &mut self.data else { return Err("a leaf merges a child") };
        match children.iter().position(|&one| one == child) {
            Some(at) => {
                children.remove(at);
                self.keys.remove(at);
                Ok(())
            }
            None => Err("a page merges a child that it has not"),
        }
    }

    fn search(&self, key: &[u8]) -> Result<usize, usize> {
        self.keys.binary_search_by(|&span| self.at(span).cmp(key))
    }

    fn add(&mut self, bytes: &[u8]) -> Span {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(bytes);
        (start, self.bytes.len())
    }

    fn at(&self, (start, end): Span) -> &[u8] {
        self.bytes.get(start..end).unwrap_or_default()
    }

    /// No key of it is below this one.
    pub fn lo(&self) -> &[u8] {
        self.at(self.lo)
    }

    /// All keys of it are below this one; empty when there is no bound.
    pub fn hi(&self) -> &[u8] {
        self.at(self.hi)
    }

    /// The bytes that its keys begin with and that are left out of it.
    pub fn prefix(&self) -> &[u8] {
        self.lo().get(..self.prefix).unwrap_or_default()
    }

    /// Whether it is an index page.
    pub fn is_index(&self) -> bool {
        matches!(self.data, Data::Index(_))
    }

    /// How many keys it has.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// A key without the prefix, by its number from 0.
    pub fn key(&self, number: usize) -> Option<&[u8]> {
        self.keys.get(number).map(|&span| self.at(span))
    }

    /// A key with the prefix.
    pub fn whole_key(&self, number: usize) -> Option<Vec<u8>> {
        Some([self.prefix(), self.key(number)?].concat())
    }

    /// An entry of a leaf: its key without the prefix, and its value.
    pub fn entry(&self, number: usize) -> Option<(&[u8], &[u8])> {
        match &self.data {
            Data::Leaf(values) => Some((self.key(number)?, self.at(*values.get(number)?))),
            Data::Index(_) => None,
        }
    }

    /// A child of an index page.
    pub fn child(&self, number: usize) -> Option<u64> {
        match &self.data {
            Data::Leaf(_) => None,
            Data::Index(children) => children.get(number).copied(),
        }
    }

    /// The number of a child, by its id.
    pub fn number_of(&self, child: u64) -> Option<usize> {
        match &self.data {
            Data::Leaf(_) => None,
            Data::Index(children) => children.iter().position(|&one| one == child),
        }
    }

    /// How many of its keys are below this one, which has the prefix.
    pub fn below(&self, key: &[u8]) -> usize {
        match key.strip_prefix(self.prefix()) {
            Some(suffix) => self.keys.partition_point(|&span| self.at(span).cmp(suffix) == Ordering::Less),
            None if key < self.prefix() => 0,
            None => self.keys.len(),
        }
    }

    /// What must be true of a page whatever is around it; else what is not.
    ///
    /// # Errors
    /// What is not.
    pub fn check(&self) -> Result<(), &'static str> {
        let lo = self.lo().get(self.prefix..).ok_or("a page's keys lose a prefix that is longer than its lo")?;
        // Without a bound no prefix is common to all keys.
        let hi = match self.hi().strip_prefix(self.prefix()) {
            Some(hi) if !self.hi().is_empty() => Some(hi),
            _ if self.hi().is_empty() && self.prefix == 0 => None,
            _ => return Err("a page's keys lose a prefix that not all of them have"),
        };
        if self.hi().is_empty() != self.next.is_none() {
            return Err("only the last page has no sibling, and only its keys have no bound");
        }
        let ascend = self.keys.windows(2).all(|pair| self.at(pair[0]) < self.at(pair[1]));
        let within = self.key(0).is_none_or(|first| first >= lo)
            && self.keys.last().is_none_or(|&last| hi.is_none_or(|hi| self.at(last) < hi))
            && hi.is_none_or(|hi| lo < hi);
        if !ascend || !within {
            return Err("a page's keys are out of order or beyond its bounds");
        }
        if !self.is_index() && self.merging_child.is_some() {
            return Err("a leaf merges a child");
        }
        if self.is_index() && self.key(0).is_none_or(|first| first != lo) {
            return Err("an index page has no child for its first keys");
        }
        Ok(())
    }
}

/// A number that is an id, or 0 for none.
trait IntoPage {
    fn into_page(self) -> Option<u64>;
}

impl IntoPage for u64 {
    fn into_page(self) -> Option<u64> {
        (self != 0).then_some(self)
    }
}
