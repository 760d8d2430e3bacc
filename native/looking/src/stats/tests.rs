//! Whole keyspaces through the builder: what is counted, how it is grouped, and that it stays bounded.

use std::collections::BTreeMap;

use kgdump_shared::bin;

use super::builder::{Builder, Settings};
use super::keys::Separators;
use super::output;
use super::sample::Reservoir;
use super::settle::settle;
use super::tally::Entry;
use super::tree::{Node, ROOT, Tree};

fn tree_of(separators: Separators, mut keys: Vec<Vec<u8>>, reverse: bool) -> Tree {
    keys.sort_unstable();
    keys.dedup();
    if reverse {
        keys.reverse();
    }
    let mut tree = Tree::new(separators, false);
    for (number, key) in keys.iter().enumerate() {
        tree.add(&Entry { key, value: Some(b"{}"), stored: 1.0, number: number as u64 });
    }
    tree
}

/// Each pattern with its entries.
fn patterns(tree: &Tree) -> BTreeMap<String, u64> {
    let mut found = BTreeMap::new();
    let mut open = vec![(ROOT, String::new())];
    while let Some((at, before)) = open.pop() {
        let Node { label, here, rest, words, classes, .. } = &tree.nodes[at];
        let own = label.as_ref().map_or(String::new(), |label| match &label.word {
            Some(word) => word.escape_ascii().to_string(),
            None => format!("<{:?}>{}", label.class, label.end.escape_ascii()),
        });
        let path = before + &own;
        found.extend(here.iter().map(|tally| (path.clone(), tally.entries)));
        found.extend(rest.iter().map(|tally| (format!("{path}*"), tally.entries)));
        open.extend(words.iter().chain(classes).map(|&child| (child, path.clone())));
    }
    found
}

fn settled(separators: Separators, keys: &[Vec<u8>]) -> BTreeMap<String, u64> {
    let [up, down] = [false, true].map(|reverse| {
        let mut tree = tree_of(separators.clone(), keys.to_vec(), reverse);
        settle(&mut tree);
        patterns(&tree)
    });
    assert_eq!(up, down);
    up
}

struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 ^ self.0 >> 29
    }

    fn bytes(&mut self, length: usize) -> Vec<u8> {
        (0..length).map(|_| (self.next() >> 24) as u8).collect()
    }

    fn uuid(&mut self) -> Vec<u8> {
        let mut bytes = self.bytes(16);
        bytes[6] = bytes[6] & 15 | 0x40;
        bytes[8] = bytes[8] & 63 | 0x80;
        bytes
    }
}

