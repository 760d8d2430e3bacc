//! Which keys of a store may have changed since a mark, told without reading the store. Of the other rooms only `read::store` uses this one:
//! it keeps the mark of the point at which it is read.

pub mod api;
pub mod changed;
pub mod log_keys;
pub mod mark;
pub mod marked_logs;
pub mod table_keys;
