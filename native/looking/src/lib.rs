//! What is in the blocks of a dump or a store: how much of what, and which graph. The addon for blocks and a module of WebAssembly do
//! it by this code, so that both tell the same.
//!
//! Contract: pure but for the `Space` that is given for what memory does not hold. Blocks are only read, whatever is in them; all that
//! is told is JSON.

pub mod entries;
pub mod graph;
mod json;
mod levels;
mod quoted;
pub mod stats;
