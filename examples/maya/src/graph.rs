//! The graph as MAYA stores it: which keys there are, and what JSON stands in the values.
//!
//!     node: + 16 bytes               a Node
//!     edge: + 16 bytes               an Edge
//!     node_edges:<uuid>:outgoing     ids of the edges that start at the node, and :incoming of those that end there
//!
//! Contract: one writer at a time. An edge and its two lists are not written at once: whoever stops between them leaves a
//! list that lacks an edge, which `kgdump verify --graph` finds.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::Outcome;
use crate::store::Store;

#[derive(Serialize, Deserialize)]
pub struct Property {
    pub key: String,
    pub value: Value,
}

#[derive(Serialize, Deserialize)]
pub struct Node {
    pub id: Uuid,
    pub label: String,
    pub properties: Vec<Property>,
    pub created_at: u64,
    pub updated_at: u64,
}

#[derive(Serialize, Deserialize)]
pub struct Edge {
    pub id: Uuid,
    pub label: String,
    pub source: Uuid,
    pub target: Uuid,
    pub properties: Vec<Property>,
    pub created_at: u64,
}

/// A graph in a store, whichever engine that has.
pub struct Graph<'a> {
    store: &'a dyn Store,
}

impl<'a> Graph<'a> {
    pub fn new(store: &'a dyn Store) -> Self {
        Self { store }
    }

    pub fn put_node(&self, node: &Node) -> Outcome<()> {
        self.put(&key(b"node:", node.id), node)?;
        for direction in ["outgoing", "incoming"] {
            let list = list_key(node.id, direction);
            if self.store.get(&list)?.is_none() {
                self.put(&list, &Vec::<Uuid>::new())?;
            }
        }
        Ok(())
    }

    /// Stores an edge and names it in the lists of its nodes, which must be there.
    pub fn put_edge(&self, edge: &Edge) -> Outcome<()> {
        self.node(edge.source)?;
        self.node(edge.target)?;
        self.put(&key(b"edge:", edge.id), edge)?;
        self.change_list(edge.source, "outgoing", |list| list.push(edge.id))?;
        self.change_list(edge.target, "incoming", |list| list.push(edge.id))
    }

    pub fn remove_edge(&self, id: Uuid) -> Outcome<()> {
        let edge = self.edge(id)?;
        self.change_list(edge.source, "outgoing", |list| list.retain(|other| *other != id))?;
        self.change_list(edge.target, "incoming", |list| list.retain(|other| *other != id))?;
        self.store.remove(&key(b"edge:", id))
    }

    pub fn node(&self, id: Uuid) -> Outcome<Node> {
        self.find(&key(b"node:", id))?.ok_or_else(|| format!("there is no node {id}").into())
    }

    pub fn edge(&self, id: Uuid) -> Outcome<Edge> {
        self.find(&key(b"edge:", id))?.ok_or_else(|| format!("there is no edge {id}").into())
    }

    pub fn list(&self, node: Uuid, direction: &str) -> Outcome<Vec<Uuid>> {
        Ok(self.find(&list_key(node, direction))?.unwrap_or_default())
    }

    /// All nodes, in the order of their ids.
    pub fn nodes(&self) -> Outcome<Vec<Node>> {
        let mut nodes = Vec::new();
        self.store.scan(b"node:", &mut |_, value| {
            nodes.push(serde_json::from_slice(value)?);
            Ok(())
        })?;
        Ok(nodes)
    }

    fn change_list(&self, node: Uuid, direction: &str, change: impl FnOnce(&mut Vec<Uuid>)) -> Outcome<()> {
        let mut list = self.list(node, direction)?;
        change(&mut list);
        self.put(&list_key(node, direction), &list)
    }

    fn put(&self, key: &[u8], value: &impl Serialize) -> Outcome<()> {
        self.store.put(key, &serde_json::to_vec(value)?)
    }

    fn find<T: DeserializeOwned>(&self, key: &[u8]) -> Outcome<Option<T>> {
        Ok(match self.store.get(key)? {
            Some(value) => Some(serde_json::from_slice(&value)?),
            None => None,
        })
    }
}

fn key(prefix: &[u8], id: Uuid) -> Vec<u8> {
    [prefix, id.as_bytes()].concat()
}

fn list_key(node: Uuid, direction: &str) -> Vec<u8> {
    format!("node_edges:{node}:{direction}").into_bytes()
}
