//! `store-maker`: RocksDB stores made from a plan, and what they must hold by that plan. It shares no code with kgdump.
//!
//! Reads plans from standard input, one after the other, and answers each with a line: `done`, or `failed MESSAGE`.
//! Names of families and transactions, keys and values are hexadecimal, `-` is the empty string. Fields are apart by one space, and
//! empty lines say nothing.
//!
//!     store PATH                      begins a plan
//!     options TEXT                    RocksDB's options text, of the store and of what every family begins with
//!     tables-in DIRECTORY BYTES       one more directory for tables (db_paths)
//!     mode plain | ttl SECONDS | transactions committed | transactions prepared | transactions unprepared
//!     family NAME [TEXT]              a family, and its options; `default` is there anyway
//!     order FAMILY KIND NAME [MOVES]  a comparator of our own that goes by this name: bytewise, reverse, length, or
//!                                     moved KEY=PLACE… (in byte order, but these keys stand just behind their PLACE)
//!     order FAMILY none               no comparator of our own any more
//!     operator FAMILY NAME            a merge operator of our own that goes by this name: it appends
//!     open                            opens the store with all that was said
//!     close                           closes it properly
//!     crash                           ends the process without closing anything; `open` begins another one
//!     put FAMILY KEY VALUE            a change, written at once or with its batch
//!     fill FAMILY KEY LENGTH BYTE     puts a value of so many bytes that are all BYTE (decimal)
//!     timed FAMILY KEY AGE VALUE      puts a value that was written AGE seconds ago, by its own words
//!     delete, single-delete FAMILY KEY
//!     delete-range FAMILY FROM TO
//!     merge FAMILY KEY OPERAND
//!     entity FAMILY KEY NAME=VALUE…   wide columns
//!     batch … write                   the changes between are one batch
//!     wal on | off, sync on | off     how the next changes are written
//!     flush FAMILY, compact FAMILY, flush-log, drop FAMILY
//!     row CHANGE                      a row of a table to ingest (put, fill, delete, delete-range, merge; without FAMILY)
//!     ingest FAMILY [behind]          ingests the rows, after a flush of the family
//!     begin TRANSACTION, in TRANSACTION put FAMILY KEY VALUE, prepare, commit, rollback TRANSACTION
//!     checkpoint DIRECTORY            a checkpoint that is a store
//!     backup DIRECTORY DIRECTORY      a backup, and a store restored from it
//!     check                           compares what RocksDB shows with the model
//!     model FILE                      writes down what the store must hold now (see model.rs)
//!     repair                          lets RocksDB repair the store, which is closed and may be damaged
//!     end                             closes the store, when it is open, and ends the plan
//!
//! Each plan, and what follows each `crash`, runs in a process of its own.

mod changes;
mod check;
mod ffi;
mod model;
mod operators;
mod options;
mod orders;
mod plan;
mod process;
mod session;

#[cfg(feature = "source")]
use librocksdb_sys as _; // named so that its static library is linked

use std::error::Error;
use std::io::{BufRead as _, Write as _};

use model::Model;
use options::{Texts, make_directory};
use plan::{Line, Mode, parse};
use session::Session;

pub type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() {
    if let Err(error) = serve() {
        eprintln!("store-maker: {error}");
        std::process::exit(1);
    }
}

/// Answers plans until there are no more.
fn serve() -> Outcome<()> {
    let mut lines = Vec::new();
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let last = line == "end";
        lines.push(line);
        if last {
            let answer = match carry_out(&std::mem::take(&mut lines)) {
                Ok(()) => "done".into(),
                Err(error) => format!("failed {error}").replace('\n', " "),
            };
            println!("{answer}");
            std::io::stdout().flush()?;
        }
    }
    if lines.is_empty() { Ok(()) } else { Err("the last plan has no end".into()) }
}

/// What a plan has said so far.
#[derive(Clone)]
struct State {
    texts: Texts,
    mode: Mode,
    logged: bool,
    sync: bool,
    model: Model,
}

fn carry_out(lines: &[String]) -> Outcome<()> {
    let written = lines.iter().enumerate().filter(|(_, line)| !line.is_empty());
    let lines: Vec<(usize, Line)> = written.map(|(at, line)| Ok((at, parse(line)?))).collect::<Outcome<_>>()?;
    let Some((_, Line::Store(path))) = lines.first() else { return Err("a plan begins with its store".into()) };
    let texts = Texts { store: path.clone(), tables_in: vec![] };
    let mut state = State { texts, mode: Mode::Plain, logged: true, sync: false, model: Model::default() };
    for life in lines[1..].split_inclusive(|(_, line)| *line == Line::Crash) {
        process::apart(|| live(&mut state.clone(), life, true))?;
        live(&mut state, life, false)?;
    }
    Ok(())
}

/// What happens up to a crash or the plan's end: to the model, and to the store if this is the process for it.
fn live(state: &mut State, lines: &[(usize, Line)], really: bool) -> Outcome<()> {
    let mut session = None;
    for (at, line) in lines {
        step(state, &mut session, line, really).map_err(|error| format!("line {}: {error}", at + 1))?;
    }
    Ok(())
}

fn step(state: &mut State, session: &mut Option<Session>, line: &Line, really: bool) -> Outcome<()> {
    if *line == Line::Repair {
        return if really { session::repair(&state.texts, &state.model) } else { Ok(()) };
    }
    match line {
        Line::TablesIn(directory, bytes) => state.texts.tables_in.push((directory.clone(), *bytes)),
        Line::Mode(mode) => state.mode = *mode,
        Line::Wal(on) => state.logged = *on,
        Line::Sync(on) => state.sync = *on,
        _ => {}
    }
    if !really {
        return state.model.apply(line);
    }
    match line {
        Line::Open => {
            make_directory(&state.texts.store)?;
            let State { mode, logged, sync, .. } = *state;
            *session = Some(Session::open(&state.texts.store, mode, state.texts.clone(), &state.model, logged, sync)?);
        }
        Line::Close | Line::End => {
            if let Some(open) = session.take() {
                open.close();
            }
        }
        Line::Model(file) => std::fs::write(file, state.model.text()?)?,
        Line::Crash | Line::Options(_) | Line::Family(..) | Line::Order(..) | Line::Operator(..) => {}
        Line::TablesIn(..) | Line::Mode(_) | Line::Row(_) | Line::Store(_) => {}
        Line::Wal(_) | Line::Sync(_) if session.is_none() => {}
        _ => session.as_mut().ok_or("the store is not open")?.apply(line, &state.model)?,
    }
    state.model.apply(line)
}
