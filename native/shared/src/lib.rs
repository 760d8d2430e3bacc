//! What the addons have in common: errors as JavaScript gets them, work off the main thread, encoded entries, who holds a lock, and what objects of
//! JavaScript's hold.

pub mod bin;
pub mod fault;
#[cfg(feature = "addon")]
pub mod fill;
#[cfg(feature = "addon")]
pub mod job;
#[cfg(feature = "addon")]
pub mod locks;
#[cfg(feature = "addon")]
pub mod slot;
