//! What JavaScript sees.

pub mod find;
pub mod salvage;
