//! The way of a key through the tree of its keyspace, to where its entry is counted.

use super::keys::{Class, Part, text_from};
use super::tally::{Entry, Tally};
use super::tree::{Label, Node, ROOT, Tree, Way};

/// Parts of a key that are told apart.
const DEEPEST: usize = 12;

impl Tree {
    pub fn add(&mut self, entry: &Entry<'_>) {
        if let Some(node) = self.known_way(entry.key) {
            let from = self.way.as_ref().map_or(0, |way| way.before.len());
            self.nodes[node].widths.add(&entry.key[from..]);
            if let Some(tally) = &mut self.nodes[node].here {
                tally.add(entry);
                return;
            }
        }
        self.give_up_some();
        let schema = self.schema;
        let (node, whole) = self.find(entry.key);
        let Node { here, rest, .. } = &mut self.nodes[node];
        let tally = if whole { here } else { rest };
        tally.get_or_insert_with(|| Box::new(Tally::new(schema))).add(entry);
    }

    #[inline]
    fn known_way(&self, key: &[u8]) -> Option<usize> {
        let Way { before, length, node } = self.way.as_ref()?;
        let rest = key.get(before.len()..).filter(|_| key.len() == *length && key.starts_with(before))?;
        (rest.len() >= 16 || text_from(rest) > 0).then_some(*node)
    }

    /// The node that a key leads to, and whether it ends there.
    fn find(&mut self, key: &[u8]) -> (usize, bool) {
        self.way = None;
        let text = text_from(key);
        let (mut node, mut at) = (ROOT, 0);
        for _ in 0..DEEPEST {
            if at == key.len() {
                return (node, true);
            }
            let rest = &key[at..];
            let known = self.known_width(node, rest, at >= text);
            let part = match known {
                Some(part) => part,
                None if at >= text => self.separators.text(rest),
                None => self.separators.binary(rest),
            };
            node = self.follow(node, part);
            at += part.bytes.len();
            if let Class::Fixed(width) = part.class {
                self.nodes[node].widths.add(&part.bytes[..width]);
                if at == key.len() {
                    self.way = Some(Way { before: key[..key.len() - width].to_vec(), length: key.len(), node });
                }
            }
        }
        (node, at == key.len())
    }

    /// The binary part that other keys have here, too, when what follows fits: bytes may look like text, or like what separates, by chance.
    fn known_width<'a>(&self, node: usize, rest: &'a [u8], text: bool) -> Option<Part<'a>> {
        for &child in &self.nodes[node].classes {
            let Node { label: Some(Label { class: Class::Fixed(width), end, .. }), widths, classes, .. } =
                &self.nodes[child]
            else {
                continue;
            };
            let Some((part, after)) = rest.split_at_checked(*width) else { continue };
            let enough = match (text, *width) {
                (false, _) => 1,
                (true, 16..) => 16,
                (true, 8..) if !part.iter().all(u8::is_ascii_alphabetic) => 4096,
                _ => continue,
            };
            let follows = |&next: &usize| matches!(self.nodes[next].label, Some(Label { class: Class::Fixed(width), .. }) if width == after.len());
            let fits =
                if !end.is_empty() { after.starts_with(end) } else { after.is_empty() || classes.iter().any(follows) };
            if fits && widths.seen >= enough {
                let length = width + end.len();
                return Some(Part { class: Class::Fixed(*width), bytes: &rest[..length], end: &rest[*width..length] });
            }
        }
        None
    }
}
