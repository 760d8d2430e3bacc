//! What each entry of a graph says about one node, as a record of fixed size. Sorted, all that is said of a node comes together, and what an
//! edge says stands beside what the node's list says of it.
//!
//! As bytes: 16 id of the node, 1 what it is about (below), 16 id of the edge, 6 number of the edge's record or `LISTED`, 4 number of the
//! label. About existence, the first byte of the edge's id says what exists.

use std::borrow::Cow;
use std::collections::HashMap;

use kgdump_shared::fault::Outcome;

use super::counts::{Growth, Labels, NONE, day_of_number, day_of_text};
use super::field::{Field, field_of, text_of};
use super::id::{Domain, Id, Names, hash_of, uuid_of};
use super::layout::{Class, Form, Found, Kind, Layout, Name, Rule};
use super::lists::{self, Wrong};
use super::pick::Picker;
use super::problems::{self, Problem, Problems};
use super::sorter::{Room, Sorter};

pub const FACT: usize = 43;
pub const ABOUT: usize = 16;
pub const EDGE: usize = 17;
pub const NUMBER: usize = 33;
pub const LABEL: usize = 39;
/// What a fact is about: what exists of the node, or an edge that starts, or ends, at it.
pub const EXISTENCE: u8 = 0;
pub const OUTGOING: u8 = 1;
pub const INCOMING: u8 = 2;
/// In the place of the number of an edge's record: the node's list says it.
pub const LISTED: [u8; 6] = [0xff; 6];
/// What exists: the node's own record, its lists, and lists that can't be read.
pub const NODE_RECORD: u8 = 0;
pub const OUTGOING_LIST: u8 = 1;
pub const INCOMING_LIST: u8 = 2;
pub const BAD_OUTGOING: u8 = 3;
pub const BAD_INCOMING: u8 = 4;
pub const EXISTING: usize = 5;

/// Keys of malformed ones that are kept to be shown.
const MALFORMED_KEPT: usize = 100;

/// How many entries of each kind there are.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counts {
    pub nodes: u64,
    pub edges: u64,
    pub lists: u64,
    pub others: u64,
}

/// Gathers facts, and what is wrong with single entries.
pub struct Gatherer {
    pub counts: Counts,
    pub facts: Sorter<FACT>,
    pub problems: Problems,
    pub malformed: HashMap<Id, Vec<u8>>,
    pub names: Names,
    pub node_labels: Labels,
    pub edge_labels: Labels,
    pub growth: Growth,
    /// Edges whose ends could be read.
    pub linked: u64,
}

impl Gatherer {
    pub fn new(room: &Room) -> Self {
        Self {
            counts: Counts::default(),
            facts: Sorter::new(room),
            problems: Sorter::new(room),
            malformed: HashMap::new(),
            names: Names::new(room),
            node_labels: Labels::default(),
            edge_labels: Labels::default(),
            growth: Growth::default(),
            linked: 0,
        }
    }

    /// Takes in an entry; without a value it was deleted.
    ///
    /// Errors: those of the temporary files.
    #[inline]
    pub fn add(&mut self, layout: &Layout, key: &[u8], value: Option<&[u8]>) -> Outcome<()> {
        match (layout.classify(key), value) {
            (Class::Malformed, Some(_)) => self.malformed(key),
            (Class::Record(number, found), Some(value)) => match layout.rules[number].kind {
                Kind::Node => self.node(layout, &layout.rules[number], key, &found, value),
                Kind::Edge => self.edge(layout, &layout.rules[number], key, &found, value),
                Kind::Outgoing => self.list(layout, Kind::Outgoing, &found, value),
                Kind::Incoming => self.list(layout, Kind::Incoming, &found, value),
            },
            _ => {
                self.counts.others += 1;
                Ok(())
            }
        }
    }

