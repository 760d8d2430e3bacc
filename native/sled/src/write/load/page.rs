//! A page of a tree as sled 0.34 serializes it (`Serialize for Node`), written straight from keys and values.
//!
//! A page holds the keys from `lo`, inclusive, to `hi`, exclusive; an empty `hi` is no bound. All these keys begin with
//! what `lo` and `hi` have in common, of which up to 255 bytes are left out of the page (`prefix_len`, one byte); without
//! an upper bound nothing is. Sled keeps the same rule in `Node::split` and `receive_merge` and asserts it there.

/// What every page has. `next` is the page to the right on the same level; 0 for none.
#[derive(Clone, Copy, Debug)]
pub struct Head<'a> {
    pub lo: &'a [u8],
    pub hi: &'a [u8],
    pub next: u64,
}

const LEAF_TAG: u8 = 0;
const INDEX_TAG: u8 = 1;

/// Bytes that a page takes at most besides lo, hi and its items.
pub const MOST_HEAD: usize = 9 + 9 + 1 + 1 + 9 + 9 + 1 + 9;
/// Bytes that an entry takes at most besides its key and value, and a child besides its key.
pub const MOST_ITEM: usize = 9 + 9;

/// Appends a leaf with `entries`, keys and values in key order.
pub fn leaf<'a, I>(out: &mut Vec<u8>, head: Head<'_>, entries: I)
where
    I: ExactSizeIterator<Item = (&'a [u8], &'a [u8])> + Clone,
{
    let prefix = put_head(out, head);
    out.push(LEAF_TAG);
    put_varint(out, entries.len() as u64);
    for (key, _) in entries.clone() {
        put_bytes(out, &key[prefix..]);
    }
    for (_, value) in entries {
        put_bytes(out, value);
    }
}

/// Appends an index page with `children`, each with the `lo` of its page and the page's id. The first `lo` must be the page's
/// own: else the keys between them would belong to no page.
pub fn index<'a, I>(out: &mut Vec<u8>, head: Head<'_>, children: I)
where
    I: ExactSizeIterator<Item = (&'a [u8], u64)> + Clone,
{
    let prefix = put_head(out, head);
    out.push(INDEX_TAG);
    put_varint(out, children.len() as u64);
    for (lo, _) in children.clone() {
        put_bytes(out, &lo[prefix..]);
    }
    for (_, page) in children {
        put_varint(out, page);
    }
}

/// The shortest prefix of `right` that is above `left`, where `left < right`: what divides their pages.
pub fn separator(left: &[u8], right: &[u8]) -> Vec<u8> {
    let length = common(left, right) + 1;
    right.get(..length).unwrap_or(right).to_vec()
}

/// Appends a number as sled writes it: the variable-length integer of SQLite 4, with little-endian bytes from 3 on.
pub fn put_varint(out: &mut Vec<u8>, number: u64) {
    let low = |n: u64| n.to_le_bytes()[0];
    match number {
        0..=240 => out.push(low(number)),
        241..=2287 => {
            let n = number - 240;
            out.extend_from_slice(&[low(n / 256 + 241), low(n % 256)]);
        }
        2288..=67823 => {
            let n = number - 2288;
            out.extend_from_slice(&[249, low(n / 256), low(n % 256)]);
        }
        _ => {
            let length = (8 - number.leading_zeros() as usize / 8).max(3);
            out.push(low(247 + length as u64));
            out.extend_from_slice(&number.to_le_bytes()[..length]);
        }
    }
}

/// Appends the head; returns the length of the prefix that keys lose.
fn put_head(out: &mut Vec<u8>, head: Head<'_>) -> usize {
    let prefix = if head.hi.is_empty() { 0 } else { u8::try_from(common(head.lo, head.hi)).unwrap_or(u8::MAX) };
    put_varint(out, head.next);
    // No child that is being merged, and not itself: the flags of sled's own merges.
    put_varint(out, 0);
    out.push(0);
    out.push(prefix);
    put_bytes(out, head.lo);
    put_bytes(out, head.hi);
    usize::from(prefix)
}

fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

fn common(a: &[u8], b: &[u8]) -> usize {
    a.iter().zip(b).take_while(|(x, y)| x == y).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use sled::{IVec, Serialize as _};

    #[test]
    fn numbers_are_those_of_sled() {
        let mut numbers = vec![0, 240, 241, 2287, 2288, 67_823, 67_824, u64::MAX];
        numbers.extend((3..64).flat_map(|bits| [(1_u64 << bits) - 1, 1 << bits, (1 << bits) + 1]));
        for number in numbers {
            let mut ours = Vec::new();
            put_varint(&mut ours, number);
            assert_eq!(ours, number.serialize(), "{number}");
        }
        let mut ours = Vec::new();
        put_bytes(&mut ours, &[7; 300]);
        assert_eq!(ours, IVec::from(vec![7; 300]).serialize());
    }

    #[test]
    fn separators_divide() {
        for (left, right, expected) in [
            (&b""[..], &b"a"[..], &b"a"[..]),
            (b"a", b"ab", b"ab"),
            (b"a", b"abc", b"ab"),
            (b"abc", b"abd", b"abd"),
            (b"abc", b"b", b"b"),
            (b"\xff", b"\xff\x00", b"\xff\x00"),
        ] {
            assert_eq!(separator(left, right), expected);
            assert!(left < expected && expected <= right);
        }
    }
}
