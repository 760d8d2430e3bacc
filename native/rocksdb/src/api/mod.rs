//! What JavaScript sees.

pub mod find;
pub mod job;
pub mod lock;
pub mod new_store;
pub mod salvage;
pub mod sink;
pub mod source;
