//! Which entries of a store have changed since its tree was copied. No other room uses this one.

pub mod api;
pub mod blocks;
pub mod follow;
pub mod group_check;
pub mod old_groups;
pub mod prints;
pub mod touch;
