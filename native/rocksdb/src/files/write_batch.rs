//! The operations of a record of a write-ahead log.
//!
//! A record is a batch: sequence number u64, count u32 (little-endian), then its operations, each a tag, the family's id when the tag has
//! one, and byte strings with a varint length before each (RocksDB's `write_batch.cc` documents the layout). Pure.

use std::fmt;

/// Bytes before a batch's operations.
pub const BATCH_HEADER: usize = 12;

/// What an entry does to its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Put,
    /// A value with the time at which it was written.
    TimedPut,
    /// Several columns in one value.
    Entity,
    /// A value that lies in a file of RocksDB's former BlobDB.
    BlobIndex,
    Deletion,
    SingleDeletion,
    Merge,
    /// Removes from the key, inclusive, to the value, exclusive.
    RangeDeletion,
}

/// When a transaction's entries become part of the store: what a program chooses as its write policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    Committed,
    /// At the prepare; the commit only makes them visible.
    Prepared,
    /// Before the prepare.
    Unprepared,
}

/// One operation of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation<'a> {
    Entry {
        family: u32,
        kind: Kind,
        key: &'a [u8],
        value: &'a [u8],
    },
    /// The entries up to the end of this section belong to a prepared transaction.
    BeginPrepare(Policy),
    /// Ends the section, with the transaction's name.
    EndPrepare(&'a [u8]),
    Commit(&'a [u8]),
    Rollback(&'a [u8]),
    /// A note of the program's.
    Note,
    /// Nothing: it stands where a transaction's batch begins, and behind the entries of one that is written before it is committed.
    Nothing,
}

/// Why a record is not what a batch is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unreadable {
    /// It ends within an operation, or a length in it is wrong.
    Cut,
    /// It has an operation of a kind that is not known here.
    UnknownTag(u8),
    /// It has another number of entries than it says.
    WrongCount { said: u32, found: u64 },
    /// A section of a prepared transaction has no end, or no start.
    Section,
}

impl fmt::Display for Unreadable {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cut => write!(out, "a batch is too short"),
            Self::UnknownTag(tag) => write!(out, "a batch has an operation of the unknown kind {tag}"),
            Self::WrongCount { said, found } => write!(out, "a batch has {found} entries and says {said}"),
            Self::Section => write!(out, "a prepared transaction has no start or no end in its batch"),
        }
    }
}

/// Sequence number of a batch's first operation, and how many entries it says it has.
pub fn numbers(record: &[u8]) -> Option<(u64, u32)> {
    let sequence = record.get(..8)?.try_into().ok()?;
    let count = record.get(8..BATCH_HEADER)?.try_into().ok()?;
    Some((u64::from_le_bytes(sequence), u32::from_le_bytes(count)))
}

/// The newest sequence number that is surely taken once a record is there: its own where an entry has it, else the one before. What a
/// transaction prepares has numbers at its commit only (or never), unless it is written before.
pub fn newest_taken(record: &[u8]) -> Option<u64> {
    let (first, _) = numbers(record)?;
    let mut operations = Operations::new(record.get(BATCH_HEADER..)?);
    let mut waits = false;
    while let Ok(Some(operation)) = operations.next() {
        match operation {
            Operation::BeginPrepare(policy) => waits = policy == Policy::Committed,
            Operation::EndPrepare(_) => waits = false,
            Operation::Entry { .. } if !waits => return Some(first),
            _ => {}
        }
    }
    Some(first.saturating_sub(1))
}

/// Reads operations one after the other.
pub struct Operations<'a> {
    rest: &'a [u8],
}

impl<'a> Operations<'a> {
    /// The operations in `bytes`, which are a record without its header, or a part of one.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// How many bytes are left.
    pub fn left(&self) -> usize {
        self.rest.len()
    }

