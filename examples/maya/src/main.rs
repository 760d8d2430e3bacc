//! `maya-example`: a small graph service, once on RocksDB and once on sled.
//!
//!     maya-example write  --engine rocksdb|sled --path STORE [--compression]    stores a sample graph
//!     maya-example change --engine rocksdb|sled --path STORE [--compression]    adds, removes and changes some of it
//!     maya-example read   --engine rocksdb|sled --path STORE [--compression]    prints all of it, node by node
//!
//! `--compression` is sled's use_compression, which must be as the store was made. Ends with 0, or with 1 and a message.

mod after;
#[cfg(not(feature = "source"))]
mod before;
mod graph;
#[cfg(not(feature = "source"))]
mod rocksdb;
mod sample;
mod store;

use std::error::Error;
use std::io::{BufWriter, Write as _, stdout};

use graph::Graph;
use store::Store;

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    if let Err(error) = run(&words) {
        eprintln!("maya-example: {error}");
        std::process::exit(1);
    }
}

fn run(words: &[&str]) -> Outcome<()> {
    let (command, engine, path, compression) = match words {
        [command, "--engine", engine, "--path", path] => (*command, *engine, *path, false),
        [command, "--engine", engine, "--path", path, "--compression"] => (*command, *engine, *path, true),
        _ => {
            return Err(
                "usage: maya-example write|change|read --engine rocksdb|sled --path STORE [--compression]".into()
            );
        }
    };
    let store: Box<dyn Store> = match engine {
        "rocksdb" => open_rocksdb(path)?,
        "sled" => Box::new(after::Sled::open(path, compression)?),
        _ => return Err(format!("{engine} is neither rocksdb nor sled").into()),
    };
    let graph = Graph::new(store.as_ref());
    match command {
        "write" => sample::write(&graph)?,
        "change" => sample::change(&graph)?,
        "read" => return read(&graph),
        _ => return Err(format!("there is no command {command}").into()),
    }
    store.flush()
}

#[cfg(not(feature = "source"))]
fn open_rocksdb(path: &str) -> Outcome<Box<dyn Store>> {
    Ok(Box::new(before::RocksDb::open(path)?))
}

#[cfg(feature = "source")]
fn open_rocksdb(_path: &str) -> Outcome<Box<dyn Store>> {
    Err("this build has no RocksDB, as there was no library to link".into())
}

/// Prints each node with its edges in both directions, which are looked up one by one, as a service does.
fn read(graph: &Graph) -> Outcome<()> {
    let mut out = BufWriter::new(stdout().lock());
    for node in graph.nodes()? {
        writeln!(out, "{} {} {}", node.id, node.label, node.updated_at)?;
        for property in &node.properties {
            writeln!(out, "  {} = {}", property.key, property.value)?;
        }
        for direction in ["outgoing", "incoming"] {
            for id in graph.list(node.id, direction)? {
                let edge = graph.edge(id)?;
                let (own, other) =
                    if direction == "outgoing" { (edge.source, edge.target) } else { (edge.target, edge.source) };
                if own != node.id {
                    return Err(format!(
                        "edge {id} is in the {direction} list of node {}, which it has nothing to do with",
                        node.id
                    )
                    .into());
                }
                let other = graph.node(other)?;
                writeln!(out, "  {direction} {} {} {} {}", edge.id, edge.label, other.id, other.label)?;
            }
        }
    }
    Ok(out.flush()?)
}
