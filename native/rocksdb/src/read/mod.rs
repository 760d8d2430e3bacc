//! Reading of stores.

pub mod comparators;
pub mod estimates;
