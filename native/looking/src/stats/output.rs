//! What was counted, as JSON: bytes in hex, numbers that may be beyond 2^53 as text.

use kgdump_shared::fault::push_text;

use super::keys::Class;
use super::kinds::NAMES;
use super::sample::Chosen;
use super::shape::{Shape, TYPES};
use super::tally::{Named, Tally};
use super::tree::{Label, Node, Tree};

const PERCENTS: [u64; 3] = [50, 90, 99];

/// A prefix with all below it, and the sums of that.
pub fn prefix(tree: &Tree, node: usize) -> (Tally, String) {
    let mut parts = Vec::new();
    let mut at = node;
    // A prefix that only leads to another one is a part of that.
    loop {
        let node = &tree.nodes[at];
        parts.extend(node.label.as_ref().map(|label| part(label, node)));
        match (&node.here, &node.rest, &node.words[..], &node.classes[..]) {
            (None, None, [only], []) | (None, None, [], [only]) => at = *only,
            _ => break,
        }
    }
    let Node { here, rest, words, classes, .. } = &tree.nodes[at];
    let mut below: Vec<(Tally, String)> = words.iter().chain(classes).map(|&child| prefix(tree, child)).collect();
    let others = "{\"class\":\"rest\"}";
    match (here, rest, below.is_empty()) {
        (Some(here), None, true) => return leaf((**here).clone(), &parts),
        (None, Some(rest), true) => return leaf((**rest).clone(), &[parts, vec![others.to_owned()]].concat()),
        _ => {}
    }
    below.extend(here.iter().map(|here| leaf((**here).clone(), &[])));
    below.extend(rest.iter().map(|rest| leaf((**rest).clone(), &[others.to_owned()])));
    below.sort_by_key(|(tally, _)| std::cmp::Reverse(tally.key_bytes + tally.value_bytes));
    let mut sum = Tally::default();
    below.iter().for_each(|(tally, _)| sum.merge(tally));
    let below: Vec<String> = below.into_iter().map(|(_, json)| json).collect();
    let json = format!("{{\"parts\":[{}],{},\"below\":[{}]}}", parts.join(","), sums(&sum), below.join(","));
    (sum, json)
}

fn leaf(tally: Tally, parts: &[String]) -> (Tally, String) {
    let json = format!("{{\"parts\":[{}],{},\"below\":[]}}", parts.join(","), sums(&tally));
    (tally, json)
}

fn part(label: &Label, node: &Node) -> String {
    if let Some(word) = &label.word {
        return format!("{{\"word\":\"{}\"}}", hex(word));
    }
    let end = hex(&label.end);
    let widths = node.widths;
    match label.class {
        Class::Fixed(width) => format!(
            "{{\"class\":\"fixed\",\"width\":{width},\"end\":\"{end}\",\"uuids\":{},\"least\":\"{}\",\"most\":\"{}\"}}",
            widths.uuids == widths.seen,
            widths.least,
            widths.most
        ),
        class => format!("{{\"class\":\"{}\",\"end\":\"{end}\"}}", class_name(class)),
    }
}

fn class_name(class: Class) -> &'static str {
    match class {
        Class::Number => "number",
        Class::Uuid => "uuid",
        Class::Hex => "hex",
        Class::Word => "text",
        Class::Tag => "tag",
        Class::Fixed(_) => "fixed",
        Class::Bytes => "bytes",
    }
}

