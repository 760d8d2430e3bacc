//! Reading of stores.

pub mod estimates;
