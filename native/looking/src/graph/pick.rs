//! Picks fields out of a value that is JSON, as JSON.parse would find them: of fields with one name the last one counts.
//!
//! Contract: a value of any depth is walked without recursion, and nothing of it is copied.

use std::ops::Range;

use super::layout::{LENGTHS, NAMES, Paths};
use crate::json::{self, Quoted, Watch};

/// What stands at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Picked {
    /// Its bytes between the quotes.
    Text {
        raw: Range<usize>,
        escaped: bool,
    },
    Number(Range<usize>),
    Other,
}

/// What was picked from a value.
#[derive(Default)]
pub struct Picks {
    /// By `Name`.
    pub picked: [Option<Picked>; NAMES],
    /// The list of properties is one.
    pub properties: Option<bool>,
}

/// Picks while a value is walked.
pub struct Picker<'a> {
    paths: &'a Paths,
    /// Where the value begins in memory.
    base: usize,
    picks: Picks,
    /// What is open around `inner`, a level for each object and list that is open.
    outer: &'a mut Vec<Level>,
    inner: Level,
    /// Paths that lead to the value that comes next, a bit each.
    next: u8,
    /// That value is the field of a property.
    field: Field,
}

/// Behind those of names.
pub const PROPERTIES: usize = NAMES;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Field {
    Key,
    Value,
    Other,
}

/// An object or a list that is open.
pub struct Level {
    list: bool,
    /// Place of the next item.
    item: usize,
    paths: u8,
    role: Role,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Plain,
    /// The list of properties.
    Properties,
    /// One of them, and what it has.
    Property {
        key: bool,
        value: bool,
    },
}

impl<'a> Picker<'a> {
    /// Picks from a value; `None` when it is no JSON.
    /// @param levels memory that is used again
    pub fn pick(paths: &'a Paths, value: &[u8], levels: &'a mut Vec<Level>) -> Option<Picks> {
        levels.clear();
        let whole = Level { list: false, item: 0, paths: 0, role: Role::Plain };
        let all = (0..=NAMES).filter(|&number| path(paths, number).is_some()).fold(0, |all, number| all | 1 << number);
        let mut picker = Self {
            paths,
            base: value.as_ptr() as usize,
            picks: Picks::default(),
            outer: levels,
            inner: whole,
            next: all,
            field: Field::Other,
        };
        json::walk(value, &mut picker)?;
        Some(picker.picks)
    }

    /// Those of `paths` that go on with `part` at the current depth.
    fn going_on(&self, paths: u8, part: &[u8]) -> u8 {
        let depth = self.outer.len() - 1;
        let mut going = 0;
        // Most names differ in their lengths already.
        let fitting = if depth == 0 { paths & self.paths.by_length[part.len().min(LENGTHS - 1)] } else { paths };
        for number in each(fitting) {
            if path(self.paths, number).and_then(|path| path.get(depth)).is_some_and(|name| name == part) {
                going |= 1 << number;
            }
        }
        going
    }

    /// A value begins: which paths lead to it, and what it is.
    #[inline]
    fn value(&mut self, kind: impl FnOnce() -> Picked, opens: Option<bool>) -> (u8, Role) {
        let mut paths = self.next;
        let mut role = Role::Plain;
        if self.inner.list {
            let item = self.inner.item;
            self.inner.item += 1;
            paths = match self.inner.paths {
                0 => 0,
                held => self.going_on(held, item.to_string().as_bytes()),
            };
            if self.inner.role == Role::Properties {
                match opens {
                    Some(false) => role = Role::Property { key: false, value: false },
                    _ => self.picks.properties = Some(false),
                }
            }
        }
        if paths == 0 {
            return (0, role);
        }
        let depth = self.outer.len();
        let mut ends = 0;
        for number in each(paths) {
            // Whatever an earlier field of this name had is void.
            if number == PROPERTIES {
                self.picks.properties = Some(false);
            } else {
                self.picks.picked[number] = None;
            }
            if path(self.paths, number).is_some_and(|path| path.len() == depth) {
                ends |= 1 << number;
            }
        }
        if ends & 1 << PROPERTIES != 0 && opens == Some(true) {
            self.picks.properties = Some(true);
            role = Role::Properties;
        }
        let kind = kind();
        for number in each(ends & !(1 << PROPERTIES)) {
            self.picks.picked[number] = Some(kind.clone());
        }
        (paths & !ends, role)
    }

    fn range(&self, raw: &[u8]) -> Range<usize> {
        let start = raw.as_ptr() as usize - self.base;
        start..start + raw.len()
    }

    /// The value of a property's field is there. @param text whether it is a string
    #[inline]
    fn has_field(&mut self, text: bool) {
        if let Role::Property { key, value } = &mut self.inner.role {
            match std::mem::replace(&mut self.field, Field::Other) {
                Field::Key => *key = text,
                Field::Value => *value = true,
                Field::Other => {}
            }
        }
    }
}

/// The numbers of these bits, the lowest first.
fn each(mut bits: u8) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let number = bits.trailing_zeros() as usize;
        bits &= bits.wrapping_sub(1);
        (number < 8).then_some(number)
    })
}

fn path(paths: &Paths, number: usize) -> Option<&Vec<Vec<u8>>> {
    if number == PROPERTIES { paths.properties.as_ref() } else { paths.fields[number].as_ref() }
}

