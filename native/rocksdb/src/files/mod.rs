//! What lies on disk, and how it is parsed.

pub mod ages;
pub mod blob;
pub mod bytes;
pub mod family;
pub mod info_log;
pub mod kept;
pub mod layout;
pub mod listing;
pub mod live_file;
pub mod lock;
pub mod lock_holder;
pub mod log_counts;
pub mod log_expander;
pub mod log_file;
pub mod log_replay;
pub mod log_sound;
pub mod log_writer;
pub mod manifest;
pub mod manifests;
pub mod named_logs;
pub mod new_manifest;
pub mod new_table;
pub mod options_file;
#[allow(dead_code)]
pub mod table;
pub mod table_end;
#[cfg(test)]
pub mod temporary;
pub mod tracked_logs;
pub mod wal;
pub mod whole;
pub mod write_batch;
