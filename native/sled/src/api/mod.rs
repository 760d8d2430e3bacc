//! What JavaScript sees.

pub mod blocks;
pub mod job;
pub mod load;
pub mod lock;
pub mod reader;
pub mod salvage;
pub mod scan;
pub mod store;
