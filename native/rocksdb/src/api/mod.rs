//! What JavaScript sees.

pub mod crash;
pub mod find;
pub mod salvage;
