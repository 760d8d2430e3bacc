//! What JavaScript sees of reading stores without sled.

pub mod reader;
pub mod salvage;
