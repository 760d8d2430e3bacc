//! What is in a store or a dump: how much of each prefix, how large, of what kind.
//!
//! Contract: blocks are only read, one after the other; memory is bounded, whatever is in them.

mod builder;
mod distinct;
mod expression;
mod histogram;
mod keys;
mod kinds;
mod msgpack;
mod output;
mod route;
mod sample;
mod search;
mod settle;
mod shape;
mod tally;
#[cfg(test)]
mod tests;
mod tree;
mod widths;

pub use self::builder::{Builder, Filter, Settings};
pub use self::keys::Separators;
pub use self::sample::Reservoir;
pub use self::search::Search;

/// The kind of a value, as the counts of kinds name it.
pub fn kind_of(value: &[u8]) -> &'static str {
    kinds::NAMES[kinds::kind_of(value)]
}
