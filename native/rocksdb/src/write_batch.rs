//! Which keys a record of a write-ahead log is about.
//!
//! A record is a batch: sequence number u64, count u32 (little-endian), then its operations, each a tag, the family's id when the tag has
//! one, and byte strings with a varint length before each (RocksDB's `write_batch.cc` documents the layout). Pure.

/// What an operation concerns, or why that can't be told key by key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unclear {
    /// It removes a range of keys.
    Range,
    /// It belongs to a transaction in two phases.
    Transaction,
    /// It is of a kind that is not known here, or the record is not what a batch is.
    Unknown,
}

/// Sequence number of a batch's first operation, and how many numbers it takes.
pub fn numbers(record: &[u8]) -> Option<(u64, u32)> {
    let sequence = record.get(..8)?.try_into().ok()?;
    let count = record.get(8..12)?.try_into().ok()?;
    Some((u64::from_le_bytes(sequence), u32::from_le_bytes(count)))
}

/// Calls `each` with the family's id, the sequence number and the key of each operation.
///
/// Errors: `Unclear` when not all that the batch does can be told by keys; then some of them may have been told.
pub fn keys<'a>(record: &'a [u8], mut each: impl FnMut(u32, u64, &'a [u8])) -> Result<(), Unclear> {
    let (first, count) = numbers(record).ok_or(Unclear::Unknown)?;
    let mut rest = &record[12..];
    let mut done = 0_u64;
    while let Some((&tag, after)) = rest.split_first() {
        rest = after;
        let with_value = match tag {
            0x00 | 0x04 | 0x07 | 0x08 => false,
            0x01 | 0x02 | 0x05 | 0x06 | 0x16 | 0x17 => true,
            // A note of the program's.
            0x03 => {
                bytes(&mut rest)?;
                continue;
            }
            // Nothing at all.
            0x0d => continue,
            0x0e | 0x0f => return Err(Unclear::Range),
            0x09..=0x0c | 0x12 | 0x13 | 0x15 => return Err(Unclear::Transaction),
            _ => return Err(Unclear::Unknown),
        };
        let of_family = matches!(tag, 0x04 | 0x05 | 0x06 | 0x08 | 0x17);
        let family = if of_family { u32::try_from(varint(&mut rest)?).map_err(|_| Unclear::Unknown)? } else { 0 };
        let key = bytes(&mut rest)?;
        if with_value {
            bytes(&mut rest)?;
        }
        each(family, first.saturating_add(done), key);
        done += 1;
    }
    if done == u64::from(count) {
        Ok(())
    } else {
        Err(Unclear::Unknown)
    }
}

fn varint(rest: &mut &[u8]) -> Result<u64, Unclear> {
    let mut value = 0_u64;
    for shift in (0..64).step_by(7) {
        let (&byte, after) = rest.split_first().ok_or(Unclear::Unknown)?;
        *rest = after;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err(Unclear::Unknown)
}

fn bytes<'a>(rest: &mut &'a [u8]) -> Result<&'a [u8], Unclear> {
    let length = usize::try_from(varint(rest)?).map_err(|_| Unclear::Unknown)?;
    let (bytes, after) = rest.split_at_checked(length).ok_or(Unclear::Unknown)?;
    *rest = after;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(count: u8, operations: &[u8]) -> Vec<u8> {
        [&[7, 0, 0, 0, 0, 0, 0, 0, count, 0, 0, 0], operations].concat()
    }

    fn told(record: &[u8]) -> Result<Vec<(u32, u64, Vec<u8>)>, Unclear> {
        let mut found = Vec::new();
        keys(record, |family, sequence, key| found.push((family, sequence, key.to_vec())))?;
        Ok(found)
    }

    #[test]
    fn keys_of_every_kind_are_told() {
        // Put "a" = "xy" into family 0, note "n", delete "b" of family 300, merge, single delete, an entity of family 1.
        let operations = b"\x01\x01a\x02xy\x03\x01n\x04\xac\x02\x01b\x02\x01c\x01z\x07\x01d\x0d\x17\x01\x01e\x00";
        let all = [(0, 7, "a"), (300, 8, "b"), (0, 9, "c"), (0, 10, "d"), (1, 11, "e")];
        let wanted = all.map(|(family, sequence, key)| (family, sequence, key.as_bytes().to_vec()));
        assert_eq!(told(&record(5, operations)), Ok(wanted.to_vec()));
        assert_eq!(told(&record(0, b"")), Ok(Vec::new()));
    }

    #[test]
    fn what_is_not_told_by_keys_is_unclear() {
        assert_eq!(told(&record(1, b"\x0f\x01a\x01b")), Err(Unclear::Range));
        assert_eq!(told(&record(1, b"\x0e\x01\x01a\x01b")), Err(Unclear::Range));
        assert_eq!(told(&record(1, b"\x09\x01\x01a\x01b")), Err(Unclear::Transaction));
        assert_eq!(told(&record(1, b"\x40\x01a")), Err(Unclear::Unknown));
    }

    #[test]
    fn no_cut_record_passes_for_a_whole_one() {
        let whole = record(2, b"\x01\x01a\x02xy\x04\x05\x01b");
        assert!(told(&whole).is_ok());
        for end in 0..whole.len() {
            assert_eq!(told(&whole[..end]), Err(Unclear::Unknown), "{end}");
        }
        assert_eq!(told(&record(3, b"\x01\x01a\x02xy\x04\x05\x01b")), Err(Unclear::Unknown));
    }
}
