//! What graph lies in a store or a dump: whether it is whole, and how its nodes hang together.
//!
//! Contract: blocks are only read, one after the other. Memory is bounded but for 4 bytes for each node; what is spilled takes the rest.
//! No value is hostile to it: nothing is followed by recursion.

mod builder;
mod counts;
mod facts;
mod field;
mod gather;
mod id;
mod layout;
mod links;
mod lists;
mod merge;
mod naming;
mod parse;
mod pick;
mod powers;
mod problems;
mod report;
mod sort;
mod sorter;
mod spill;
mod threads;
mod walk;

pub use self::builder::Builder;
pub use self::layout::{Layout, Part, Rule};
pub use self::parse::{Parsed, each_piece};
pub use self::sorter::Room;
pub use self::spill::{Space, Spill};
