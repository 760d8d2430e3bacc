//! What lies on disk: pure parsing of a store's files.

pub mod properties;
