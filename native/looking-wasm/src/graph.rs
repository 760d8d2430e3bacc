//! What graph is in blocks.

use std::cell::RefCell;
use std::sync::Arc;

use kgdump_looking::graph::{Builder, Layout, Part, Room, Rule};
use kgdump_shared::fault::{Fault, Outcome};

use crate::spill::Files;
use crate::transfer::{Fields, Numbered, done, made, text, with_given};

thread_local! {
    static BUILDERS: RefCell<Numbered<Builder>> = const { RefCell::new(Numbered::new()) };
}

/// Bits of `graph_start`'s flags.
const NODE_UUIDS: u32 = 1;
const EDGE_UUIDS: u32 = 2;

/// Starts to look at a graph, whose layout is given. `run_records`: records that are sorted in memory; 0 for as many as usual.
#[unsafe(no_mangle)]
extern "C" fn graph_start(given: usize, flags: u32, run_records: u32) -> i32 {
    made(with_given(given, |given| {
        let layout = Layout::new(rules(Fields(given))?, (flags & NODE_UUIDS != 0, flags & EDGE_UUIDS != 0));
        let run_records = (run_records > 0).then_some(run_records as usize);
        let builder = Builder::new(Arc::new(layout), Room { space: Arc::new(Files), run_records });
        Ok(BUILDERS.with_borrow_mut(|builders| builders.add(builder)))
    }))
}

/// Takes in a block, which is given.
#[unsafe(no_mangle)]
extern "C" fn graph_add(builder: usize, given: usize) -> bool {
    done(with_given(given, |raw| with(builder, |builder| builder.add(raw))))
}

/// Looks at all that was added. `hubs`: nodes with the most edges to name; with -1 only problems are looked for.
#[unsafe(no_mangle)]
extern "C" fn graph_finish(builder: usize, hubs: f64) -> bool {
    done(with(builder, |builder| builder.finish((hubs >= 0.0).then_some(hubs as usize))))
}

/// Tells what was found. Problems that `before` has, too, are not new; -1 for none.
#[unsafe(no_mangle)]
extern "C" fn graph_report(builder: usize, before: i32) -> bool {
    text(BUILDERS.with_borrow_mut(|builders| {
        let (builder, before) = builders.pair(builder, usize::try_from(before).ok())?;
        builder.report(before)
    }))
}

/// Gives memory and files back.
#[unsafe(no_mangle)]
extern "C" fn graph_close(builder: usize) {
    BUILDERS.with_borrow_mut(|builders| builders.drop(builder));
}

fn with<T>(builder: usize, work: impl FnOnce(&mut Builder) -> Outcome<T>) -> Outcome<T> {
    BUILDERS.with_borrow_mut(|builders| work(builders.get(builder)?))
}

/// Rules as a row of fields: `rule` and its kind, then `literal` and its bytes, `field` with its name and form, `path` and its name,
/// `step` and its text, over and over.
fn rules(mut fields: Fields<'_>) -> Outcome<Vec<Rule>> {
    let wrong = || Fault::new("INTERNAL", "a layout that is none");
    let mut rules: Vec<Rule> = Vec::new();
    let mut path: Option<(&str, Vec<Vec<u8>>)> = None;
    while let Some(what) = fields.next() {
        if what == b"step" {
            path.as_mut().ok_or_else(wrong)?.1.push(fields.next().ok_or_else(wrong)?.to_vec());
            continue;
        }
        put(&mut rules, path.take())?;
        let last = rules.last_mut().ok_or_else(wrong);
        match what {
            b"rule" => rules.push(Rule::of_kind(fields.text()?)?),
            b"literal" => last?.parts.push(Part::Literal(fields.next().ok_or_else(wrong)?.to_vec())),
            b"field" => last?.parts.push(Part::field(fields.text()?, fields.text()?)?),
            b"path" => path = Some((fields.text()?, Vec::new())),
            _ => return Err(wrong()),
        }
    }
    put(&mut rules, path)?;
    Ok(rules)
}

fn put(rules: &mut [Rule], path: Option<(&str, Vec<Vec<u8>>)>) -> Outcome<()> {
    match (rules.last_mut(), path) {
        (Some(rule), Some((name, path))) => rule.paths.set(name, path),
        _ => Ok(()),
    }
}
