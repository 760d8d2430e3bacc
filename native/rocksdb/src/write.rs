//! Writing stores.

pub mod by_age;
pub mod families;
pub mod ingesting;
pub mod loading;
pub mod operations;
pub mod sequence;
pub mod times;
pub mod turned;
