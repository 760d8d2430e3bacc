//! A graph to store, the same each time, and a change of it.
//!
//! Contract: ids depend on nothing but their number.

use serde_json::{Value, json};
use uuid::{Builder, Uuid};

use crate::Outcome;
use crate::graph::{Edge, Graph, Node, Property};

/// Nodes of the sample; each has two edges.
pub const NODES: u64 = 200;

const LABELS: [&str; 4] = ["Person", "Concept", "Document", "Café"];
/// Numbers of an embedding.
const DIMENSIONS: u64 = 16;
const CREATED: u64 = 1_704_067_200;

fn id(kind: u64, number: u64) -> Uuid {
    let half = |salt: u64| mix(number ^ (kind << 56) ^ (salt << 48)).to_be_bytes();
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&half(1));
    bytes[8..].copy_from_slice(&half(2));
    Builder::from_random_bytes(bytes).into_uuid()
}

/// The finalizer of splitmix64 (Steele, Lea, Flood 2014; public domain).
fn mix(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

fn node(number: u64, name: &str) -> Node {
    let property = |key: &str, value: Value| Property { key: key.into(), value };
    let embedding = |i| (mix(number * DIMENSIONS + i) % 2000) as f64 / 1000.0 - 1.0;
    let mut properties = vec![property("name", json!(name))];
    if number.is_multiple_of(10) {
        properties.push(property("embedding", (0..DIMENSIONS).map(embedding).collect()));
    }
    Node {
        id: id(1, number),
        label: LABELS[(number % 4) as usize].into(),
        properties,
        created_at: CREATED + number,
        updated_at: CREATED + number,
    }
}

fn edge(number: u64, source: u64, target: u64) -> Edge {
    Edge {
        id: id(2, number),
        label: "KNOWS".into(),
        source: id(1, source),
        target: id(1, target),
        properties: vec![Property { key: "weight".into(), value: json!((number % 10) as f64 / 10.0) }],
        created_at: CREATED + number,
    }
}

/// Stores the sample.
pub fn write(graph: &Graph) -> Outcome<()> {
    for number in 0..NODES {
        graph.put_node(&node(number, &format!("node {number}")))?;
    }
    for number in 0..NODES {
        graph.put_edge(&edge(2 * number, number, (number * 7 + 1) % NODES))?;
        graph.put_edge(&edge(2 * number + 1, number, (number * 3 + 2) % NODES))?;
    }
    Ok(())
}

/// What a service does in its life: a node and an edge are new, an edge goes, a node is changed.
pub fn change(graph: &Graph) -> Outcome<()> {
    graph.put_node(&node(NODES, "new since the migration"))?;
    graph.put_edge(&edge(2 * NODES, 0, NODES))?;
    graph.remove_edge(id(2, 0))?;
    let mut changed = graph.node(id(1, 1))?;
    changed.label = "Changed".into();
    changed.updated_at += 1;
    graph.put_node(&changed)
}