    /// The next operation.
    pub fn next(&mut self) -> Result<Option<Operation<'a>>, Unreadable> {
        let Some((&tag, after)) = self.rest.split_first() else { return Ok(None) };
        self.rest = after;
        let kind = match tag {
            0x00 | 0x04 => Kind::Deletion,
            0x01 | 0x05 => Kind::Put,
            0x02 | 0x06 => Kind::Merge,
            0x07 | 0x08 => Kind::SingleDeletion,
            0x0e | 0x0f => Kind::RangeDeletion,
            0x10 | 0x11 => Kind::BlobIndex,
            0x16 | 0x17 => Kind::Entity,
            0x18 | 0x19 => Kind::TimedPut,
            0x03 => {
                self.bytes()?;
                return Ok(Some(Operation::Note));
            }
            0x0d => return Ok(Some(Operation::Nothing)),
            0x09 => return Ok(Some(Operation::BeginPrepare(Policy::Committed))),
            0x12 => return Ok(Some(Operation::BeginPrepare(Policy::Prepared))),
            0x13 => return Ok(Some(Operation::BeginPrepare(Policy::Unprepared))),
            0x0a => return Ok(Some(Operation::EndPrepare(self.bytes()?))),
            0x0b => return Ok(Some(Operation::Commit(self.bytes()?))),
            0x0c => return Ok(Some(Operation::Rollback(self.bytes()?))),
            0x15 => {
                self.bytes()?; // the timestamp of the commit
                return Ok(Some(Operation::Commit(self.bytes()?)));
            }
            _ => return Err(Unreadable::UnknownTag(tag)),
        };
        let of_family = matches!(tag, 0x04..=0x06 | 0x08 | 0x0e | 0x10 | 0x17 | 0x19);
        let family = if of_family { u32::try_from(self.varint()?).map_err(|_| Unreadable::Cut)? } else { 0 };
        let key = self.bytes()?;
        let value = if matches!(kind, Kind::Deletion | Kind::SingleDeletion) { &[] } else { self.bytes()? };
        Ok(Some(Operation::Entry { family, kind, key, value }))
    }

    fn varint(&mut self) -> Result<u64, Unreadable> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let (&byte, after) = self.rest.split_first().ok_or(Unreadable::Cut)?;
            self.rest = after;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(Unreadable::Cut)
    }

    fn bytes(&mut self) -> Result<&'a [u8], Unreadable> {
        let length = usize::try_from(self.varint()?).map_err(|_| Unreadable::Cut)?;
        let (bytes, after) = self.rest.split_at_checked(length).ok_or(Unreadable::Cut)?;
        self.rest = after;
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(operations: &[u8]) -> Result<Vec<Operation<'_>>, Unreadable> {
        let mut reader = Operations::new(operations);
        let mut found = Vec::new();
        while let Some(operation) = reader.next()? {
            found.push(operation);
        }
        Ok(found)
    }

    fn entry<'a>(family: u32, kind: Kind, key: &'a str, value: &'a str) -> Operation<'a> {
        Operation::Entry { family, kind, key: key.as_bytes(), value: value.as_bytes() }
    }

    #[test]
    fn only_what_is_written_takes_a_number() {
        let of =
            |operations: &[u8]| newest_taken(&[&7_u64.to_le_bytes()[..], &1_u32.to_le_bytes(), operations].concat());
        assert_eq!(of(b"\x01\x01a\x01b"), Some(7));
        assert_eq!(of(b"\x0d\x01\x01a\x01b"), Some(7));
        assert_eq!(of(b"\x09\x01\x01a\x01b\x0a\x01t"), Some(6), "prepared");
        assert_eq!(of(b"\x09\x01\x01a\x01b\x0a\x01t\x01\x01c\x01d"), Some(7), "an entry behind what is prepared");
        assert_eq!(of(b"\x12\x01\x01a\x01b\x0a\x01t"), Some(7), "written before it is committed");
        assert_eq!(of(b"\x0c\x01t"), Some(6), "rolled back");
        assert_eq!(of(b"\x0b\x01t"), Some(6), "committed, and nobody knows how much");
        assert_eq!(of(b"\x03\x01n"), Some(6), "a note");
        assert_eq!(newest_taken(b"\0\0\0\0\0\0\0\0\0\0\0"), None, "no header");
    }

    #[test]
    fn operations_of_every_kind_are_read() {
        let operations = b"\x01\x01a\x02xy\x03\x01n\x04\xac\x02\x01b\x02\x01c\x01z\x07\x01d\x0d\x17\x01\x01e\x00\
            \x05\x03\x01f\x01v\x00\x01g\x06\x02\x01h\x01i\x08\x02\x01j\x0f\x01k\x01l\x0e\x02\x01m\x01n\
            \x11\x01o\x01p\x10\x02\x01q\x01r\x16\x01s\x01t\x18\x01u\x01v\x19\x02\x01w\x01x";
        use Kind::*;
        let wanted = [
            entry(0, Put, "a", "xy"),
            Operation::Note,
            entry(300, Deletion, "b", ""),
            entry(0, Merge, "c", "z"),
            entry(0, SingleDeletion, "d", ""),
            Operation::Nothing,
            entry(1, Entity, "e", ""),
            entry(3, Put, "f", "v"),
            entry(0, Deletion, "g", ""),
            entry(2, Merge, "h", "i"),
            entry(2, SingleDeletion, "j", ""),
            entry(0, RangeDeletion, "k", "l"),
            entry(2, RangeDeletion, "m", "n"),
            entry(0, BlobIndex, "o", "p"),
            entry(2, BlobIndex, "q", "r"),
            entry(0, Entity, "s", "t"),
            entry(0, TimedPut, "u", "v"),
            entry(2, TimedPut, "w", "x"),
        ];
        assert_eq!(all(operations), Ok(wanted.to_vec()));
    }

    #[test]
    fn markers_of_transactions_are_read() {
        let operations = b"\x09\x0a\x02id\x0b\x02id\x0c\x02id\x15\x03now\x02id\x12\x13";
        let wanted = [
            Operation::BeginPrepare(Policy::Committed),
            Operation::EndPrepare(b"id"),
            Operation::Commit(b"id"),
            Operation::Rollback(b"id"),
            Operation::Commit(b"id"),
            Operation::BeginPrepare(Policy::Prepared),
            Operation::BeginPrepare(Policy::Unprepared),
        ];
        assert_eq!(all(operations), Ok(wanted.to_vec()));
    }

    #[test]
    fn what_is_no_operation_is_refused() {
        for tag in [0x14, 0x1a, 0x40, 0x7f, 0xff] {
            assert_eq!(all(&[tag, 1, b'a', 1, b'b']), Err(Unreadable::UnknownTag(tag)));
        }
        let whole = b"\x04\x05\x01b";
        for end in 1..whole.len() {
            assert_eq!(all(&whole[..end]), Err(Unreadable::Cut), "{end}");
        }
    }
}
