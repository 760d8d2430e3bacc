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
    fn from(facts: Facts) -> Self {
        Self {
            entries: facts.entries as f64,
            key_bytes: facts.key_bytes as f64,
            value_bytes: facts.value_bytes as f64,
            first_key_start: facts.first_key.0 as f64,
            first_key_end: facts.first_key.1 as f64,
            last_key_start: facts.last_key.0 as f64,
            last_key_end: facts.last_key.1 as f64,
            longest_key: facts.longest_key as f64,
            longest_value: facts.longest_value as f64,
        }
    }
}
