//! Reading a store.

pub mod comparators;
pub mod descriptors;
pub mod diagnose;
pub mod estimates;
pub mod manifests;
pub mod names;
pub mod opening;
pub mod pin;
pub mod pin_logs;
pub mod pin_place;
pub mod point;
// For the account of a store's entries, which is still to come.
#[allow(dead_code)]
pub mod walk;
