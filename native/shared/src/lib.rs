//! What the addons have in common: errors as JavaScript gets them, work off the main thread, encoded entries, and who holds a lock.

pub mod bin;
pub mod fault;
pub mod fill;
pub mod job;
pub mod locks;
