//! What is in blocks, keyspace by keyspace.

use std::cell::RefCell;

use kgdump_looking::stats::{Builder, Filter, Reservoir, Search, Separators, Settings, kind_of};
use kgdump_shared::fault::Outcome;

use crate::transfer::{Fields, Numbered, done, made, none, text, with_given};

thread_local! {
    static BUILDERS: RefCell<Numbered<Builder>> = const { RefCell::new(Numbered::new()) };
    static SEARCH: RefCell<Option<Search>> = const { RefCell::new(None) };
}

/// Bits of `stats_start`'s flags.
const SCHEMA: u32 = 1;
const GREP: u32 = 2;
const GREP_KEYS: u32 = 4;
const GREP_VALUES: u32 = 8;

/// Starts a count. Given are the separator, which is empty where it is to be found, and the expression.
#[unsafe(no_mangle)]
extern "C" fn stats_start(given: usize, flags: u32, largest: u32, sample: u32, seed: f64) -> i32 {
    made(with_given(given, |given| {
        let mut fields = Fields(given);
        let separators = match fields.next() {
            None | Some([]) => Separators::Usual,
            Some(separator) => Separators::Given(separator.to_vec()),
        };
        let has = |flag: u32| flags & flag != 0;
        let filter =
            if has(GREP) { Some(Filter::new(fields.text()?, has(GREP_KEYS), has(GREP_VALUES))?) } else { None };
        let settings = Settings { separators, schema: has(SCHEMA), largest: largest as usize, filter };
        let builder = Builder::new(settings, Reservoir::new(sample as usize, seed as u64));
        Ok(BUILDERS.with_borrow_mut(|builders| builders.add(builder)))
    }))
}

/// Takes in a block, which is given.
#[unsafe(no_mangle)]
extern "C" fn stats_add(builder: usize, given: usize, stored: f64) -> bool {
    done(with_given(given, |raw| with(builder, |builder| builder.add(raw, stored))))
}

/// Ends a keyspace, and tells what was counted of it.
#[unsafe(no_mangle)]
extern "C" fn stats_finish_keyspace(builder: usize) -> bool {
    text(with(builder, |builder| Ok(builder.finish_keyspace())))
}

/// Tells which entries were chosen by chance.
#[unsafe(no_mangle)]
extern "C" fn stats_samples(builder: usize) -> bool {
    text(with(builder, |builder| Ok(builder.samples())))
}

/// Tells the kind of a value, which is given.
#[unsafe(no_mangle)]
extern "C" fn value_kind(given: usize) -> bool {
    text(with_given(given, |value| Ok(kind_of(value).to_owned())))
}

/// Starts the search of this module, in place of one before. Given is the expression.
#[unsafe(no_mangle)]
extern "C" fn search_start(given: usize) -> bool {
    done(with_given(given, |given| {
        SEARCH.set(Some(Search::new(Fields(given).text()?)?));
        Ok(())
    }))
}

/// Tells the places of the entries of a block, which is given, that match: at most so many, as JSON.
#[unsafe(no_mangle)]
extern "C" fn search_find(given: usize, most: u32) -> bool {
    text(with_given(given, |raw| {
        let places = SEARCH.with_borrow_mut(|search| search.as_mut().map(|search| search.find(raw, most as usize)));
        places.unwrap_or_else(|| Err(none())).map(|places| format!("{places:?}"))
    }))
}

fn with<T>(builder: usize, work: impl FnOnce(&mut Builder) -> Outcome<T>) -> Outcome<T> {
    BUILDERS.with_borrow_mut(|builders| work(builders.get(builder)?))
}
