//! How a graph lies in a store: which keys are its records, and where ids, labels and times stand in keys and values.

use super::id::{Domain, UUID_TEXT, uuid_of};

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Node,
    Edge,
    /// A list of the edges that start at a node.
    Outgoing,
    /// A list of those that end there.
    Incoming,
}

/// What stands at a place of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Name {
    Id,
    From,
    To,
    Label,
    Time,
    /// Something that does not matter.
    Any,
}

pub const NAMES: usize = 6;

/// How it is written there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// 16 bytes.
    Uuid,
    /// In lower case, as keys are looked up as they are.
    UuidText,
    /// 8 bytes, big-endian.
    U64,
    /// One byte at least, up to what follows it.
    Text,
}

#[derive(Clone, Debug)]
pub enum Part {
    Literal(Vec<u8>),
    Field(Name, Form),
}

/// Paths of fields in a value that is JSON.
#[derive(Clone, Debug, Default)]
pub struct Paths {
    /// By `Name`.
    pub fields: [Option<Vec<Vec<u8>>>; NAMES],
    /// A list of objects with `key`, a string, and `value`.
    pub properties: Option<Vec<Vec<u8>>>,
    /// Which begin with a name of a length, a bit each; of lengths beyond the last one, with that.
    pub by_length: [u8; LENGTHS],
}

/// Lengths of names that are told apart.
pub const LENGTHS: usize = 16;

impl Paths {
    /// Nothing of the value is asked for.
    pub fn is_empty(&self) -> bool {
        self.properties.is_none() && self.fields.iter().all(Option::is_none)
    }
}

/// One kind of record.
#[derive(Clone, Debug)]
pub struct Rule {
    pub kind: Kind,
    pub parts: Vec<Part>,
    pub paths: Paths,
}

#[derive(Clone, Debug)]
pub struct Layout {
    pub rules: Vec<Rule>,
    pub nodes: Domain,
    pub edges: Domain,
    /// Nodes have records of their own; else every id that an edge names is one.
    pub has_nodes: bool,
}

/// What was found in a key: for each name its form and its bytes.
pub type Found<'a> = [Option<(Form, &'a [u8])>; NAMES];

/// What a key is.
pub enum Class<'a> {
    Record(usize, Found<'a>),
    /// It begins as one of the graph's and goes on otherwise.
    Malformed,
    Other,
}

impl Layout {
    #[inline]
    pub fn classify<'a>(&self, key: &'a [u8]) -> Class<'a> {
        let mut malformed = false;
        for (number, rule) in self.rules.iter().enumerate() {
            let mut parts = &rule.parts[..];
            let mut rest = key;
            let mut named = false;
            if let Some((Part::Literal(start), more)) = parts.split_first() {
                // Most kinds differ in their first byte already.
                if start.first().is_some_and(|first| key.first() != Some(first)) {
                    continue;
                }
                let Some(behind) = key.strip_prefix(&start[..]) else { continue };
                (parts, rest, named) = (more, behind, !start.is_empty());
            }
            let mut found = Found::default();
            if rule.fits(parts, rest, &mut found) {
                return Class::Record(number, found);
            }
            malformed |= named;
        }
        if malformed { Class::Malformed } else { Class::Other }
    }

    /// The key of a record when it can be told from the id alone.
    pub fn key_of(&self, kind: Kind, text: &[u8]) -> Option<Vec<u8>> {
        let mut rules = self.rules.iter().filter(|rule| rule.kind == kind);
        let rule = rules.next().filter(|_| rules.next().is_none())?;
        rule.parts.iter().find(|part| matches!(part, Part::Field(Name::Id, _)))?;
        let mut key = Vec::new();
        for part in &rule.parts {
            match part {
                Part::Literal(bytes) => key.extend_from_slice(bytes),
                Part::Field(Name::Id, Form::Uuid) => key.extend_from_slice(&uuid_of(text)?),
                Part::Field(Name::Id, Form::U64) => {
                    key.extend_from_slice(&std::str::from_utf8(text).ok()?.parse::<u64>().ok()?.to_be_bytes());
                }
                Part::Field(Name::Id, Form::UuidText | Form::Text) => key.extend_from_slice(text),
                Part::Field(..) => return None,
            }
        }
        Some(key)
    }
}

impl Rule {
    fn fits<'a>(&self, parts: &[Part], key: &'a [u8], found: &mut Found<'a>) -> bool {
        let mut rest = key;
        for (number, part) in parts.iter().enumerate() {
            let length = match part {
                Part::Literal(bytes) => {
                    let Some(behind) = rest.strip_prefix(&bytes[..]) else { return false };
                    rest = behind;
                    continue;
                }
                Part::Field(_, Form::Uuid) => 16,
                Part::Field(_, Form::UuidText) => UUID_TEXT,
                Part::Field(_, Form::U64) => 8,
                Part::Field(_, Form::Text) => match parts.get(number + 1) {
                    Some(Part::Literal(next)) => match find(rest, next) {
                        Some(at) => at,
                        None => return false,
                    },
                    _ => rest.len(),
                },
            };
            let Part::Field(name, form) = part else { continue };
            let Some((bytes, behind)) = rest.split_at_checked(length) else { return false };
            let is_one = match form {
                Form::Text => !bytes.is_empty(),
                Form::UuidText => uuid_of(bytes).is_some() && !bytes.iter().any(u8::is_ascii_uppercase),
                Form::Uuid | Form::U64 => true,
            };
            if !is_one {
                return false;
            }
            found[*name as usize] = Some((*form, bytes));
            rest = behind;
        }
        rest.is_empty()
    }
}

/// Where bytes stand first, behind one other byte at least.
fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    (1..=bytes.len().checked_sub(wanted.len())?).find(|&at| bytes[at..].starts_with(wanted))
}
