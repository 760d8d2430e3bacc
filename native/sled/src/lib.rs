//! Sled 0.34.7 as kgdump's Node addon sees it: stores that are opened, filled, scanned and closed off the main thread.
//!
//! Contract with JavaScript: every method returns a promise, is done on another thread, and rejects with an error whose
//! message is the JSON of a `Fault`. Buffers that are passed in must not be touched until the promise has settled; a
//! scan's `fill` is not called again before that. No panic of sled's crosses (see `guard`).

pub mod api;
pub mod changes;
pub mod entries;
pub mod fault;
pub mod files;
pub mod guard;
pub mod memory;
pub mod opening;
pub mod read;
pub mod store;
pub mod write;
