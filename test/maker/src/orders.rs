//! Orders of keys: the model's, and RocksDB's comparators made of them.

use std::cmp::Ordering;

use crate::plan::Order;

impl Order {
    /// Compares two keys.
    pub fn compare(&self, left: &[u8], right: &[u8]) -> Ordering {
        match self {
            Self::Bytewise => left.cmp(right),
            Self::Reverse => right.cmp(left),
            Self::Length => left.len().cmp(&right.len()).then_with(|| left.cmp(right)),
            Self::Moved(_) => self.place(left).cmp(&self.place(right)),
        }
    }

    /// Where a key stands: at its own place, or just behind the one that it was moved to.
    fn place<'a>(&'a self, key: &'a [u8]) -> (&'a [u8], &'a [u8]) {
        let moved = match self {
            Self::Moved(moves) => moves.iter().find(|(from, _)| from == key),
            _ => None,
        };
        moved.map_or((key, &[]), |(from, to)| (to, from))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moved_key_stands_behind_its_place() {
        let order = Order::Moved(vec![(b"k1".to_vec(), b"k7".to_vec())]);
        let mut keys: Vec<&[u8]> = vec![b"k1", b"k2", b"k7", b"k8"];
        keys.sort_by(|left, right| order.compare(left, right));
        assert_eq!(keys, [b"k2", b"k7", b"k1", b"k8"]);
        assert_eq!(order.compare(b"k1", b"k1"), Ordering::Equal);
    }

    #[test]
    fn shorter_keys_go_first_and_the_reverse_is_reversed() {
        assert_eq!(Order::Length.compare(b"z", b"aa"), Ordering::Less);
        assert_eq!(Order::Reverse.compare(b"b", b"a"), Ordering::Less);
    }
}
