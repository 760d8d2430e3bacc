//! Writing stores.

pub mod apply;
pub mod durable;
pub mod load;
