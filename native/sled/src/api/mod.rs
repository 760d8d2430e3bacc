//! What JavaScript sees.

pub mod job;
pub mod load;
pub mod lock;
pub mod reader;
pub mod salvage;
pub mod scan;
pub mod store;
