//! What lies on disk, and how it is parsed.

// Used by walks and recoveries; not all of it yet.
#[allow(dead_code)]
pub mod blob;
#[allow(dead_code)]
pub mod bytes;
pub mod live_file;
#[allow(dead_code)]
pub mod table;
pub mod table_end;
