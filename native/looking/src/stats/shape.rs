//! What JSON values have in common: their fields by path, how often each is there, its types, ranges and some examples.
//!
//! Contract: bounded, whatever the values: so many fields, so deep, examples of so many bytes. What is beyond is counted, not told. Shapes are added up.

use crate::json::{self, Quoted, Watch};

/// Places of one shape: fields, and what is in lists.
const MOST_PLACES: usize = 200;
const DEEPEST: usize = 16;
const EXAMPLES: usize = 3;
/// Bytes of an example; a longer one is none.
const EXAMPLE_BYTES: usize = 64;

/// Types of JSON, in the order in which they are counted.
pub const TYPES: [&str; 7] = ["null", "boolean", "integer", "number", "string", "array", "object"];
const NULL: usize = 0;
const BOOLEAN: usize = 1;
const INTEGER: usize = 2;
const NUMBER: usize = 3;
const STRING: usize = 4;
const ARRAY: usize = 5;
const OBJECT: usize = 6;

const ROOT: usize = 0;
/// Of what is not told apart.
const NOWHERE: usize = usize::MAX;

/// What stands at one path of the values.
#[derive(Clone, Debug, Default)]
pub struct Place {
    /// How often each type stands there.
    pub types: [u64; TYPES.len()],
    /// Of numbers.
    pub range: Option<(f64, f64)>,
    /// Bytes of strings.
    pub lengths: Option<(usize, usize)>,
    /// As they stand in the text.
    pub examples: Vec<Box<[u8]>>,
    /// Names and places, in the order in which they came.
    pub fields: Vec<(Box<[u8]>, usize)>,
    /// What is in a list.
    pub items: Option<usize>,
    /// Where the field that came last stands: the next one mostly stands behind it.
    turn: usize,
}

impl Place {
    fn note(&mut self, kind: usize, text: &[u8]) {
        self.types[kind] += 1;
        if self.examples.len() < EXAMPLES
            && text.len() <= EXAMPLE_BYTES
            && !text.is_empty()
            && !self.examples.iter().any(|known| **known == *text)
        {
            self.examples.push(text.into());
        }
    }

    fn merge_facts(&mut self, other: &Self) {
        for (mine, others) in self.types.iter_mut().zip(other.types) {
            *mine += others;
        }
        self.range = joined(self.range, other.range, f64::min, f64::max);
        self.lengths = joined(self.lengths, other.lengths, usize::min, usize::max);
        for example in &other.examples {
            if self.examples.len() < EXAMPLES && !self.examples.contains(example) {
                self.examples.push(example.clone());
            }
        }
    }
}

fn joined<T: Copy>(
    one: Option<(T, T)>,
    other: Option<(T, T)>,
    min: fn(T, T) -> T,
    max: fn(T, T) -> T,
) -> Option<(T, T)> {
    match (one, other) {
        (Some(one), Some(other)) => Some((min(one.0, other.0), max(one.1, other.1))),
        (one, other) => one.or(other),
    }
}

/// The shape of many values.
#[derive(Clone, Debug)]
pub struct Shape {
    /// The first is that of the whole values.
    pub places: Vec<Place>,
    /// Fields that are not told apart, as there are too many.
    pub beyond: u64,
}

impl Default for Shape {
    fn default() -> Self {
        Self { places: vec![Place::default()], beyond: 0 }
    }
}

impl Shape {
    /// Takes in a value that is JSON.
    pub fn add(&mut self, value: &[u8]) {
        let mut watcher = Watcher { shape: self, next: ROOT, open: Vec::new() };
        json::walk(value, &mut watcher);
    }

    pub fn merge(&mut self, other: &Self) {
        self.beyond += other.beyond;
        self.merge_place(ROOT, other, ROOT);
    }

    /// No deeper than places are.
    fn merge_place(&mut self, into: usize, other: &Self, from: usize) {
        let source = &other.places[from];
        self.places[into].merge_facts(source);
        for (name, place) in &source.fields {
            match self.field(into, name) {
                NOWHERE => self.beyond += 1,
                mine => self.merge_place(mine, other, *place),
            }
        }
        if let Some(items) = source.items {
            match self.items(into) {
                NOWHERE => self.beyond += 1,
                mine => self.merge_place(mine, other, items),
            }
        }
    }

    /// The place of a field of the objects at another place.
    fn field(&mut self, place: usize, name: &[u8]) -> usize {
        let Place { fields, turn, .. } = &mut self.places[place];
        let guess = if *turn < fields.len() { *turn } else { 0 };
        let found = match fields.get(guess) {
            Some((known, _)) if **known == *name => Some(guess),
            _ => fields.iter().position(|(known, _)| **known == *name),
        };
        if let Some(at) = found {
            *turn = at + 1;
            return fields[at].1;
        }
        let made = self.make();
        if made != NOWHERE {
            self.places[place].fields.push((name.into(), made));
        }
        made
    }

    fn items(&mut self, place: usize) -> usize {
        if let Some(items) = self.places[place].items {
            return items;
        }
        let made = self.make();
        if made != NOWHERE {
            self.places[place].items = Some(made);
        }
        made
    }

    fn make(&mut self) -> usize {
        if self.places.len() >= MOST_PLACES {
            return NOWHERE;
        }
        self.places.push(Place::default());
        self.places.len() - 1
    }
}

