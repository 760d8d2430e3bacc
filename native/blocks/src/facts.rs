//! What a block holds, as JavaScript sees it.

use napi_derive::napi;

use crate::entries::Facts;

/// What was found in a block. Places are offsets in it.
#[napi(object)]
pub struct BlockFacts {
    pub entries: f64,
    pub key_bytes: f64,
    pub value_bytes: f64,
    pub first_key_start: f64,
    pub first_key_end: f64,
    pub last_key_start: f64,
    pub last_key_end: f64,
    /// Lengths.
    pub longest_key: f64,
    pub longest_value: f64,
}

impl From<Facts> for BlockFacts {
    fn from(Facts { stats, longest_key, longest_value }: Facts) -> Self {
        Self {
            entries: stats.entries as f64,
            key_bytes: stats.key_bytes as f64,
            value_bytes: stats.value_bytes as f64,
            first_key_start: stats.first_key.0 as f64,
            first_key_end: stats.first_key.1 as f64,
            last_key_start: stats.last_key.0 as f64,
            last_key_end: stats.last_key.1 as f64,
            longest_key: longest_key as f64,
            longest_value: longest_value as f64,
        }
    }
}
