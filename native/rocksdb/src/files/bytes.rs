//! Numbers as RocksDB writes them: little-endian, of fixed length or as varints.
//!
//! Contract: pure; what is too short or too long is `None`, never a panic.

/// Takes a varint of at most 64 bits from the front of `bytes`.
pub fn varint64(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0_u64;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return (shift < 63 || byte <= 1).then_some(value);
        }
    }
    None
}

/// Takes a varint of at most 32 bits from the front of `bytes`.
#[inline]
pub fn varint32(bytes: &mut &[u8]) -> Option<u32> {
    if let Some((&byte, rest)) = bytes.split_first() {
        if byte < 0x80 {
            *bytes = rest;
            return Some(u32::from(byte));
        }
    }
    varint64(bytes).and_then(|value| u32::try_from(value).ok())
}

/// Takes a signed varint in zigzag form from the front of `bytes`.
pub fn varsigned64(bytes: &mut &[u8]) -> Option<i64> {
    varint64(bytes).map(|value| (value >> 1) as i64 ^ -((value & 1) as i64))
}

/// Takes `length` bytes from the front of `bytes`.
pub fn take<'a>(bytes: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (taken, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    Some(taken)
}

/// Takes a varint length and as many bytes.
pub fn prefixed<'a>(bytes: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = usize::try_from(varint64(bytes)?).ok()?;
    take(bytes, length)
}

/// The 32-bit number at `at`.
pub fn fixed32(bytes: &[u8], at: usize) -> Option<u32> {
    let four = bytes.get(at..at.checked_add(4)?)?;
    Some(u32::from_le_bytes(four.try_into().ok()?))
}

/// The 64-bit number at `at`.
pub fn fixed64(bytes: &[u8], at: usize) -> Option<u64> {
    let eight = bytes.get(at..at.checked_add(8)?)?;
    Some(u64::from_le_bytes(eight.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn varints_are_bounded() {
        assert_eq!(varint64(&mut &[0xff, 0x01][..]), Some(255));
        assert_eq!(varint64(&mut &[0xff; 10][..]), None);
        assert_eq!(varint64(&mut &[0x80][..]), None);
        let most = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01];
        assert_eq!(varint64(&mut &most[..]), Some(u64::MAX));
        assert_eq!(varint32(&mut &[0xff, 0xff, 0xff, 0xff, 0x1f][..]), None);
        assert_eq!(varsigned64(&mut &[3][..]), Some(-2));
        assert_eq!(prefixed(&mut &[5, 1, 2][..]), None);
        assert_eq!(fixed64(&[0; 8], usize::MAX), None);
    }
}
