//! Writing stores.

pub mod families;
pub mod operations;
pub mod sequence;
pub mod turned;
