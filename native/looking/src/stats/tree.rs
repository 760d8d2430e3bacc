//! The prefixes of a keyspace: a tree of the parts of its keys, in which parts of which there are many become one class, such as a number.
//!
//! Contract: what is kept is bounded, whatever the keys. Every entry is counted in exactly one tally. Keys come in order, so that most parts
//! are complete when another one begins; that they do is not needed for the sums to be right.

use super::keys::{Class, Part, Separators};
use super::tally::Tally;
use super::widths::Widths;

pub const ROOT: usize = 0;
/// Words below one prefix that are told apart while keys go by; of more the rarer half becomes one class.
const MOST_WORDS: usize = 128;
/// The same of numbers, and of tags, which become one class for good.
const MOST_NUMBERS: usize = 16;
/// Bytes of a word that may be told apart.
const LONGEST_WORD: usize = 64;
/// Widths of binary parts below one prefix that are told apart.
const MOST_WIDTHS: usize = 8;
/// Distinct prefixes, with and without shapes of values.
const MOST_NODES: usize = 10_000;
const MOST_SHAPES: usize = 1_000;

/// What leads from a node to one below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    pub class: Class,
    /// The bytes of a part that is told apart from others of its class; with what ends it.
    pub word: Option<Box<[u8]>>,
    /// What ends a part of a class.
    pub end: Box<[u8]>,
}

/// A prefix.
#[derive(Debug, Default)]
pub struct Node {
    pub label: Option<Label>,
    /// Parts that are told apart, by their bytes.
    pub words: Vec<usize>,
    pub classes: Vec<usize>,
    /// Keys that end here.
    pub here: Option<Box<Tally>>,
    /// Keys that go on in ways that are not told apart.
    pub rest: Option<Box<Tally>>,
    pub widths: Widths,
    /// Numbers below it are one class.
    numbers_are_many: bool,
    /// The same of tags.
    tags_are_many: bool,
    /// Words below it were too many.
    words_are_many: bool,
    /// The word below it that came last.
    last: usize,
}

/// The way of the key that came last, when it ended in a binary part: the next one mostly goes it, too.
pub struct Way {
    pub before: Vec<u8>,
    pub length: usize,
    pub node: usize,
}

pub struct Tree {
    pub nodes: Vec<Node>,
    free: Vec<usize>,
    pub separators: Separators,
    pub schema: bool,
    pub way: Option<Way>,
    /// Prefixes that were given up, as there were too many.
    pub given_up: u64,
}

impl Tree {
    pub fn new(separators: Separators, schema: bool) -> Self {
        Self { nodes: vec![Node::default()], free: Vec::new(), separators, schema, way: None, given_up: 0 }
    }

    /// The node below another one to which a part leads.
    pub fn follow(&mut self, node: usize, part: Part<'_>) -> usize {
        let apart = match part.class {
            Class::Number => !self.nodes[node].numbers_are_many,
            Class::Tag => !self.nodes[node].tags_are_many,
            Class::Word => true,
            _ => false,
        };
        if apart && part.bytes.len() <= LONGEST_WORD {
            return self.word(node, part);
        }
        self.class(node, part.class, part.end)
    }

    fn word(&mut self, node: usize, part: Part<'_>) -> usize {
        let Node { words, last, .. } = &self.nodes[node];
        if words.contains(last) && self.word_of(*last) == part.bytes {
            return *last;
        }
        let place = words.binary_search_by(|&word| self.word_of(word).cmp(part.bytes));
        let found = match place {
            Ok(at) => words[at],
            Err(at) => {
                if self.too_many(node, part.class) {
                    return self.follow(node, part);
                }
                let label = Label { class: part.class, word: Some(part.bytes.into()), end: part.end.into() };
                let made = self.make(label);
                self.nodes[node].words.insert(at, made);
                made
            }
        };
        self.nodes[node].last = found;
        found
    }

    fn word_of(&self, node: usize) -> &[u8] {
        self.nodes
            .get(node)
            .and_then(|node| node.label.as_ref())
            .and_then(|label| label.word.as_deref())
            .unwrap_or_default()
    }

    /// Makes room where there are too many parts of a class; whether it did.
    fn too_many(&mut self, node: usize, class: Class) -> bool {
        let of_class = self.words_of_class(node, class);
        if matches!(class, Class::Number | Class::Tag) && of_class.len() >= MOST_NUMBERS {
            let Node { numbers_are_many, tags_are_many, .. } = &mut self.nodes[node];
            *(if class == Class::Number { numbers_are_many } else { tags_are_many }) = true;
            of_class.into_iter().for_each(|word| self.generalize(node, word));
            return true;
        }
        if class != Class::Word || of_class.len() < MOST_WORDS {
            return false;
        }
        self.nodes[node].words_are_many = true;
        let mut by_size: Vec<(u64, usize)> = of_class.into_iter().map(|word| (self.entries(word), word)).collect();
        by_size.sort_unstable();
        by_size[..MOST_WORDS / 2].iter().for_each(|&(_, word)| self.generalize(node, word));
        true
    }