impl Watch for Picker<'_> {
    fn begin(&mut self, list: bool) {
        self.has_field(false);
        let (paths, role) = self.value(|| Picked::Other, Some(list));
        self.outer.push(std::mem::replace(&mut self.inner, Level { list, item: 0, paths, role }));
        self.next = 0;
    }

    fn end(&mut self) {
        let Some(outer) = self.outer.pop() else { return };
        let ended = std::mem::replace(&mut self.inner, outer);
        if let Role::Property { key, value } = ended.role
            && !(key && value)
        {
            self.picks.properties = Some(false);
        }
    }

    fn name(&mut self, name: Quoted<'_>) {
        let Level { paths, role, .. } = self.inner;
        self.next = 0;
        if paths == 0 && role == Role::Plain {
            return;
        }
        let name = name.text();
        if paths != 0 {
            self.next = self.going_on(paths, &name);
        }
        if role != Role::Plain {
            self.field = match &*name {
                b"key" => Field::Key,
                b"value" => Field::Value,
                _ => Field::Other,
            };
        }
    }

    fn string(&mut self, Quoted { raw, escaped }: Quoted<'_>) {
        self.has_field(true);
        let raw = self.range(raw);
        self.value(|| Picked::Text { raw, escaped }, None);
    }

    fn number(&mut self, raw: &[u8]) {
        self.has_field(false);
        let range = self.range(raw);
        self.value(|| Picked::Number(range), None);
    }

    fn word(&mut self, _word: &[u8]) {
        self.has_field(false);
        self.value(|| Picked::Other, None);
    }
}

#[cfg(test)]
mod tests {
    use super::super::layout::Name;
    use super::*;

    fn paths(label: &[&str]) -> Paths {
        let mut paths = Paths::default();
        let label = label.iter().map(|part| part.as_bytes().to_vec()).collect();
        paths.set("label", label).and_then(|()| paths.set("properties", vec![b"p".to_vec()])).expect("there are such");
        paths
    }

    /// The label, and whether the properties are right.
    fn found(label: &[&str], value: &str) -> Option<(Option<String>, Option<bool>)> {
        let paths = paths(label);
        let picks = Picker::pick(&paths, value.as_bytes(), &mut Vec::new())?;
        let label = picks.picked[Name::Label as usize].clone().map(|picked| match picked {
            Picked::Text { raw, .. } => value[raw].to_owned(),
            Picked::Number(range) => format!("number {}", &value[range]),
            Picked::Other => "other".to_owned(),
        });
        Some((label, picks.properties))
    }

    fn label(path: &[&str], value: &str) -> Option<String> {
        found(path, value).expect("it is JSON").0
    }

    #[test]
    fn fields_are_found_at_their_paths() {
        assert_eq!(label(&["a"], r#"{"a":"x"}"#), Some("x".into()));
        assert_eq!(label(&["a"], r#"{"\u0061":"x","b":{"a":"y"}}"#), Some("x".into()));
        assert_eq!(label(&["a"], r#"{"b":{"a":"y"}}"#), None);
        assert_eq!(label(&["a", "b"], r#"{"a":{"c":1,"b":2}}"#), Some("number 2".into()));
        assert_eq!(label(&["a", "1"], r#"{"a":["x",["y"],"z"]}"#), Some("other".into()));
        assert_eq!(label(&["2"], r#"[1,[2,3,9],"z"]"#), Some("z".into()));
        assert_eq!(label(&["2"], r#"{"2":null}"#), Some("other".into()));
        let long = "a name of many letters";
        assert_eq!(label(&[long], &format!(r#"{{"{}":"x","{long}":"y"}}"#, &long[..16])), Some("y".into()));
        assert_eq!(label(&[&long[..16]], &format!(r#"{{"{}":"x","{long}":"y"}}"#, &long[..16])), Some("x".into()));
        assert_eq!(label(&["a"], "[]"), None);
        assert_eq!(label(&["a"], "7"), None);
        assert!(found(&["a"], "{").is_none());
        assert!(Picker::pick(&paths(&["a"]), b"\"\xff\"", &mut Vec::new()).is_none());
    }

    #[test]
    fn the_last_of_several_counts() {
        assert_eq!(label(&["a"], r#"{"a":"x","a":"y"}"#), Some("y".into()));
        assert_eq!(label(&["a", "b"], r#"{"a":{"b":"x"},"a":{}}"#), None);
        assert_eq!(label(&["a", "b"], r#"{"a":{"b":"x"},"a":1}"#), None);
        assert_eq!(found(&["a"], r#"{"p":7,"p":[]}"#).expect("it is JSON").1, Some(true));
        assert_eq!(found(&["a"], r#"{"p":[],"p":7}"#).expect("it is JSON").1, Some(false));
    }

    #[test]
    fn properties_have_a_key_and_a_value() {
        for (list, right) in [
            ("[]", true),
            (r#"[{"key":"a","value":1},{"value":null,"key":"","x":[{}]}]"#, true),
            (r#"[{"key":"a","value":{"key":1}}]"#, true),
            (r#"[{"key":1,"key":"a","value":[]}]"#, true),
            (r#"[{"key":"a","key":1,"value":[]}]"#, false),
            (r#"[{"key":["a"],"value":[]}]"#, false),
            (r#"[{"value":1}]"#, false),
            (r#"[{"key":"a"}]"#, false),
            (r#"[{"key":"a","x":{"value":1}}]"#, false),
            (r#"[{"key":"a","value":1},7]"#, false),
            ("[null]", false),
            ("[[]]", false),
            ("{}", false),
            ("\"\"", false),
        ] {
            assert_eq!(found(&["a"], &format!("{{\"p\":{list}}}")).expect("it is JSON").1, Some(right), "{list}");
        }
        assert_eq!(found(&["a"], r#"{"q":{"p":[]}}"#).expect("it is JSON").1, Some(false));
    }
}
