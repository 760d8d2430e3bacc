//! Sled 0.34.7 as kgdump's Node addon sees it: stores that are opened, filled, scanned and closed off the main thread.
//!
//! Contract with JavaScript: every method returns a promise, is done on another thread, and rejects with an error whose
//! message is the JSON of `Failure`. Buffers that are passed in must not be touched until the promise has settled; a
//! scan's `fill` is not called again before that. No panic of sled's crosses (see `guard`).

pub mod api;
pub mod apply;
pub mod change_blocks;
pub mod durable;
pub mod entries;
pub mod failure;
pub mod files;
pub mod follow;
pub mod group_check;
pub mod guard;
pub mod job;
pub mod load;
pub mod lock;
pub mod memory;
pub mod node;
pub mod node_blocks;
pub mod node_follow;
pub mod node_load;
pub mod node_lock;
pub mod node_scan;
pub mod old_groups;
pub mod opening;
pub mod place;
pub mod prints;
pub mod read;
pub mod scan;
pub mod store;
pub mod touch;
pub mod walk;
