//! What a store must hold, by the plan alone: nothing of it comes from RocksDB.
//!
//! A family is the list of its changes, each with what becomes of it when the process dies: it is in a table or in a log that
//! the system has, in a log's buffer, or nowhere but in memory.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

use crate::Outcome;
use crate::operators::Operator;
use crate::plan::{Change, Line, Order, hex};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kept {
    /// Also when the process dies.
    Safely,
    /// Once the log's buffer is written.
    InBuffer,
    /// Once its family is flushed.
    InMemory,
}

#[derive(Clone)]
pub struct Family {
    pub name: Vec<u8>,
    /// Options in RocksDB's text, after those of the store.
    pub options: String,
    /// A comparator of its own, and the name that it goes by.
    pub order: Option<(Order, String)>,
    /// The name of our own merge operator, when that is set.
    pub operator: Option<String>,
    changes: Vec<(Change, Kept)>,
}

/// A value as the store has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    Plain(Vec<u8>),
    Wide(Vec<(Vec<u8>, Vec<u8>)>),
}

pub type Entries = Vec<(Vec<u8>, Value)>;

#[derive(Clone, Default)]
struct Transaction {
    changes: Vec<(Vec<u8>, Change)>,
    prepared: bool,
}

#[derive(Clone)]
pub struct Model {
    /// Options in RocksDB's text: the store's, and those that every family begins with.
    pub options: String,
    pub families: Vec<Family>,
    rows: Vec<Change>,
    transactions: BTreeMap<Vec<u8>, Transaction>,
    logged: bool,
    synced: bool,
}

impl Default for Model {
    fn default() -> Self {
        let family = Family::new(b"default", "");
        Self {
            options: String::new(),
            families: vec![family],
            rows: vec![],
            transactions: BTreeMap::new(),
            logged: true,
            synced: false,
        }
    }
}

impl Family {
    fn new(name: &[u8], options: &str) -> Self {
        Self { name: name.into(), options: options.into(), order: None, operator: None, changes: vec![] }
    }

    fn keep(&mut self, which: Kept) {
        for (_, kept) in &mut self.changes {
            if *kept == which {
                *kept = Kept::Safely;
            }
        }
    }

    fn entries(&self, options: &str) -> Outcome<Entries> {
        let text = format!("{options};{}", self.options);
        let order = self.order.as_ref().map_or_else(|| order_in(&text), |(order, _)| order.clone());
        let operator = if self.operator.is_some() { Some(Operator::Concat) } else { Operator::named_in(&text)? };
        let mut entries = BTreeMap::new();
        for (change, _) in &self.changes {
            match change {
                Change::Put { key, value } | Change::Timed { key, value, .. } => {
                    entries.insert(key.clone(), Value::Plain(value.clone()));
                }
                Change::Entity { key, columns } => {
                    let mut columns = columns.clone();
                    columns.sort();
                    entries.insert(key.clone(), Value::Wide(columns));
                }
                Change::Delete { key } | Change::SingleDelete { key } => {
                    entries.remove(key);
                }
                Change::DeleteRange { from, to } => {
                    entries.retain(|key, _| order.compare(key, from).is_lt() || order.compare(key, to).is_ge());
                }
                Change::Merge { key, operand } => {
                    let operator = operator.as_ref().ok_or("there is a merge and no merge operator")?;
                    let value = match entries.get(key) {
                        Some(Value::Wide(_)) => return Err("the model can't merge into an entity".into()),
                        Some(Value::Plain(value)) => operator.merge(Some(value), operand),
                        None => operator.merge(None, operand),
                    };
                    entries.insert(key.clone(), Value::Plain(value));
                }
            }
        }
        let mut entries: Entries = entries.into_iter().collect();
        if order == Order::Reverse {
            entries.reverse();
        }
        Ok(entries)
    }
}

fn order_in(options: &str) -> Order {
    if options.contains("ReverseBytewiseComparator") { Order::Reverse } else { Order::Bytewise }
}

impl Model {
    /// Takes a line in. What isn't about content is taken for done.
    ///
    /// # Errors
    /// When the line makes no sense where it stands.
    pub fn apply(&mut self, line: &Line) -> Outcome<()> {
        match line {
            Line::Options(text) => self.options.clone_from(text),
            Line::Family(name, text) => match self.families.iter_mut().find(|family| family.name == *name) {
                Some(family) => family.options.clone_from(text),
                None => self.families.push(Family::new(name, text)),
            },
            Line::Order(name, order) => self.family(name)?.order.clone_from(order),
            Line::Operator(name, operator) => self.family(name)?.operator = Some(operator.clone()),
            Line::Drop(name) => self.families.retain(|family| family.name != *name),
            Line::Wal(on) => self.logged = *on,
            Line::Sync(on) => self.synced = *on,
            Line::Change(name, change) => {
                let kept = self.next_kept();
                self.family(name)?.changes.push((change.clone(), kept));
            }
            Line::Flush(name) | Line::Compact(name) => {
                self.keep_everywhere(Kept::InBuffer);
                self.family(name)?.keep(Kept::InMemory);
            }
            Line::FlushLog | Line::Checkpoint(_) | Line::Backup(..) => self.keep_everywhere(Kept::InBuffer),
            Line::Close => self.close(),
            Line::Crash => {
                for family in &mut self.families {
                    family.changes.retain(|(_, kept)| *kept == Kept::Safely);
                }
                self.transactions.retain(|_, transaction| transaction.prepared);
                self.rows.clear();
            }
            Line::Row(change) => self.rows.push(change.clone()),
            Line::Ingest(name, behind) => self.ingest(name, *behind)?,
            Line::Begin(name) => {
                self.transactions.insert(name.clone(), Transaction::default());
            }
            Line::Within(name, family, change) => {
                self.transaction(name)?.changes.push((family.clone(), change.clone()));
            }
            Line::Prepare(name) => self.transaction(name)?.prepared = true,
            Line::Commit(name) => {
                let transaction = self.transactions.remove(name).ok_or("there is no such transaction")?;
                let kept = self.next_kept();
                for (family, change) in transaction.changes {
                    self.family(&family)?.changes.push((change, kept));
                }
            }
            Line::Rollback(name) => {
                self.transactions.remove(name);
            }
            _ => {}
        }
        Ok(())
    }

