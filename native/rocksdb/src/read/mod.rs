//! Reading a store.

pub mod account;
pub mod ages;
pub mod comparators;
pub mod descriptors;
pub mod diagnose;
pub mod edges;
pub mod estimates;
pub mod known_logs;
pub mod log_check;
pub mod log_faults;
pub mod log_looks;
pub mod logs;
pub mod lost_families;
pub mod manifests;
pub mod merge_operators;
pub mod names;
pub mod opening;
pub mod pin;
pub mod pin_logs;
pub mod pin_place;
pub mod point;
pub mod salvage;
pub mod taken;
pub mod unknown_tables;
pub mod versions;
pub mod walk;
