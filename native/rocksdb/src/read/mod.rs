//! Reading of stores.

pub mod comparators;
pub mod descriptors;
pub mod estimates;
pub mod names;
pub mod opening;
pub mod pin;
pub mod pin_logs;
pub mod pin_place;
pub mod point;
