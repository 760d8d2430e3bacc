//! What JavaScript sees.

pub mod crash;
pub mod find;
pub mod new_store;
pub mod salvage;