    fn node(&mut self, layout: &Layout, rule: &Rule, key: &[u8], found: &Found<'_>, value: &[u8]) -> Outcome<()> {
        self.counts.nodes += 1;
        let record = self.record(layout.nodes, rule, found, value)?;
        let label = self.node_labels.add(record.label.as_deref());
        self.growth.add(0, record.day);
        let id = match record.id {
            Some(id) => id,
            None => self.names.id_of(key)?,
        };
        if record.id.is_some() {
            self.exists(&id, NODE_RECORD, label)?;
        }
        self.tell(record.problem, Kind::Node, &id)
    }

    fn edge(&mut self, layout: &Layout, rule: &Rule, key: &[u8], found: &Found<'_>, value: &[u8]) -> Outcome<()> {
        self.counts.edges += 1;
        let mut record = self.record(layout.edges, rule, found, value)?;
        let from = self.end(layout.nodes, found[Name::From as usize], record.from.take())?;
        let to = self.end(layout.nodes, found[Name::To as usize], record.to.take())?;
        let label = self.edge_labels.add(record.label.as_deref());
        self.growth.add(1, record.day);
        let id = match record.id {
            Some(id) => id,
            None => self.names.id_of(key)?,
        };
        let mut problem = record.problem;
        let ends = from.zip(to);
        if ends.is_none() && !matches!(problem, Some(Problem::ValueNotJson | Problem::ValueMisshapen)) {
            problem = Some(Problem::ValueMisshapen);
        }
        self.tell(problem, Kind::Edge, &id)?;
        if let (Some((from, to)), None | Some(Problem::IdDiffers)) = (ends, problem) {
            let number = self.linked;
            self.linked += 1;
            self.link(&from, OUTGOING, &id, number, label)?;
            self.link(&to, INCOMING, &id, number, label)?;
        }
        Ok(())
    }

    fn list(&mut self, layout: &Layout, kind: Kind, found: &Found<'_>, value: &[u8]) -> Outcome<()> {
        self.counts.lists += 1;
        let Some(node) = self.end(layout.nodes, found[Name::Id as usize], None)? else { return Ok(()) };
        let (about, exists, bad) = match kind {
            Kind::Incoming => (INCOMING, INCOMING_LIST, BAD_INCOMING),
            _ => (OUTGOING, OUTGOING_LIST, BAD_OUTGOING),
        };
        self.exists(&node, exists, NONE)?;
        if layout.edges == Domain::Uuids
            && let Some(edges) = lists::plain_uuids(value)
        {
            return edges.into_iter().try_for_each(|edge| self.listed(&node, about, &edge));
        }
        let is_id = |text: &[u8]| match layout.edges {
            Domain::Uuids => uuid_of(text).is_some(),
            Domain::Texts => !text.is_empty(),
        };
        let wrong = lists::each_text(value, is_id, |text| {
            let Some(edge) = self.id(layout.edges, text)? else { return Ok(()) };
            self.listed(&node, about, &edge)
        })?;
        let Some(wrong) = wrong else { return Ok(()) };
        self.exists(&node, bad, NONE)?;
        let problem = match wrong {
            Wrong::NotJson => Problem::ValueNotJson,
            Wrong::Misshapen => Problem::ValueMisshapen,
        };
        self.tell(Some(problem), kind, &node)
    }

