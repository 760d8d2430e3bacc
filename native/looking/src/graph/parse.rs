//! What each entry of a block says of a graph, by its key and its value. That takes most of the time, and needs nothing but the layout, so that
//! blocks may be parsed side by side.
//!
//! Contract: a block is parsed in pieces, each of a bounded size but for an entry that is larger.

use std::borrow::Cow;
use std::ops::Range;

use kgdump_shared::fault::Outcome;

use super::counts::{day_of_number, day_of_text};
use super::field::{Field, field_of, text_of};
use super::id::{Domain, Id, uuid_of};
use super::layout::{Class, Form, Found, Kind, Layout, Name, Rule};
use super::lists;
use super::pick::{Level, Picker};
use super::problems::Problem;
use crate::entries;

/// What one piece may have: what is said, and bytes of texts and lists.
const MOST_SAID: usize = 1 << 14;
const MOST_BYTES: usize = 4 << 20;

/// What a node or an edge is known by.
#[derive(Debug)]
pub enum Ref {
    Uuid(Id),
    /// Where it stands among the bytes.
    Text(Range<usize>),
}

/// A node, or an edge.
#[derive(Debug)]
pub struct Record {
    pub kind: Kind,
    /// Its key, when it has no id.
    pub id: Ref,
    pub has_id: bool,
    pub problem: Option<Problem>,
    pub label: Option<Range<usize>>,
    pub day: Option<i32>,
    /// Where an edge starts and ends, if both can be read.
    pub ends: Option<(Ref, Ref)>,
}

/// A list of edges that start, or end, at a node.
#[derive(Debug)]
pub struct List {
    pub kind: Kind,
    pub node: Ref,
    pub edges: Listed,
}

#[derive(Debug)]
pub enum Listed {
    /// Where they stand among the edges.
    Ids(Range<usize>),
    /// A list that is written in another way than most: where its value stands among the bytes.
    Value(Range<usize>),
}

#[derive(Debug)]
pub enum Said {
    Record(Record),
    List(List),
    /// A key that begins like one of the graph's.
    Malformed(Range<usize>),
}

/// A piece of a block.
#[derive(Default)]
pub struct Parsed {
    pub said: Vec<Said>,
    pub edges: Vec<Id>,
    pub bytes: Vec<u8>,
    /// All lists, also those of which the key names no node.
    pub lists: u64,
    /// Entries that are none of the graph's.
    pub others: u64,
    /// Memory that each value's picker uses again.
    levels: Vec<Level>,
}

/// Shows a block piece by piece to `take`.
///
/// Errors: DUMP_ENTRIES_MALFORMED, and those of `take`.
pub fn each_piece(layout: &Layout, raw: &[u8], mut take: impl FnMut(&Parsed) -> Outcome<()>) -> Outcome<()> {
    let mut parsed = Parsed::default();
    entries::each(raw, |key, value, _| {
        parsed.add(layout, key, value);
        if parsed.is_full() {
            take(&parsed)?;
            parsed.clear();
        }
        Ok(())
    })?;
    take(&parsed)
}

impl Parsed {
    fn is_full(&self) -> bool {
        self.said.len() >= MOST_SAID || self.bytes.len() + self.edges.len() * size_of::<Id>() >= MOST_BYTES
    }

    fn clear(&mut self) {
        self.said.clear();
        self.edges.clear();
        self.bytes.clear();
        (self.lists, self.others) = (0, 0);
    }

    /// Parses an entry; without a value it was deleted.
    #[inline]
    fn add(&mut self, layout: &Layout, key: &[u8], value: Option<&[u8]>) {
        match (layout.classify(key), value) {
            (Class::Malformed, Some(_)) => {
                let key = self.keep(key);
                self.said.push(Said::Malformed(key));
            }
            (Class::Record(number, found), Some(value)) => {
                let rule = &layout.rules[number];
                match rule.kind {
                    Kind::Node | Kind::Edge => self.record(layout, rule, key, &found, value),
                    Kind::Outgoing | Kind::Incoming => self.list(layout, rule.kind, &found, value),
                }
            }
            _ => self.others += 1,
        }
    }

    fn record(&mut self, layout: &Layout, rule: &Rule, key: &[u8], found: &Found<'_>, value: &[u8]) {
        let domain = if rule.kind == Kind::Edge { layout.edges } else { layout.nodes };
        let mut read = read(domain, rule, found, value, &mut self.levels);
        if rule.kind == Kind::Edge {
            let from = end(layout.nodes, found[Name::From as usize], read.from.take());
            let to = end(layout.nodes, found[Name::To as usize], read.to.take());
            read.ends = from.zip(to);
            if read.ends.is_none() && read.problem != Some(Problem::ValueNotJson) {
                read.problem = Some(Problem::ValueMisshapen);
            }
        }
        let has_id = read.id.is_some();
        let record = Record {
            kind: rule.kind,
            id: self.refer(read.id.unwrap_or(Known::Text(Cow::Borrowed(key)))),
            has_id,
            problem: read.problem,
            label: read.label.map(|label| self.keep(&label[..label.len().min(super::counts::LONGEST_LABEL)])),
            day: read.day,
            ends: read.ends.map(|(from, to)| (self.refer(from), self.refer(to))),
        };
        self.said.push(Said::Record(record));
    }

