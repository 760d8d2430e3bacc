//! Stores of sled 0.34 read from their files, without sled: the files are opened for reading only, and nothing is written.

pub mod emptied;
pub mod fill;
pub mod leaves;
pub mod log;
pub mod look;
pub mod pages;
pub mod parent;
pub mod salvage;
pub mod segments;
pub mod snapshots;
pub mod store;
pub mod value_files;
pub mod walk;
