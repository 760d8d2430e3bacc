//! What the addons have in common: errors as JavaScript gets them, work off the main thread, encoded entries, who holds a lock, and what objects of
//! JavaScript's hold.

pub mod bin;
pub mod fault;
pub mod fill;
pub mod job;
pub mod locks;
pub mod slot;
