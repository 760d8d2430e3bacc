//! Writing stores.

pub mod families;
pub mod sequence;
pub mod turned;
