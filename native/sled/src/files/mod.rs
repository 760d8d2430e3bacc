//! What lies on disk in a store of sled 0.34: parsing only, of bytes that may be damaged. Nothing here opens a file for writing,
//! panics, or allocates by a length that was not compared with what is there.

pub mod bytes;
pub mod conf;
pub mod lock;
#[cfg(test)]
pub mod made;
pub mod message;
pub mod meta;
pub mod observed;
pub mod page;
pub mod place;
pub mod snapshot;
pub mod table;
pub mod value_file;
