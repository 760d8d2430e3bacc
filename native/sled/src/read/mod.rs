//! Reading stores of sled 0.34. An open one is read through sled (`scan`, `sled_walk`); all else is of the reader that takes a store from its files, without
//! sled: they are opened for reading only, and nothing is written.

pub mod emptied;
pub mod fill;
pub mod leaves;
pub mod log;
pub mod look;
pub mod pages;
pub mod parent;
pub mod pass;
pub mod salvage;
pub mod scan;
pub mod segments;
pub mod sled_walk;
pub mod snapshots;
pub mod store;
pub mod value_files;
pub mod walk;
