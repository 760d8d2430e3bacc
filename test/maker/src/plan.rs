//! The lines of a plan, as the head of main.rs lists them.

use std::path::PathBuf;
use std::time::Duration;

use crate::Outcome;

/// One change of one key, or of a range of them. `Timed` is a value that says how long ago it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    Put { key: Vec<u8>, value: Vec<u8> },
    Timed { key: Vec<u8>, value: Vec<u8>, age: Duration },
    Delete { key: Vec<u8> },
    SingleDelete { key: Vec<u8> },
    DeleteRange { from: Vec<u8>, to: Vec<u8> },
    Merge { key: Vec<u8>, operand: Vec<u8> },
    Entity { key: Vec<u8>, columns: Vec<(Vec<u8>, Vec<u8>)> },
}

/// In which order a family's own comparator has its keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    Bytewise,
    Reverse,
    /// Shorter keys first, those of one length in byte order.
    Length,
    /// In byte order, but these keys stand where the second of their pair belongs.
    Moved(Vec<(Vec<u8>, Vec<u8>)>),
}

/// How the store is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    Plain,
    /// As DBWithTTL, with this many seconds.
    Ttl(i32),
    /// As TransactionDB, with this write policy (0: committed, 1: prepared, 2: unprepared).
    Transactions(i32),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    Store(PathBuf),
    Options(String),
    TablesIn(PathBuf, u64),
    Mode(Mode),
    Family(Vec<u8>, String),
    Order(Vec<u8>, Option<(Order, String)>),
    Operator(Vec<u8>, String),
    Open,
    Close,
    Crash,
    Drop(Vec<u8>),
    Change(Vec<u8>, Change),
    Batch,
    Write,
    Wal(bool),
    Sync(bool),
    Flush(Vec<u8>),
    FlushLog,
    Compact(Vec<u8>),
    Row(Change),
    Ingest(Vec<u8>, bool),
    Begin(Vec<u8>),
    Within(Vec<u8>, Vec<u8>, Change),
    Prepare(Vec<u8>),
    Commit(Vec<u8>),
    Rollback(Vec<u8>),
    Checkpoint(PathBuf),
    Backup(PathBuf, PathBuf),
    Check,
    /// Lets RocksDB repair the closed store.
    Repair,
    Model(PathBuf),
    End,
}

/// Reads one line.
///
/// # Errors
/// When it isn't one of those that main.rs lists.
pub fn parse(line: &str) -> Outcome<Line> {
    let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
    let words: Vec<&str> = rest.split(' ').filter(|word| !word.is_empty()).collect();
    Ok(match (verb, words.as_slice()) {
        ("store", [_, ..]) => Line::Store(rest.into()),
        ("options", _) => Line::Options(rest.into()),
        ("tables-in", [directory, bytes]) => Line::TablesIn(directory.into(), bytes.parse()?),
        ("mode", ["plain"]) => Line::Mode(Mode::Plain),
        ("mode", ["ttl", seconds]) => Line::Mode(Mode::Ttl(seconds.parse()?)),
        ("mode", ["transactions", policy]) => Line::Mode(Mode::Transactions(policy_of(policy)?)),
        ("family", [name, ..]) => Line::Family(unhex(name)?, rest[name.len()..].trim_start().into()),
        ("order", [family, "none"]) => Line::Order(unhex(family)?, None),
        ("order", [family, kind, name, moves @ ..]) => {
            Line::Order(unhex(family)?, Some((order_of(kind, moves)?, (*name).into())))
        }
        ("operator", [family, name]) => Line::Operator(unhex(family)?, (*name).into()),
        ("open", []) => Line::Open,
        ("close", []) => Line::Close,
        ("crash", []) => Line::Crash,
        ("drop", [family]) => Line::Drop(unhex(family)?),
        ("batch", []) => Line::Batch,
        ("write", []) => Line::Write,
        ("wal", [word]) => Line::Wal(is_on(word)?),
        ("sync", [word]) => Line::Sync(is_on(word)?),
        ("flush", [family]) => Line::Flush(unhex(family)?),
        ("flush-log", []) => Line::FlushLog,
        ("compact", [family]) => Line::Compact(unhex(family)?),
        ("row", [kind, fields @ ..]) => Line::Row(change(kind, fields)?),
        ("ingest", [family]) => Line::Ingest(unhex(family)?, false),
        ("ingest", [family, "behind"]) => Line::Ingest(unhex(family)?, true),
        ("begin", [transaction]) => Line::Begin(unhex(transaction)?),
        ("in", [transaction, kind, family, fields @ ..]) => {
            Line::Within(unhex(transaction)?, unhex(family)?, change(kind, fields)?)
        }
        ("prepare", [transaction]) => Line::Prepare(unhex(transaction)?),
        ("commit", [transaction]) => Line::Commit(unhex(transaction)?),
        ("rollback", [transaction]) => Line::Rollback(unhex(transaction)?),
        ("checkpoint", [_, ..]) => Line::Checkpoint(rest.into()),
        ("backup", [backups, restored]) => Line::Backup(backups.into(), restored.into()),
        ("check", []) => Line::Check,
        ("repair", []) => Line::Repair,
        ("model", [_, ..]) => Line::Model(rest.into()),
        ("end", []) => Line::End,
        (kind, [family, fields @ ..]) => {
            let change = change(kind, fields)?;
            Line::Change(unhex(family)?, change)
        }
        _ => return Err(format!("cannot do: {line}").into()),
    })
}

