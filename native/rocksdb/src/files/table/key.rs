//! Internal keys: what RocksDB makes of a user's key.

/// The kinds of entries that a table may hold, as the last eight bytes of an internal key have them.
pub mod kind {
    pub const DELETION: u8 = 0;
    pub const VALUE: u8 = 1;
    pub const MERGE: u8 = 2;
    pub const SINGLE_DELETION: u8 = 7;
    pub const RANGE_DELETION: u8 = 0xf;
    pub const BLOB_INDEX: u8 = 0x11;
    pub const DELETION_WITH_TIMESTAMP: u8 = 0x14;
    pub const WIDE_COLUMNS: u8 = 0x16;
    pub const VALUE_WITH_WRITE_TIME: u8 = 0x18;

    /// Whether a data block may hold entries of this kind.
    pub fn is_known(kind: u8) -> bool {
        let all = [
            DELETION,
            VALUE,
            MERGE,
            SINGLE_DELETION,
            BLOB_INDEX,
            DELETION_WITH_TIMESTAMP,
            WIDE_COLUMNS,
            VALUE_WITH_WRITE_TIME,
        ];
        all.contains(&kind)
    }
}

/// An internal key: a user's key, and the number and kind of the write that made the entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InternalKey<'a> {
    pub user: &'a [u8],
    pub sequence: u64,
    pub kind: u8,
}

impl<'a> InternalKey<'a> {
    /// Takes `bytes` apart; none when they are too short.
    #[inline]
    pub fn parse(bytes: &'a [u8]) -> Option<Self> {
        let (user, tag) = bytes.split_at_checked(bytes.len().checked_sub(8)?)?;
        let tag = u64::from_le_bytes(tag.try_into().ok()?);
        Some(Self { user, sequence: tag >> 8, kind: tag as u8 })
    }
}
