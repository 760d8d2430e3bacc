//! A graph's layout, made of the names that JavaScript has for its parts.

use kgdump_shared::fault::{Fault, Outcome};

use super::id::Domain;
use super::layout::{Form, Kind, LENGTHS, Layout, Name, Part, Paths, Rule};
use super::pick::PROPERTIES;

const KINDS: [(&str, Kind); 4] =
    [("node", Kind::Node), ("edge", Kind::Edge), ("outgoing", Kind::Outgoing), ("incoming", Kind::Incoming)];
const NAMES: [(&str, Name); 6] = [
    ("id", Name::Id),
    ("from", Name::From),
    ("to", Name::To),
    ("label", Name::Label),
    ("time", Name::Time),
    ("any", Name::Any),
];
const FORMS: [(&str, Form); 4] =
    [("uuid", Form::Uuid), ("uuid-text", Form::UuidText), ("u64", Form::U64), ("text", Form::Text)];

impl Rule {
    /// A rule without parts and paths.
    ///
    /// Errors: INTERNAL.
    pub fn of_kind(kind: &str) -> Outcome<Self> {
        Ok(Self { kind: named(kind, KINDS)?, parts: Vec::new(), paths: Paths::default() })
    }
}

impl Part {
    /// Errors: INTERNAL.
    pub fn field(name: &str, form: &str) -> Outcome<Self> {
        Ok(Self::Field(named(name, NAMES)?, named(form, FORMS)?))
    }
}

impl Paths {
    /// Sets the path of `properties`, or of a field.
    ///
    /// Errors: INTERNAL.
    pub fn set(&mut self, name: &str, path: Vec<Vec<u8>>) -> Outcome<()> {
        let number = if name == "properties" { PROPERTIES } else { named(name, NAMES)? as usize };
        if let Some(first) = path.first() {
            self.by_length[first.len().min(LENGTHS - 1)] |= 1 << number;
        }
        *if number == PROPERTIES { &mut self.properties } else { &mut self.fields[number] } = Some(path);
        Ok(())
    }
}

impl Layout {
    /// @param uuids whether ids of nodes, and of edges, are UUIDs
    pub fn new(rules: Vec<Rule>, uuids: (bool, bool)) -> Self {
        let domain = |uuids: bool| if uuids { Domain::Uuids } else { Domain::Texts };
        let has_nodes = rules.iter().any(|rule| rule.kind == Kind::Node);
        Self { rules, nodes: domain(uuids.0), edges: domain(uuids.1), has_nodes }
    }
}

fn named<T: Copy, const N: usize>(name: &str, all: [(&str, T); N]) -> Outcome<T> {
    let found = all.into_iter().find(|&(known, _)| known == name);
    found
        .map(|(_, value)| value)
        .ok_or_else(|| Fault::new("INTERNAL", format!("there is no {name} in a graph's layout")))
}
