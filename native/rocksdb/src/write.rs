//! Writing stores.

pub mod by_age;
pub mod crew;
pub mod families;
pub mod loading;
pub mod loads;
pub mod new_store;
pub mod operations;
pub mod sequence;
pub mod times;
pub mod turned;