fn change(kind: &str, fields: &[&str]) -> Outcome<Change> {
    Ok(match (kind, fields) {
        ("put", [key, value]) => Change::Put { key: unhex(key)?, value: unhex(value)? },
        ("fill", [key, length, byte]) => {
            Change::Put { key: unhex(key)?, value: vec![byte.parse()?; length.parse::<usize>()?] }
        }
        ("timed", [key, age, value]) => {
            Change::Timed { key: unhex(key)?, value: unhex(value)?, age: Duration::from_secs(age.parse()?) }
        }
        ("delete", [key]) => Change::Delete { key: unhex(key)? },
        ("single-delete", [key]) => Change::SingleDelete { key: unhex(key)? },
        ("delete-range", [from, to]) => Change::DeleteRange { from: unhex(from)?, to: unhex(to)? },
        ("merge", [key, operand]) => Change::Merge { key: unhex(key)?, operand: unhex(operand)? },
        ("entity", [key, columns @ ..]) => Change::Entity { key: unhex(key)?, columns: pairs(columns)? },
        _ => return Err(format!("cannot do: {kind} {}", fields.join(" ")).into()),
    })
}

fn order_of(kind: &str, moves: &[&str]) -> Outcome<Order> {
    Ok(match (kind, moves) {
        ("bytewise", []) => Order::Bytewise,
        ("reverse", []) => Order::Reverse,
        ("length", []) => Order::Length,
        ("moved", moves) => Order::Moved(pairs(moves)?),
        _ => return Err(format!("unknown order {kind}").into()),
    })
}

fn policy_of(word: &str) -> Outcome<i32> {
    let known = ["committed", "prepared", "unprepared"];
    let at = known.iter().position(|name| *name == word).ok_or(format!("unknown write policy {word}"))?;
    Ok(i32::try_from(at)?)
}

fn is_on(word: &str) -> Outcome<bool> {
    match word {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err(format!("{word} is neither on nor off").into()),
    }
}

fn pairs(words: &[&str]) -> Outcome<Vec<(Vec<u8>, Vec<u8>)>> {
    words
        .iter()
        .map(|word| {
            let (left, right) = word.split_once('=').ok_or(format!("{word} is no pair"))?;
            Ok((unhex(left)?, unhex(right)?))
        })
        .collect()
}

/// Text of bytes as plans and models have it; `-` is the empty string.
pub fn hex(bytes: &[u8]) -> String {
    if bytes.is_empty() { "-".into() } else { bytes.iter().map(|byte| format!("{byte:02x}")).collect() }
}

fn unhex(text: &str) -> Outcome<Vec<u8>> {
    if text == "-" {
        return Ok(Vec::new());
    }
    if !text.len().is_multiple_of(2) || !text.is_ascii() {
        return Err(format!("{text} is not hexadecimal").into());
    }
    (0..text.len()).step_by(2).map(|i| Ok(u8::from_str_radix(&text[i..i + 2], 16)?)).collect()
}
