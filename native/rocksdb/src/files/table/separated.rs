//! Blocks that keep keys and values apart, as RocksDB 11.8 and later may write them.
//!
//! Keys come first, each with the length of its value, at restart points also with the value's place; then all values in the same
//! order; then the restart points, where the values begin, and their number with a bit set (RocksDB's `block_builder.cc`).
//! Here such a block is put together as an ordinary one.

use super::super::bytes::{fixed32, take, varint32};
use super::block::{BlockError, HASH_INDEX, RESERVED, SEPARATED, UNIFORM};

const WRONG: BlockError = BlockError::Wrong("its keys and values do not fit together");

/// Whether a block keeps keys and values apart.
pub fn is_separated(block: &[u8]) -> bool {
    let number = block.len().checked_sub(4).and_then(|at| fixed32(block, at)).unwrap_or(0);
    let most = block.len() as u64 / 4;
    number & SEPARATED != 0 && number & RESERVED == 0 && u64::from(number & (SEPARATED - 1)) <= most && {
        // An ordinary block with so many restart points would be larger than this.
        u64::from(number & !HASH_INDEX) > most
    }
}

/// Writes an ordinary block with the same entries into `out`.
pub fn join(block: &[u8], out: &mut Vec<u8>) -> Result<(), BlockError> {
    out.clear();
    let number_at = block.len().checked_sub(4).ok_or(WRONG)?;
    let number = fixed32(block, number_at).ok_or(WRONG)?;
    let mut end = number_at.checked_sub(4).ok_or(WRONG)?;
    let values_at = fixed32(block, end).ok_or(WRONG)? as usize;
    if number & HASH_INDEX != 0 {
        let at = end.checked_sub(2).ok_or(WRONG)?;
        let buckets = usize::from(u16::from_le_bytes([block[at], block[at + 1]]));
        end = at.checked_sub(buckets).ok_or(WRONG)?;
    }
    let restarts = (number & !(HASH_INDEX | SEPARATED | UNIFORM)) as usize;
    let points_at = restarts.checked_mul(4).and_then(|bytes| end.checked_sub(bytes)).ok_or(WRONG)?;
    let mut keys = block.get(..values_at).filter(|_| values_at <= points_at).ok_or(WRONG)?;
    let mut values = &block[values_at..points_at];
    let mut next_point = 0;
    while !keys.is_empty() {
        let at = values_at - keys.len();
        let shared = varint32(&mut keys).ok_or(WRONG)?;
        let unshared = varint32(&mut keys).ok_or(WRONG)?;
        let length = varint32(&mut keys).ok_or(WRONG)?;
        if next_point < restarts && fixed32(block, points_at + next_point * 4) == Some(at as u32) {
            let place = varint32(&mut keys).ok_or(WRONG)? as usize;
            next_point += 1;
            if place != points_at - values_at - values.len() {
                return Err(WRONG);
            }
        }
        let key = take(&mut keys, unshared as usize).ok_or(WRONG)?;
        let value = take(&mut values, length as usize).ok_or(WRONG)?;
        for number in [shared, unshared, length] {
            push_varint(out, number);
        }
        out.extend_from_slice(key);
        out.extend_from_slice(value);
    }
    if !values.is_empty() || next_point != restarts {
        return Err(WRONG);
    }
    out.extend_from_slice(&[0, 0, 0, 0, 1, 0, 0, 0]);
    Ok(())
}

fn push_varint(out: &mut Vec<u8>, mut number: u32) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_values_come_together() {
        let mut block = vec![0, 2, 1, 0, b'a', b'b', 1, 1, 2, b'c', 0, 1, 0, 3, b'd'];
        let values_at = block.len() as u32;
        block.extend_from_slice(b"xyz");
        for number in [0, 10, values_at, SEPARATED | 2] {
            block.extend_from_slice(&number.to_le_bytes());
        }
        assert!(is_separated(&block));
        let mut joined = Vec::new();
        join(&block, &mut joined).unwrap();
        let expected =
            [&[0, 2, 1, b'a', b'b', b'x', 1, 1, 2, b'c', b'y', b'z', 0, 1, 0, b'd'][..], &[0, 0, 0, 0, 1, 0, 0, 0]];
        assert_eq!(joined, expected.concat());
        // Where the values of a restart point begin must be where those before it end.
        let mut moved = block.clone();
        moved[13] = 2;
        assert_eq!(join(&moved, &mut joined), Err(WRONG));
        for length in 0..block.len() {
            let _ = join(&block[..length], &mut joined);
        }
        for at in 0..block.len() {
            let mut odd = block.clone();
            odd[at] ^= 0x81;
            let _ = join(&odd, &mut joined);
        }
    }
}
