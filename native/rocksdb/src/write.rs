//! Writing stores.

pub mod sequence;