    /// Parts below a node that are told apart, although they are of a class.
    pub fn words_of_class(&self, node: usize, class: Class) -> Vec<usize> {
        let is_of_class = |word: &usize| self.nodes[*word].label.as_ref().is_some_and(|label| label.class == class);
        self.nodes[node].words.iter().copied().filter(is_of_class).collect()
    }

    pub fn words_are_many(&self, node: usize) -> bool {
        self.nodes[node].words_are_many
    }

    /// Makes one of its class of a part that was told apart.
    pub fn generalize(&mut self, node: usize, word: usize) {
        self.way = None;
        self.nodes[node].words.retain(|&other| other != word);
        let Some(Label { class, end, .. }) = self.nodes[word].label.clone() else { return };
        let into = self.class(node, class, &end);
        self.absorb(into, word);
    }

    fn class(&mut self, node: usize, class: Class, end: &[u8]) -> usize {
        let classes = &self.nodes[node].classes;
        let is = |child: &usize, class| {
            self.nodes[*child].label.as_ref().is_some_and(|label| label.class == class && *label.end == *end)
        };
        if let Some(&found) = classes.iter().find(|child| is(child, class)) {
            return found;
        }
        let widths = classes
            .iter()
            .filter(|&&child| matches!(self.nodes[child].label, Some(Label { class: Class::Fixed(_), .. })))
            .count();
        // Bytes of many widths are of none.
        if matches!(class, Class::Fixed(_)) && widths >= MOST_WIDTHS {
            return self.class(node, Class::Bytes, end);
        }
        let made = self.make(Label { class, word: None, end: end.into() });
        self.nodes[node].classes.push(made);
        made
    }

    fn make(&mut self, label: Label) -> usize {
        let node = Node { label: Some(label), ..Node::default() };
        if let Some(at) = self.free.pop() {
            self.nodes[at] = node;
            return at;
        }
        self.nodes.push(node);
        self.nodes.len() - 1
    }

    /// Adds a node, with all below it, to another one. No deeper than keys are.
    fn absorb(&mut self, into: usize, from: usize) {
        let Node { words, classes, here, rest, widths, numbers_are_many, tags_are_many, words_are_many, .. } =
            std::mem::take(&mut self.nodes[from]);
        self.free.push(from);
        let target = &mut self.nodes[into];
        add_to(&mut target.here, here);
        add_to(&mut target.rest, rest);
        target.widths.merge(widths);
        target.numbers_are_many |= numbers_are_many;
        target.tags_are_many |= tags_are_many;
        target.words_are_many |= words_are_many;
        for child in words.into_iter().chain(classes) {
            let Some(label) = self.nodes[child].label.clone() else { continue };
            let part = Part { class: label.class, bytes: label.word.as_deref().unwrap_or_default(), end: &label.end };
            let same =
                if label.word.is_some() { self.follow(into, part) } else { self.class(into, label.class, &label.end) };
            self.absorb(same, child);
        }
    }

    /// How many entries are below a node.
    pub fn entries(&self, node: usize) -> u64 {
        let Node { here, rest, words, classes, .. } = &self.nodes[node];
        let own: u64 = [here, rest].into_iter().flatten().map(|tally| tally.entries).sum();
        own + words.iter().chain(classes).map(|&child| self.entries(child)).sum::<u64>()
    }

    /// When there are too many prefixes, gives up those with the fewest entries, below which there are no others, until half of what is allowed is left:
    /// their entries are counted with what is above.
    pub fn give_up_some(&mut self) {
        let most = if self.schema { MOST_SHAPES } else { MOST_NODES };
        if self.nodes.len() - self.free.len() <= most {
            return;
        }
        self.way = None;
        let goal = most / 2;
        while self.nodes.len() - self.free.len() > goal {
            let mut last: Vec<(u64, usize, usize)> = Vec::new();
            for (parent, node) in self.nodes.iter().enumerate() {
                let childless =
                    |child: &usize| self.nodes[*child].words.is_empty() && self.nodes[*child].classes.is_empty();
                last.extend(
                    node.words
                        .iter()
                        .chain(&node.classes)
                        .copied()
                        .filter(childless)
                        .map(|child| (self.entries(child), child, parent)),
                );
            }
            last.sort_unstable();
            let many = (self.nodes.len() - self.free.len() - goal).min(last.len().div_ceil(2));
            for &(_, child, parent) in &last[..many] {
                let Node { here, rest, .. } = std::mem::take(&mut self.nodes[child]);
                self.free.push(child);
                self.given_up += 1;
                let Node { words, classes, rest: into, .. } = &mut self.nodes[parent];
                words.retain(|&other| other != child);
                classes.retain(|&other| other != child);
                add_to(into, here);
                add_to(into, rest);
            }
        }
    }
}

fn add_to(into: &mut Option<Box<Tally>>, from: Option<Box<Tally>>) {
    match (into, from) {
        (Some(into), Some(from)) => into.merge(&from),
        (into @ None, from) => *into = from,
        (Some(_), None) => {}
    }
}
