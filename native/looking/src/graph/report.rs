//! What is known of a graph, as JSON: bytes in hex.

use std::collections::HashMap;
use std::fmt::Write as _;

use super::counts::{Growth, Labels, NONE, date_of};
use super::gather::Gatherer;
use super::id::{Domain, Id, uuid_text};
use super::layout::{Kind, Layout};
use super::links::Connected;
use super::powers::Powers;
use super::problems::{Example, Problem, Tally};
use super::walk::{Figures, Hub};

/// What ids stand for.
pub struct Texts<'a> {
    pub layout: &'a Layout,
    pub texts: HashMap<Id, Vec<u8>>,
}

impl Texts<'_> {
    fn of(&self, kind: Kind, id: &Id) -> Vec<u8> {
        match domain(self.layout, kind) {
            Domain::Uuids => uuid_text(id).into_bytes(),
            Domain::Texts => self.texts.get(id).cloned().unwrap_or_default(),
        }
    }

    /// The key of a record; where that can't be told from its id, the id.
    fn key(&self, kind: Kind, id: &Id) -> Vec<u8> {
        let text = self.of(kind, id);
        self.layout.key_of(kind, &text).unwrap_or(text)
    }
}

/// What ids of the records of a kind are: lists have those of nodes.
pub fn domain(layout: &Layout, kind: Kind) -> Domain {
    if kind == Kind::Edge { layout.edges } else { layout.nodes }
}

/// The ids whose texts are needed to tell problems and figures.
pub fn ids_in(layout: &Layout, tallies: &[Tally], figures: Option<&Figures>) -> Vec<Id> {
    let mut ids = Vec::new();
    let mut add = |kind: Kind, id: &Id| {
        if domain(layout, kind) == Domain::Texts {
            ids.push(*id);
        }
    };
    for (number, tally) in tallies.iter().enumerate() {
        for example in tally.examples.iter().filter(|_| number != Problem::KeyMalformed as usize) {
            add(example.kind, &example.id);
            example.other.iter().for_each(|(kind, id)| add(*kind, id));
        }
    }
    if let Some(figures) = figures {
        figures.hubs.iter().for_each(|hub| add(Kind::Node, &hub.0.id.0));
        figures.orphan_examples.iter().for_each(|id| add(Kind::Node, id));
    }
    ids
}

/// How many entries there are of each kind, and the problems.
pub fn problems(gatherer: &Gatherer, tallies: &[Tally], texts: &Texts<'_>) -> String {
    let counts = gatherer.counts;
    let tally = |(number, tally): (usize, &Tally)| {
        let examples: Vec<String> = tally
            .examples
            .iter()
            .map(|Example { kind, id, other }| {
                let key = if number == Problem::KeyMalformed as usize {
                    gatherer.malformed.get(id).cloned()
                } else {
                    Some(texts.key(*kind, id))
                };
                let other = other.map(|(kind, id)| texts.key(kind, &id));
                format!("{{\"key\":{},\"other\":{}}}", hex_or_null(key.as_deref()), hex_or_null(other.as_deref()))
            })
            .collect();
        format!("{{\"count\":{},\"new\":{},\"examples\":[{}]}}", tally.count, tally.new, examples.join(","))
    };
    let kinds: Vec<String> = tallies.iter().enumerate().map(tally).collect();
    format!(
        "\"nodes\":{},\"edges\":{},\"lists\":{},\"others\":{},\"kinds\":[{}]",
        counts.nodes,
        counts.edges,
        counts.lists,
        counts.others,
        kinds.join(",")
    )
}

/// What nodes and edges there are, and how they hang together.
pub fn figures(gatherer: &Gatherer, figures: &Figures, connected: &Connected, texts: &Texts<'_>) -> String {
    let mut hubs: Vec<&Hub> = figures.hubs.iter().map(|hub| &hub.0).collect();
    hubs.sort_by(|a, b| b.cmp(a));
    let hub = |hub: &&Hub| {
        let label = if hub.label == NONE { None } else { gatherer.node_labels.get(hub.label) };
        format!(
            "{{\"id\":{},\"label\":{},\"outgoing\":{},\"incoming\":{}}}",
            hex_or_null(Some(&texts.of(Kind::Node, &hub.id.0))),
            hex_or_null(label),
            hub.outgoing,
            hub.incoming
        )
    };
    let orphans: Vec<String> =
        figures.orphan_examples.iter().map(|id| hex_or_null(Some(&texts.of(Kind::Node, id)))).collect();
    format!(
        "\"distinct\":{},\"nodeLabels\":{},\"edgeLabels\":{},\"degrees\":{},\"outgoing\":{},\"incoming\":{},\"most\":{},\"hubs\":[{}],\"orphans\":{},\"orphanExamples\":[{}],\"dangling\":{},\"loops\":{},\"parallel\":{},\"components\":{},\"largest\":{},\"sizes\":{},\"growth\":{}",
        figures.nodes,
        labels(&gatherer.node_labels),
        labels(&gatherer.edge_labels),
        powers(&figures.degrees),
        powers(&figures.outgoing),
        powers(&figures.incoming),
        figures.most,
        hubs.iter().map(hub).collect::<Vec<_>>().join(","),
        figures.orphans,
        orphans.join(","),
        gatherer.linked - connected.whole,
        connected.loops,
        connected.parallel,
        connected.components,
        connected.largest,
        powers(&connected.sizes),
        growth(&gatherer.growth),
    )
}

fn labels(labels: &Labels) -> String {
    let each: Vec<String> = labels
        .ordered()
        .iter()
        .map(|(label, count)| format!("{{\"label\":{},\"count\":{count}}}", hex_or_null(Some(label))))
        .collect();
    format!("{{\"each\":[{}],\"beyond\":{},\"without\":{}}}", each.join(","), labels.beyond, labels.without)
}

fn powers(Powers(counts): &Powers) -> String {
    format!("[{}]", counts.iter().map(u64::to_string).collect::<Vec<_>>().join(","))
}

fn growth(growth: &Growth) -> String {
    let days: Vec<String> = (0..)
        .zip(&growth.days)
        .filter(|(_, counts)| **counts != [0; 2])
        .map(|(day, [nodes, edges])| {
            let (year, month, day) = date_of(day);
            format!("{{\"day\":\"{year:04}-{month:02}-{day:02}\",\"nodes\":{nodes},\"edges\":{edges}}}")
        })
        .collect();
    let [nodes, edges] = growth.without;
    format!("{{\"days\":[{}],\"nodesWithout\":{nodes},\"edgesWithout\":{edges}}}", days.join(","))
}

fn hex_or_null(bytes: Option<&[u8]>) -> String {
    let Some(bytes) = bytes else { return "null".to_owned() };
    let mut hex = String::with_capacity(2 * bytes.len() + 2);
    hex.push('"');
    for byte in bytes {
        // Writing into a String can't fail.
        let _ = write!(hex, "{byte:02x}");
    }
    hex.push('"');
    hex
}
