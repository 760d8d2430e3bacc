//! What lies on disk, and how it is parsed.

pub mod properties;
pub mod table_end;