fn uuid_text(bytes: &[u8]) -> String {
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

fn expected<const N: usize>(pairs: [(&str, u64); N]) -> BTreeMap<String, u64> {
    pairs.into_iter().map(|(pattern, entries)| (pattern.to_owned(), entries)).collect()
}

#[test]
fn a_graph_has_its_kinds_of_keys() {
    let mut random = Random(1);
    let mut keys = vec![b"meta".to_vec()];
    for _ in 0..3000 {
        let id = random.uuid();
        keys.push([b"node:", &id[..]].concat());
        keys.push([b"edge:", &random.uuid()[..]].concat());
        keys.push(format!("node_edges:{}:outgoing", uuid_text(&id)).into_bytes());
    }
    let wanted =
        [("meta", 1), ("node:<Fixed(16)>", 3000), ("edge:<Fixed(16)>", 3000), ("node_edges:<Uuid>:outgoing", 3000)];
    assert_eq!(settled(Separators::Usual, &keys), expected(wanted));
}

#[test]
fn numbers_and_words_below_one_prefix_are_told_apart_while_they_are_few() {
    let mut keys = Vec::new();
    for user in 0..500 {
        for field in ["name", "mail", "tags"] {
            keys.push(format!("user:{user}:{field}").into_bytes());
        }
    }
    keys.extend((0..900).map(|at| format!("log:7:{at:06}").into_bytes()));
    keys.extend((0..100).map(|at| format!("log:8:{at:06}").into_bytes()));
    keys.extend((0..2).map(|at| format!("shard:{at}").into_bytes()));
    let wanted = [
        ("log:7:<Number>", 900),
        ("log:8:<Number>", 100),
        ("shard:0", 1),
        ("shard:1", 1),
        ("user:<Number>:mail", 500),
        ("user:<Number>:name", 500),
        ("user:<Number>:tags", 500),
    ];
    assert_eq!(settled(Separators::Usual, &keys), expected(wanted));
    let given = settled(Separators::Given(b":".to_vec()), &[b"a-1:x".to_vec(), b"a-1:y".to_vec(), b"a-2".to_vec()]);
    assert_eq!(given, expected([("a-1:x", 1), ("a-1:y", 1), ("a-2", 1)]));
}

#[test]
fn binary_keys_have_their_widths() {
    let mut random = Random(2);
    let mut keys: Vec<Vec<u8>> = (0..20_000_u64).map(|at| [&b"n"[..], &(at * 977).to_be_bytes()].concat()).collect();
    keys.extend((0..2000).map(|_| [&b"e:"[..], &random.uuid(), b":", &random.uuid()].concat()));
    assert_eq!(
        settled(Separators::Usual, &keys),
        expected([("n<Fixed(8)>", 20_000), ("e:<Fixed(16)>:<Fixed(16)>", 2000)])
    );
    let tags = |tags: u64| {
        (0..3000 * tags).map(|at| [&[(at % tags) as u8][..], &(at << 8).to_be_bytes()].concat()).collect::<Vec<_>>()
    };
    assert_eq!(settled(Separators::Usual, &tags(2)), expected([("\\x00<Fixed(8)>", 3000), ("\\x01<Fixed(8)>", 3000)]));
    assert_eq!(settled(Separators::Usual, &tags(32)), expected([("<Tag><Fixed(8)>", 96_000)]));
    let whole: Vec<Vec<u8>> = (0..20_000).map(|_| random.bytes(16)).collect();
    assert_eq!(settled(Separators::Usual, &whole), expected([("<Fixed(16)>", 20_000)]));
}

#[test]
fn the_heavy_words_of_many_stay_apart() {
    let mut keys: Vec<Vec<u8>> = (0..4000_u64)
        .map(|at| {
            format!(
                "w{}x:a",
                "abcdefghij".chars().nth(at as usize % 10).unwrap_or('z').to_string() + &format!("{at:x}g")
            )
            .into_bytes()
        })
        .collect();
    keys.extend((0..5000).map(|at| format!("heavy:{at}").into_bytes()));
    let found = settled(Separators::Usual, &keys);
    assert_eq!(found.get("heavy:<Number>"), Some(&5000));
    assert_eq!(found.get("<Word>:a"), Some(&4000));
}

#[test]
fn nothing_is_lost_and_nothing_grows_whatever_the_keys() {
    for seed in 0..4 {
        let mut random = Random(seed);
        let keys: Vec<Vec<u8>> = (0..60_000)
            .map(|_| {
                let parts = 1 + random.next() % 14;
                (0..parts)
                    .flat_map(|_| {
                        let length = (random.next() % 6) as usize;
                        let mut part = random.bytes(length);
                        if seed % 2 == 0 {
                            part.iter_mut().for_each(|byte| *byte = b'a' + *byte % 26);
                        }
                        part.push(b":/_\0"[(random.next() % 4) as usize]);
                        part
                    })
                    .collect()
            })
            .collect();
        let mut tree = tree_of(Separators::Usual, keys.clone(), seed % 3 == 0);
        let mut distinct = keys;
        distinct.sort_unstable();
        distinct.dedup();
        assert_eq!(tree.entries(ROOT), distinct.len() as u64);
        assert!(tree.nodes.len() < 10_100, "{}", tree.nodes.len());
        settle(&mut tree);
        let (sum, json) = output::prefix(&tree, ROOT);
        assert_eq!(sum.entries, distinct.len() as u64);
        assert_eq!(sum.key_bytes, distinct.iter().map(|key| key.len() as u64).sum::<u64>());
        assert!(crate::json::walk(json.as_bytes(), &mut crate::json::Blind).is_some());
    }
}

fn builder(largest: usize) -> Builder {
    Builder::new(Settings { separators: Separators::Usual, schema: true, largest, filter: None }, Reservoir::new(2, 1))
}

#[test]
fn blocks_become_json() {
    let mut raw = Vec::new();
    for (key, value) in [(&b"a:1"[..], &b"{\"x\":1}"[..]), (b"a:2", b"\xff\xfe\xfd"), (b"b", b"")] {
        assert!(bin::push(&mut raw, [key]) && bin::push(&mut raw, [value]));
    }
    let mut builder = builder(2);
    builder.add(&raw, 10.0).expect("it is sound");
    builder.add(b"\xc4\x01c\xc0", 1.0).expect("it is sound");
    let json = builder.finish_keyspace();
    for part in [
        "\"seen\":4",
        "\"largest\":[{\"key\":\"613a31\",\"keyBytes\":3,\"valueBytes\":7},{\"key\":\"613a32\"",
        "\"deleted\":1",
        "\"parts\":[{\"word\":\"613a\"}]",
        "\"name\":\"x\"",
    ] {
        assert!(json.contains(part), "{part}: {json}");
    }
    assert!(builder.finish_keyspace().contains("\"seen\":0"));
    assert!(builder.samples().starts_with("[{\"keyspace\":0"));
    assert_eq!(builder.add(b"\xc4\x05a", 1.0).unwrap_err().code, "DUMP_ENTRIES_MALFORMED");
}