fn sums(tally: &Tally) -> String {
    let sizes = |sizes: &super::histogram::Histogram| {
        let [half, most, nearly] = PERCENTS.map(|percent| sizes.quantile(percent));
        format!("{{\"min\":{},\"p50\":{half},\"p90\":{most},\"p99\":{nearly},\"max\":{}}}", sizes.least(), sizes.most())
    };
    let kinds: Vec<String> = NAMES
        .iter()
        .zip(tally.kinds)
        .filter(|&(_, count)| count > 0)
        .map(|(name, count)| format!("\"{name}\":{count}"))
        .collect();
    let (distinct, exact) = tally.distinct.estimate();
    // More than there are can't differ.
    let distinct = distinct.min(tally.entries);
    format!(
        "\"entries\":{},\"keyBytes\":{},\"valueBytes\":{},\"storedBytes\":{},\"keySizes\":{},\"valueSizes\":{},\"kinds\":{{{}}},\"distinct\":{distinct},\"distinctIsExact\":{exact},\"largest\":{},\"shape\":{}",
        tally.entries,
        tally.key_bytes,
        tally.value_bytes,
        tally.stored.round(),
        sizes(&tally.keys),
        sizes(&tally.values),
        kinds.join(","),
        tally.largest.as_ref().map_or("null".to_owned(), named),
        tally
            .shape
            .as_ref()
            .filter(|shape| shape.places[0].types.iter().any(|&count| count > 0))
            .map_or("null".to_owned(), |shape| shape_of(shape)),
    )
}

/// An entry by its name and size.
pub fn named(Named { key, key_bytes, value_bytes, .. }: &Named) -> String {
    format!("{{\"key\":\"{}\",\"keyBytes\":{key_bytes},\"valueBytes\":{value_bytes}}}", hex(key))
}

/// An entry with its value.
pub fn chosen(Chosen { keyspace, key, key_bytes, value, value_bytes, .. }: &Chosen) -> String {
    let value = value.as_ref().map_or("null".to_owned(), |value| format!("\"{}\"", hex(value)));
    format!(
        "{{\"keyspace\":{keyspace},\"key\":\"{}\",\"keyBytes\":{key_bytes},\"value\":{value},\"valueBytes\":{value_bytes}}}",
        hex(key)
    )
}

fn shape_of(shape: &Shape) -> String {
    format!("{{\"beyond\":{},\"root\":{}}}", shape.beyond, place(shape, 0))
}

/// No deeper than places are.
fn place(shape: &Shape, at: usize) -> String {
    let place_at = &shape.places[at];
    let types: Vec<String> = TYPES
        .iter()
        .zip(place_at.types)
        .filter(|&(_, count)| count > 0)
        .map(|(name, count)| format!("\"{name}\":{count}"))
        .collect();
    let examples: Vec<String> = place_at.examples.iter().map(|example| text(example)).collect();
    let fields: Vec<String> = place_at
        .fields
        .iter()
        .map(|(name, field)| format!("{{\"name\":{},\"value\":{}}}", text(name), place(shape, *field)))
        .collect();
    format!(
        "{{\"types\":{{{}}},\"range\":{},\"lengths\":{},\"examples\":[{}],\"fields\":[{}],\"items\":{}}}",
        types.join(","),
        place_at.range.map_or("null".to_owned(), |(least, most)| format!("[{least},{most}]")),
        place_at.lengths.map_or("null".to_owned(), |(least, most)| format!("[{least},{most}]")),
        examples.join(","),
        fields.join(","),
        place_at.items.map_or("null".to_owned(), |items| place(shape, items)),
    )
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes.iter().flat_map(|&byte| [byte >> 4, byte & 15]).map(|digit| char::from(DIGITS[usize::from(digit)])).collect()
}

fn text(bytes: &[u8]) -> String {
    let mut json = String::new();
    push_text(&mut json, &String::from_utf8_lossy(bytes));
    json
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_uuids_only_when_each_one_is() {
        let uuid = [0, 9, 0x5f, 0xfb, 0x6b, 0xd4, 0x45, 0xdb, 0xaf, 0xdb, 0x65, 0xbe, 0x8a, 0x58, 0x35, 0xa6];
        let label = Label { class: Class::Fixed(16), word: None, end: [].into() };
        for (parts, are) in [(vec![uuid, uuid], true), (vec![uuid, [1; 16]], false), (vec![[1; 16]], false)] {
            let mut node = Node::default();
            parts.iter().for_each(|bytes| node.widths.add(bytes));
            let told = part(&label, &node);
            assert!(told.contains(&format!("\"uuids\":{are},")), "{told}");
        }
    }
}