    /// What becomes of the next change. One that is synced takes with it what the log's buffer has.
    fn next_kept(&mut self) -> Kept {
        if !self.logged {
            Kept::InMemory
        } else if self.synced {
            self.keep_everywhere(Kept::InBuffer);
            Kept::Safely
        } else if self.options.contains("manual_wal_flush=true") {
            Kept::InBuffer
        } else {
            Kept::Safely
        }
    }

    fn close(&mut self) {
        self.keep_everywhere(Kept::InBuffer);
        if !self.options.contains("avoid_flush_during_shutdown=true") {
            self.keep_everywhere(Kept::InMemory);
        }
        for family in &mut self.families {
            family.changes.retain(|(_, kept)| *kept == Kept::Safely);
        }
        self.transactions.retain(|_, transaction| transaction.prepared);
    }

    fn keep_everywhere(&mut self, which: Kept) {
        self.families.iter_mut().for_each(|family| family.keep(which));
    }

    /// A table that goes behind is older than all that is there. What was in memory is flushed before (see session.rs).
    fn ingest(&mut self, name: &[u8], behind: bool) -> Outcome<()> {
        let rows: Vec<_> = std::mem::take(&mut self.rows).into_iter().map(|change| (change, Kept::Safely)).collect();
        self.apply(&Line::Flush(name.into()))?;
        let changes = &mut self.family(name)?.changes;
        let at = if behind { 0 } else { changes.len() };
        changes.splice(at..at, rows);
        Ok(())
    }

    fn family(&mut self, name: &[u8]) -> Outcome<&mut Family> {
        let found = self.families.iter_mut().find(|family| family.name == name);
        Ok(found.ok_or_else(|| format!("there is no family {}", hex(name)))?)
    }

    fn transaction(&mut self, name: &[u8]) -> Outcome<&mut Transaction> {
        Ok(self.transactions.get_mut(name).ok_or("there is no such transaction")?)
    }

    /// The rows that the next ingestion takes.
    pub fn rows(&self) -> &[Change] {
        &self.rows
    }

    /// The entries of one family, in its order.
    ///
    /// # Errors
    /// When there is no such family, or a merge that the model can't make.
    pub fn entries(&self, name: &[u8]) -> Outcome<Entries> {
        let found = self.families.iter().find(|family| family.name == name);
        found.ok_or_else(|| format!("there is no family {}", hex(name)))?.entries(&self.options)
    }

    /// The whole model as text: a line `family NAME ENTRIES DIGEST` for each family, after it `KEY VALUE` for each entry (of an
    /// entity `KEY wide NAME=VALUE…`), all in hexadecimal; at the end `prepared NAME CHANGES` for each transaction that is left.
    /// The digest is SHA-256 over (u32 LE key length, key, u32 LE value length, value) of plain entries.
    ///
    /// # Errors
    /// As `entries`.
    pub fn text(&self) -> Outcome<String> {
        let mut text = String::new();
        for family in &self.families {
            let entries = family.entries(&self.options)?;
            writeln!(text, "family {} {} {}", hex(&family.name), entries.len(), digest(&entries)?)?;
            for (key, value) in &entries {
                match value {
                    Value::Plain(value) => writeln!(text, "{} {}", hex(key), hex(value))?,
                    Value::Wide(columns) => {
                        write!(text, "{} wide", hex(key))?;
                        for (name, value) in columns {
                            write!(text, " {}={}", hex(name), hex(value))?;
                        }
                        writeln!(text)?;
                    }
                }
            }
        }
        for (name, transaction) in &self.transactions {
            if transaction.prepared {
                writeln!(text, "prepared {} {}", hex(name), transaction.changes.len())?;
            }
        }
        Ok(text)
    }
}

fn digest(entries: &Entries) -> Outcome<String> {
    let mut hasher = Sha256::new();
    for (key, value) in entries {
        let Value::Plain(value) = value else { continue };
        for part in [key, value] {
            hasher.update(u32::try_from(part.len())?.to_le_bytes());
            hasher.update(part);
        }
    }
    Ok(hex(&hasher.finalize()))
}
