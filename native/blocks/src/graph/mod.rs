//! What graph lies in a store or a dump, as JavaScript asks for it.
//!
//! Contract: blocks are only read, off the main thread, side by side, and what they say is gathered in their order. Temporary files without a name take what memory does not
//! hold.

mod spill;
mod turns;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use kgdump_looking::graph::{Builder, Layout, Part, Room, Rule, each_piece};
use kgdump_shared::fault::{Fault, Outcome};
use napi::bindgen_prelude::{AsyncTask, Buffer};
use napi_derive::napi;

use self::spill::Directory;
use self::turns::{Turn, Turns};
use crate::job::{Job, start};

/// A part of a key: a literal, or a name and a form.
#[napi(object)]
pub struct GraphPart {
    pub literal: Option<Buffer>,
    pub name: Option<String>,
    pub form: Option<String>,
}

/// One kind of record: what its key is made of, and the paths of fields in its value.
#[napi(object)]
pub struct GraphRule {
    pub kind: String,
    pub key: Vec<GraphPart>,
    pub id: Option<Vec<String>>,
    pub from: Option<Vec<String>>,
    pub to: Option<Vec<String>>,
    pub label: Option<Vec<String>>,
    pub time: Option<Vec<String>>,
    pub properties: Option<Vec<String>>,
}

/// How the graph lies in the store.
#[napi(object)]
pub struct GraphSettings {
    pub rules: Vec<GraphRule>,
    pub node_ids_are_uuids: bool,
    pub edge_ids_are_uuids: bool,
    /// Where temporary files go.
    pub directory: String,
    /// Records that each sort holds in memory, instead of as many as fit into 8 to 40 MiB.
    pub run_records: Option<u32>,
}

/// Looks at a graph: add all blocks, finish, then ask for reports as often as you like.
#[napi]
pub struct GraphBuilder {
    layout: Arc<Layout>,
    turns: Arc<Turns>,
    builder: Arc<Mutex<Builder>>,
}

#[napi]
impl GraphBuilder {
    #[napi(constructor)]
    pub fn new(settings: GraphSettings) -> napi::Result<Self> {
        let GraphSettings { rules, node_ids_are_uuids, edge_ids_are_uuids, directory, run_records } = settings;
        let rules = rules.into_iter().map(rule).collect::<Outcome<Vec<Rule>>>()?;
        let layout = Arc::new(Layout::new(rules, (node_ids_are_uuids, edge_ids_are_uuids)));
        let space = Arc::new(Directory(directory.into()));
        let room = Room { space, run_records: run_records.map(|records| records as usize) };
        let builder = Builder::new(Arc::clone(&layout), room);
        Ok(Self { layout, turns: Arc::default(), builder: Arc::new(Mutex::new(builder)) })
    }

    /// Takes in a block. The next one may be given before this has settled: it is parsed at the same time, and taken in afterwards.
    #[napi(ts_return_type = "Promise<void>")]
    pub fn add(&self, raw: Buffer) -> AsyncTask<Job<Buffer, ()>> {
        let (layout, builder) = (Arc::clone(&self.layout), Arc::clone(&self.builder));
        let (turns, ticket) = (Arc::clone(&self.turns), self.turns.ticket());
        start(raw, move |raw| {
            let turn = Turn::new(&turns, ticket);
            each_piece(&layout, raw, |parsed| {
                turn.wait();
                lock(&builder).take(parsed)
            })
        })
    }

    /// Looks at all that was added. `hubs`: nodes with the most edges to name; without it only problems are looked for.
    #[napi(ts_return_type = "Promise<void>")]
    pub fn finish(&self, hubs: Option<u32>) -> AsyncTask<Job<(), ()>> {
        let builder = Arc::clone(&self.builder);
        start((), move |()| lock(&builder).finish(hubs.map(|hubs| hubs as usize)))
    }

    /// Resolves to what was found, as JSON. Problems that `before`, another one, has too are not new.
    #[napi(ts_return_type = "Promise<string>")]
    pub fn report(&self, before: Option<&GraphBuilder>) -> AsyncTask<Job<(), String>> {
        let builder = Arc::clone(&self.builder);
        let before = before.map(|before| Arc::clone(&before.builder));
        start((), move |()| {
            let mut before = before.as_ref().map(lock);
            lock(&builder).report(before.as_deref_mut())
        })
    }

    /// Gives memory and disk back.
    #[napi]
    pub fn close(&self) {
        lock(&self.builder).close();
    }
}

fn lock(builder: &Arc<Mutex<Builder>>) -> MutexGuard<'_, Builder> {
    builder.lock().unwrap_or_else(PoisonError::into_inner)
}

fn rule(rule: GraphRule) -> Outcome<Rule> {
    let mut made = Rule::of_kind(&rule.kind)?;
    made.parts = rule.key.into_iter().map(part).collect::<Outcome<Vec<Part>>>()?;
    for (name, path) in [
        ("id", rule.id),
        ("from", rule.from),
        ("to", rule.to),
        ("label", rule.label),
        ("time", rule.time),
        ("properties", rule.properties),
    ] {
        let Some(path) = path else { continue };
        made.paths.set(name, path.into_iter().map(String::into_bytes).collect())?;
    }
    Ok(made)
}

fn part(part: GraphPart) -> Outcome<Part> {
    match part {
        GraphPart { literal: Some(literal), .. } => Ok(Part::Literal(literal.to_vec())),
        GraphPart { name: Some(name), form: Some(form), .. } => Part::field(&name, &form),
        _ => Err(Fault::new("INTERNAL", "a part of a key that is nothing")),
    }
}
