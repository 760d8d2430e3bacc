//! Writing stores.

pub mod batch;
pub mod by_age;
pub mod crew;
pub mod entries;
pub mod families;
pub mod loading;
pub mod loads;
pub mod new_store;
pub mod operations;
pub mod sequence;
pub mod sink;
pub mod tables;
pub mod times;
pub mod turned;