    /// What the value of a node or an edge says.
    fn record<'a>(&mut self, domain: Domain, rule: &Rule, found: &Found<'a>, value: &'a [u8]) -> Outcome<Record<'a>> {
        let mut record = Record::default();
        let key_id = found[Name::Id as usize];
        record.id = self.end(domain, key_id, None)?;
        record.label = found[Name::Label as usize].map(|(form, bytes)| text_of(form, bytes));
        record.day = found[Name::Time as usize].and_then(|(form, bytes)| day_of_text(&text_of(form, bytes)));
        if rule.paths.is_empty() {
            return Ok(record);
        }
        let Some(picker) = Picker::pick(&rule.paths, value) else {
            record.problem = Some(Problem::ValueNotJson);
            return Ok(record);
        };
        let field = |name: Name| field_of(rule, &picker, value, name);
        let mut wrong = rule.paths.properties.is_some() && picker.properties != Some(true);
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
        record.from = text_or_number(Name::From);
        record.to = text_or_number(Name::To);
        match field(Name::Label) {
            Field::Unasked => {}
            Field::Text(label) => record.label = Some(label),
            _ => wrong = true,
        }
        match field(Name::Time) {
            Field::Text(text) => record.day = day_of_text(&text),
            Field::Number(number) => record.day = day_of_number(number),
            _ => {}
        }
        let mut differs = false;
        if let Some(text) = value_id {
            let id = self.id(domain, &text)?;
            wrong |= id.is_none();
            if key_id.is_none() {
                record.id = id;
            } else {
                differs = id.is_some() && id != record.id;
            }
        }
        record.problem = if wrong { Some(Problem::ValueMisshapen) } else { differs.then_some(Problem::IdDiffers) };
        Ok(record)
    }

    /// The id in a key, or in a value.
    fn end(
        &mut self,
        domain: Domain,
        in_key: Option<(Form, &[u8])>,
        in_value: Option<Cow<'_, [u8]>>,
    ) -> Outcome<Option<Id>> {
        match (in_key, in_value) {
            (Some((Form::Uuid, bytes)), _) if domain == Domain::Uuids => Ok(bytes.try_into().ok()),
            (Some((form, bytes)), _) => self.id(domain, &text_of(form, bytes)),
            (None, Some(text)) => self.id(domain, &text),
            (None, None) => Ok(None),
        }
    }

    fn id(&mut self, domain: Domain, text: &[u8]) -> Outcome<Option<Id>> {
        match domain {
            Domain::Uuids => Ok(uuid_of(text)),
            Domain::Texts => self.names.id_of(text).map(Some),
        }
    }

    fn exists(&mut self, node: &Id, what: u8, label: u32) -> Outcome<()> {
        let mut fact = [0; FACT];
        fact[..ABOUT].copy_from_slice(node);
        fact[EDGE] = what;
        fact[LABEL..].copy_from_slice(&label.to_be_bytes());
        self.facts.push(fact)
    }

    fn link(&mut self, node: &Id, about: u8, edge: &Id, number: u64, label: u32) -> Outcome<()> {
        let mut fact = [0; FACT];
        fact[..ABOUT].copy_from_slice(node);
        fact[ABOUT] = about;
        fact[EDGE..NUMBER].copy_from_slice(edge);
        fact[NUMBER..LABEL].copy_from_slice(&number.to_be_bytes()[2..]);
        fact[LABEL..].copy_from_slice(&label.to_be_bytes());
        self.facts.push(fact)
    }

    fn listed(&mut self, node: &Id, about: u8, edge: &Id) -> Outcome<()> {
        let mut fact = [0; FACT];
        fact[..ABOUT].copy_from_slice(node);
        fact[ABOUT] = about;
        fact[EDGE..NUMBER].copy_from_slice(edge);
        fact[NUMBER..LABEL].copy_from_slice(&LISTED);
        self.facts.push(fact)
    }

    fn tell(&mut self, problem: Option<Problem>, kind: Kind, id: &Id) -> Outcome<()> {
        problem.map_or(Ok(()), |problem| problems::add(&mut self.problems, problem, (kind, id), None))
    }

    fn malformed(&mut self, key: &[u8]) -> Outcome<()> {
        let id = hash_of(key);
        if self.malformed.len() < MALFORMED_KEPT {
            self.malformed.insert(id, key.to_vec());
        }
        problems::add(&mut self.problems, Problem::KeyMalformed, (Kind::Node, &id), None)
    }
}

/// What a record says of itself.
#[derive(Default)]
struct Record<'a> {
    id: Option<Id>,
    problem: Option<Problem>,
    label: Option<Cow<'a, [u8]>>,
    day: Option<i32>,
    from: Option<Cow<'a, [u8]>>,
    to: Option<Cow<'a, [u8]>>,
}