struct Watcher<'a> {
    shape: &'a mut Shape,
    /// Where the next value stands.
    next: usize,
    /// Places of the objects and lists that are open; whether each is a list.
    open: Vec<(usize, bool)>,
}

impl Watcher<'_> {
    fn note(&mut self, kind: usize, text: &[u8], facts: impl FnOnce(&mut Place)) {
        if let Some(place) = self.shape.places.get_mut(self.next) {
            place.note(kind, text);
            facts(place);
        }
    }
}

impl Watch for Watcher<'_> {
    fn begin(&mut self, list: bool) {
        self.note(if list { ARRAY } else { OBJECT }, b"", |_| ());
        self.open.push((self.next, list));
        let told = list && self.next != NOWHERE && self.open.len() <= DEEPEST;
        self.next = if told { self.shape.items(self.next) } else { NOWHERE };
    }

    fn end(&mut self) {
        self.open.pop();
        // Behind it, in a list, stands the next of its items.
        self.next = match self.open.last() {
            Some(&(place, true)) if place != NOWHERE && self.open.len() <= DEEPEST => self.shape.items(place),
            _ => NOWHERE,
        };
    }

    fn name(&mut self, name: Quoted<'_>) {
        let place = self.open.last().map_or(NOWHERE, |&(place, _)| place);
        if place == NOWHERE {
            return;
        }
        self.next = NOWHERE;
        if self.open.len() <= DEEPEST {
            self.next = self.shape.field(place, &name.text());
        }
        if self.next == NOWHERE {
            self.shape.beyond += 1;
        }
    }

    fn string(&mut self, string: Quoted<'_>) {
        let length = string.text().len();
        let raw = string.raw;
        let whole = if raw.len() <= EXAMPLE_BYTES { [b"\"", raw, b"\""].concat() } else { Vec::new() };
        self.note(STRING, &whole, |place| {
            place.lengths = joined(place.lengths, Some((length, length)), usize::min, usize::max);
        });
    }

    fn number(&mut self, raw: &[u8]) {
        let whole = raw.iter().all(|byte| byte.is_ascii_digit() || *byte == b'-');
        let value =
            std::str::from_utf8(raw).ok().and_then(|text| text.parse::<f64>().ok()).filter(|value| value.is_finite());
        self.note(if whole { INTEGER } else { NUMBER }, raw, |place| {
            place.range = joined(place.range, value.map(|value| (value, value)), f64::min, f64::max);
        });
    }

    fn word(&mut self, word: &[u8]) {
        // An example of them says nothing.
        self.note(if word == b"null" { NULL } else { BOOLEAN }, b"", |_| ());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place<'a>(shape: &'a Shape, path: &[&str]) -> &'a Place {
        path.iter().fold(&shape.places[ROOT], |place, name| {
            let at = if *name == "[]" {
                place.items
            } else {
                place.fields.iter().find(|(known, _)| **known == *name.as_bytes()).map(|(_, at)| *at)
            };
            &shape.places[at.expect(name)]
        })
    }

    fn shape_of(values: &[&str]) -> Shape {
        let mut shape = Shape::default();
        values.iter().for_each(|value| shape.add(value.as_bytes()));
        shape
    }

    #[test]
    fn fields_are_counted_with_their_ranges() {
        let values = [r#"{"a":1,"b":[{"c":"x"},{"c":"y\n"},3]}"#, r#"{"b":[],"a":-2.5}"#, r#"{"a":null,"d":true}"#];
        for shape in [shape_of(&values), {
            let mut one = shape_of(&values[..1]);
            one.merge(&shape_of(&values[1..]));
            one
        }] {
            assert_eq!(shape.places[ROOT].types, [0, 0, 0, 0, 0, 0, 3]);
            assert_eq!(place(&shape, &["a"]).types, [1, 0, 1, 1, 0, 0, 0]);
            assert_eq!(place(&shape, &["a"]).range, Some((-2.5, 1.0)));
            assert_eq!(place(&shape, &["b"]).types, [0, 0, 0, 0, 0, 2, 0]);
            assert_eq!(place(&shape, &["b", "[]"]).types, [0, 0, 1, 0, 0, 0, 2]);
            assert_eq!(place(&shape, &["b", "[]", "c"]).lengths, Some((1, 2)));
            assert_eq!(
                place(&shape, &["b", "[]", "c"]).examples,
                [Box::from(&b"\"x\""[..]), Box::from(&b"\"y\\n\""[..])]
            );
            assert_eq!(place(&shape, &["d"]).types, [0, 1, 0, 0, 0, 0, 0]);
            assert_eq!(shape.beyond, 0);
        }
    }

    #[test]
    fn names_are_what_they_stand_for() {
        let shape = shape_of(&[r#"{"\u0061":1}"#, r#"{"a":2}"#]);
        assert_eq!(place(&shape, &["a"]).types[INTEGER], 2);
    }

    #[test]
    fn nothing_grows_without_bound() {
        let wide: String = (0..5000).map(|at| format!("\"k{at}\":{{\"x\":[1]}},")).collect();
        let deep = "[{\"a\":".repeat(3000) + "1" + &"}]".repeat(3000);
        let shape = shape_of(&[&format!("{{{wide}\"z\":0}}"), &deep, r#"{"k0":{"x":[2]}}"#]);
        assert!(shape.places.len() <= MOST_PLACES);
        assert!(shape.beyond > 4000);
        assert_eq!(place(&shape, &["k0", "x", "[]"]).types[INTEGER], 2);
    }
}
