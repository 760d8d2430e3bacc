//! Gathers what the entries of a graph say, block after block, as facts that can be sorted, and what is wrong with single entries.

use std::collections::HashMap;

use kgdump_shared::fault::Outcome;

use super::counts::{Growth, Labels, NONE};
use super::facts::{BAD_INCOMING, BAD_OUTGOING, Facts, INCOMING, INCOMING_LIST, NODE_RECORD, OUTGOING, OUTGOING_LIST};
use super::id::{Domain, Id, Names, hash_of, uuid_of};
use super::layout::{Kind, Layout};
use super::lists::{self, Wrong};
use super::parse::{List, Listed, Parsed, Record, Ref, Said};
use super::problems::{self, Problem, Problems};
use super::sorter::{HELD_BYTES, Room, Sorter};

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
    pub facts: Facts,
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
            facts: Facts::new(room),
            problems: Sorter::new(room, HELD_BYTES),
            malformed: HashMap::new(),
            names: Names::new(room),
            node_labels: Labels::default(),
            edge_labels: Labels::default(),
            growth: Growth::default(),
            linked: 0,
        }
    }

    /// Takes in what a piece of a block says.
    ///
    /// Errors: those of the temporary files.
    pub fn take(&mut self, layout: &Layout, parsed: &Parsed) -> Outcome<()> {
        self.counts.lists += parsed.lists;
        self.counts.others += parsed.others;
        parsed.said.iter().try_for_each(|said| match said {
            Said::Record(record) => self.record(parsed, record),
            Said::List(list) => self.list(layout, parsed, list),
            Said::Malformed(key) => self.malformed(&parsed.bytes[key.clone()]),
        })
    }

    fn record(&mut self, parsed: &Parsed, record: &Record) -> Outcome<()> {
        let Record { kind, problem, day, .. } = *record;
        let label = record.label.clone().map(|label| &parsed.bytes[label]);
        let id = self.id(parsed, &record.id)?;
        if kind == Kind::Node {
            self.counts.nodes += 1;
            self.growth.add(0, day);
            let label = self.node_labels.add(label);
            if record.has_id {
                self.facts.exists(&id, NODE_RECORD, label)?;
            }
            return self.tell(problem, kind, &id);
        }
        self.counts.edges += 1;
        self.growth.add(1, day);
        let label = self.edge_labels.add(label);
        self.tell(problem, kind, &id)?;
        if let (Some((from, to)), None | Some(Problem::IdDiffers)) = (&record.ends, problem) {
            let (from, to) = (self.id(parsed, from)?, self.id(parsed, to)?);
            let number = self.linked;
            self.linked += 1;
            self.facts.link(&from, OUTGOING, &id, number, label)?;
            self.facts.link(&to, INCOMING, &id, number, label)?;
        }
        Ok(())
    }

    fn list(&mut self, layout: &Layout, parsed: &Parsed, List { kind, node, edges }: &List) -> Outcome<()> {
        let node = self.id(parsed, node)?;
        let (about, exists, bad) = match kind {
            Kind::Incoming => (INCOMING, INCOMING_LIST, BAD_INCOMING),
            _ => (OUTGOING, OUTGOING_LIST, BAD_OUTGOING),
        };
        self.facts.exists(&node, exists, NONE)?;
        let value = match edges {
            Listed::Ids(ids) => {
                return parsed.edges[ids.clone()].iter().try_for_each(|edge| self.facts.listed(&node, about, edge));
            }
            Listed::Value(value) => &parsed.bytes[value.clone()],
        };
        let is_id = |text: &[u8]| match layout.edges {
            Domain::Uuids => uuid_of(text).is_some(),
            Domain::Texts => !text.is_empty(),
        };
        let wrong = lists::each_text(value, is_id, |text| {
            let edge = match layout.edges {
                Domain::Uuids => uuid_of(text),
                Domain::Texts => Some(self.names.id_of(text)?),
            };
            edge.map_or(Ok(()), |edge| self.facts.listed(&node, about, &edge))
        })?;
        let Some(wrong) = wrong else { return Ok(()) };
        self.facts.exists(&node, bad, NONE)?;
        let problem = match wrong {
            Wrong::NotJson => Problem::ValueNotJson,
            Wrong::Misshapen => Problem::ValueMisshapen,
        };
        self.tell(Some(problem), *kind, &node)
    }

    fn id(&mut self, parsed: &Parsed, id: &Ref) -> Outcome<Id> {
        match id {
            Ref::Uuid(id) => Ok(*id),
            Ref::Text(text) => self.names.id_of(&parsed.bytes[text.clone()]),
        }
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
