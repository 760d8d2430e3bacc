//! Checks a block's encoded entries, as `src/format/entries.ts` does for readers: `bin key, bin value` over and over, each
//! `bin` in its shortest MessagePack form, keys in strict order; in a delta the value may be nil.
//!
//! Contract: pure, and never reads outside of the block, whatever is in it.

use std::ops::Range;

use kgdump_looking::entries::malformed;
use kgdump_shared::bin::{self, Flaw, NIL};
use kgdump_shared::fault::{Fault, Outcome};
use kgdump_shared::fill::BlockStats;

/// What the entries of a keyspace must be.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// Keys come in the reverse of byte order.
    pub reverse: bool,
    /// A value may be nil.
    pub deletions: bool,
}

/// What a block holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    pub stats: BlockStats,
    /// Lengths.
    pub longest_key: usize,
    pub longest_value: usize,
}

/// Walks all entries.
///
/// Errors: DUMP_ENTRIES_MALFORMED, DUMP_ORDER_BROKEN.
pub fn check(raw: &[u8], shape: Shape) -> Outcome<Facts> {
    let mut facts = Facts::default();
    let mut last: &[u8] = &[];
    let mut at = 0;
    while at < raw.len() {
        let Range { start, end } = find(raw, at)?;
        let key = &raw[start..end];
        if facts.stats.entries > 0 && if shape.reverse { key >= last } else { key <= last } {
            let number = facts.stats.entries;
            let problem = format!("the key of entry {number} of the block does not come after the one before it");
            return Err(Fault::new("DUMP_ORDER_BROKEN", problem));
        }
        last = key;
        facts.longest_key = facts.longest_key.max(key.len());
        let value = if raw.get(end) == Some(&NIL) {
            if !shape.deletions {
                return Err(malformed(end, "is nil, which only a delta dump may have"));
            }
            end + 1..end + 1
        } else {
            find(raw, end)?
        };
        facts.stats.add((start, end), value.len());
        facts.longest_value = facts.longest_value.max(value.len());
        at = value.end;
    }
    Ok(facts)
}

/// Where the content of the bin at `at` is.
#[inline(always)]
fn find(raw: &[u8], at: usize) -> Outcome<Range<usize>> {
    bin::find(raw, at).map_err(|flaw| no_bin(at, flaw))
}

#[cold]
fn no_bin(at: usize, flaw: Flaw) -> Fault {
    let problem = match flaw {
        Flaw::CutOff | Flaw::Other(_) => "is not a whole bin",
        Flaw::NotShortest => "has a length not in its shortest form",
        Flaw::Beyond => "is cut off by the block's end",
    };
    malformed(at, problem)
}

#[cfg(test)]
mod tests {
    use super::{BlockStats, Facts, Shape, check};

    const PLAIN: Shape = Shape { reverse: false, deletions: false };
    const REVERSE: Shape = Shape { reverse: true, deletions: false };
    const DELTA: Shape = Shape { reverse: false, deletions: true };

    fn code(raw: &[u8], shape: Shape) -> &'static str {
        check(raw, shape).unwrap_err().code
    }

    #[test]
    fn entries_are_added_up() {
        let raw = b"\xc4\x01a\xc4\x02bc\xc4\x02ad\xc4\x00";
        let stats = BlockStats { entries: 2, key_bytes: 3, value_bytes: 2, first_key: (2, 3), last_key: (9, 11) };
        let facts = Facts { stats, longest_key: 2, longest_value: 2 };
        assert_eq!(check(raw, PLAIN), Ok(facts));
        assert_eq!(check(b"", PLAIN), Ok(Facts::default()));
        let mut long = b"\xc4\x00\xc5\x01\x00".to_vec();
        long.extend([7; 256]);
        long.extend(b"\xc4\x01a\xc6\x00\x01\x00\x00");
        long.extend([7; 65_536]);
        assert_eq!(check(&long, PLAIN).unwrap().stats.value_bytes, 65_792);
    }

    #[test]
    fn order_is_strict() {
        let raw = b"\xc4\x01a\xc4\x00\xc4\x01b\xc4\x00";
        assert!(check(raw, PLAIN).is_ok());
        assert_eq!(code(raw, REVERSE), "DUMP_ORDER_BROKEN");
        let raw = b"\xc4\x02ab\xc4\x00\xc4\x01a\xc4\x00";
        assert!(check(raw, REVERSE).is_ok());
        assert_eq!(code(raw, PLAIN), "DUMP_ORDER_BROKEN");
        for shape in [PLAIN, REVERSE] {
            assert_eq!(code(b"\xc4\x01a\xc4\x00\xc4\x01a\xc4\x00", shape), "DUMP_ORDER_BROKEN");
        }
    }

    #[test]
    fn only_a_delta_deletes() {
        let raw = b"\xc4\x01a\xc0\xc4\x01b\xc4\x01c";
        assert_eq!(check(raw, DELTA).map(|Facts { stats, .. }| (stats.entries, stats.value_bytes)), Ok((2, 1)));
        assert_eq!(code(raw, PLAIN), "DUMP_ENTRIES_MALFORMED");
        assert_eq!(code(b"\xc0\xc4\x00", DELTA), "DUMP_ENTRIES_MALFORMED");
    }

    #[test]
    fn what_is_no_whole_entry_in_shortest_form_is_refused() {
        let bad: [&[u8]; 12] = [
            b"\xc4",
            b"\xc4\x01",
            b"\xc4\x01a",
            b"\xc4\x01a\xc4",
            b"\xc4\x01a\xc4\x02b",
            b"\xc5\x00\x01a\xc4\x00",
            b"\xc4\x00\xc5\x00",
            b"\xc6\x00\x00\x00\x01a\xc4\x00",
            b"\xc6\xff\xff\xff\xff\xc4\x00",
            b"\xa1a\xc4\x00",
            b"\x00",
            b"\xc4\x00\xd9\x00",
        ];
        // The longest of a shorter form, and the shortest of their own.
        let long = |head: &[u8], length: usize| [b"\xc4\x00", head, &vec![7; length]].concat();
        for (head, length) in [(&b"\xc5\x00\xff"[..], 255), (b"\xc6\x00\x00\xff\xff", 65_535)] {
            assert_eq!(code(&long(head, length), PLAIN), "DUMP_ENTRIES_MALFORMED", "{length}");
        }
        for (head, length) in [(&b"\xc5\x01\x00"[..], 256), (b"\xc6\x00\x01\x00\x00", 65_536)] {
            assert!(check(&long(head, length), PLAIN).is_ok(), "{length}");
        }
        for raw in bad {
            for shape in [PLAIN, DELTA] {
                assert_eq!(code(raw, shape), "DUMP_ENTRIES_MALFORMED", "{raw:?}");
            }
        }
    }
}