    fn list(&mut self, layout: &Layout, kind: Kind, found: &Found<'_>, value: &[u8]) {
        self.lists += 1;
        let Some(node) = end(layout.nodes, found[Name::Id as usize], None) else { return };
        let node = self.refer(node);
        let start = self.edges.len();
        let edges = if layout.edges == Domain::Uuids && lists::plain_uuids(value, &mut self.edges) {
            // In this order they are facts in order.
            self.edges[start..].sort_unstable();
            Listed::Ids(start..self.edges.len())
        } else {
            Listed::Value(self.keep(value))
        };
        self.said.push(Said::List(List { kind, node, edges }));
    }

    fn keep(&mut self, bytes: &[u8]) -> Range<usize> {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(bytes);
        start..self.bytes.len()
    }

    fn refer(&mut self, known: Known<'_>) -> Ref {
        match known {
            Known::Uuid(id) => Ref::Uuid(id),
            Known::Text(text) => Ref::Text(self.keep(&text)),
        }
    }
}

/// What a node or an edge is known by, as it stands in a key or a value.
#[derive(PartialEq, Eq)]
enum Known<'a> {
    Uuid(Id),
    Text(Cow<'a, [u8]>),
}

/// What a record says of itself.
#[derive(Default)]
struct Read<'a> {
    id: Option<Known<'a>>,
    problem: Option<Problem>,
    label: Option<Cow<'a, [u8]>>,
    day: Option<i32>,
    from: Option<Cow<'a, [u8]>>,
    to: Option<Cow<'a, [u8]>>,
    ends: Option<(Known<'a>, Known<'a>)>,
}

/// Reads the key and the value of a node or an edge.
fn read<'a>(domain: Domain, rule: &Rule, found: &Found<'a>, value: &'a [u8], levels: &mut Vec<Level>) -> Read<'a> {
    let key_id = found[Name::Id as usize];
    let mut read = Read {
        id: end(domain, key_id, None),
        label: found[Name::Label as usize].map(|(form, bytes)| text_of(form, bytes)),
        day: found[Name::Time as usize].and_then(|(form, bytes)| day_of_text(&text_of(form, bytes))),
        ..Read::default()
    };
    if rule.paths.is_empty() {
        return read;
    }
    let Some(picks) = Picker::pick(&rule.paths, value, levels) else {
        read.problem = Some(Problem::ValueNotJson);
        return read;
    };
    let field = |name: Name| field_of(rule, &picks, value, name);
    let mut wrong = rule.paths.properties.is_some() && picks.properties != Some(true);
    let mut text_or_number = |name: Name| match field(name) {
        Field::Unasked => None,
        Field::Text(text) if !text.is_empty() => Some(text),
        Field::Number(number) if domain == Domain::Texts => Some(Cow::Borrowed(number)),
        _ => {
            wrong = true;
            None
        }
    };
    let value_id = text_or_number(Name::Id);
    read.from = text_or_number(Name::From);
    read.to = text_or_number(Name::To);
    match field(Name::Label) {
        Field::Unasked => {}
        Field::Text(label) => read.label = Some(label),
        _ => wrong = true,
    }
    match field(Name::Time) {
        Field::Text(text) => read.day = day_of_text(&text),
        Field::Number(number) => read.day = day_of_number(number),
        _ => {}
    }
    let mut differs = false;
    if let Some(text) = value_id {
        let id = known(domain, text);
        wrong |= id.is_none();
        if key_id.is_none() {
            read.id = id;
        } else {
            differs = id.is_some() && id != read.id;
        }
    }
    read.problem = if wrong { Some(Problem::ValueMisshapen) } else { differs.then_some(Problem::IdDiffers) };
    read
}

/// The id in a key, or in a value.
fn end<'a>(domain: Domain, in_key: Option<(Form, &'a [u8])>, in_value: Option<Cow<'a, [u8]>>) -> Option<Known<'a>> {
    match (in_key, in_value) {
        (Some((Form::Uuid, bytes)), _) if domain == Domain::Uuids => bytes.try_into().ok().map(Known::Uuid),
        (Some((form, bytes)), _) => known(domain, text_of(form, bytes)),
        (None, Some(text)) => known(domain, text),
        (None, None) => None,
    }
}

fn known(domain: Domain, text: Cow<'_, [u8]>) -> Option<Known<'_>> {
    match domain {
        Domain::Uuids => uuid_of(&text).map(Known::Uuid),
        Domain::Texts => Some(Known::Text(text)),
    }
}
