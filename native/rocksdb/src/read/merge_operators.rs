//! The merge operators that RocksDB brings along: which of them OPTIONS names, so that operands become values as their store's program sees them.
//!
//! Contract: pure. OPTIONS may be hostile: what is passed on to RocksDB's parser is one of a few names, and at most one argument.

/// Operators without arguments, by the names that OPTIONS may have. RocksDB's `MergeSortOperator` is not among them: it reads
/// behind the end of each operand that no zero ends.
const PLAIN: [&str; 9] =
    ["PutOperator", "put", "put_v1", "UInt64AddOperator", "uint64add", "MaxOperator", "max", "BytesXOR", "bytesxor"];
/// Operators that join operands by what OPTIONS says; without it nobody knows what they put between them.
const JOINING: [&str; 4] = ["StringAppendOperator", "stringappend", "StringAppendTESTOperator", "stringappendtest"];

/// What an operator makes of operands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operator {
    /// The last one counts.
    Last,
    /// Numbers of eight bytes are added; what is none counts as 0.
    Add,
    /// The greatest counts, by its bytes.
    Max,
    /// Their bytes are combined by exclusive or; the longer one's end stays.
    Xor,
    /// They are put behind each other, with this between them.
    Joining(Vec<u8>),
}

impl Operator {
    /// The operator that OPTIONS tells as `value`; none for one that only its program has.
    pub fn of(value: &str) -> Option<Self> {
        let (id, delimiter) = take_apart(value)?;
        Some(match (id, delimiter) {
            (_, Some(delimiter)) => Self::Joining(delimiter.as_bytes().to_vec()),
            ("UInt64AddOperator" | "uint64add", None) => Self::Add,
            ("MaxOperator" | "max", None) => Self::Max,
            ("BytesXOR" | "bytesxor", None) => Self::Xor,
            _ => Self::Last,
        })
    }

    /// The value that `operands`, from the oldest to the newest, make of what was there before, if anything.
    pub fn join<'o>(&self, before: Option<&[u8]>, operands: impl Iterator<Item = &'o [u8]>) -> Vec<u8> {
        let mut value = before.map(<[u8]>::to_vec);
        for operand in operands {
            value = Some(match (self, value) {
                (Self::Add, before) => {
                    let before = before.map_or(0, |bytes| number(&bytes));
                    before.wrapping_add(number(operand)).to_le_bytes().to_vec()
                }
                (Self::Last, _) | (_, None) => operand.to_vec(),
                (Self::Max, Some(before)) => before.max(operand.to_vec()),
                (Self::Xor, Some(mut before)) => {
                    let longer = operand.get(before.len()..).unwrap_or_default();
                    before.iter_mut().zip(operand).for_each(|(byte, other)| *byte ^= other);
                    before.extend_from_slice(longer);
                    before
                }
                (Self::Joining(delimiter), Some(mut before)) => {
                    before.extend_from_slice(delimiter);
                    before.extend_from_slice(operand);
                    before
                }
            });
        }
        value.unwrap_or_default()
    }
}

fn number(bytes: &[u8]) -> u64 {
    bytes.try_into().map_or(0, u64::from_le_bytes)
}

/// The text by which RocksDB makes the operator that OPTIONS tells as `value`; `None` for one that only its program has.
pub fn known_operator(value: &str) -> Option<&str> {
    take_apart(value).map(|_| value)
}

/// The name of a known operator, and what it puts between operands.
fn take_apart(value: &str) -> Option<(&str, Option<&str>)> {
    let Some(inner) = value.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) else {
        return PLAIN.contains(&value).then_some((value, None));
    };
    let (id, rest) = inner.strip_prefix("id=")?.split_once(';').unwrap_or((inner.strip_prefix("id=")?, ""));
    if PLAIN.contains(&id) && rest.is_empty() {
        return Some((id, None));
    }
    // Whether `delimiter=;` says nothing or a semicolon, RocksDB itself does not know when it reads that; so with all that it escapes.
    let delimiter = rest.strip_prefix("delimiter=")?;
    let delimiter = delimiter.strip_suffix(';').unwrap_or(delimiter);
    let plain = |c: char| c.is_ascii_graphic() && !";={}\\#:".contains(c);
    (JOINING.contains(&id) && !delimiter.is_empty() && delimiter.chars().all(plain)).then_some((id, Some(delimiter)))
}

#[cfg(test)]
mod tests {
    use super::{known_operator, Operator};

    #[test]
    fn operands_are_joined_as_rocksdb_does() {
        let of = |text: &str, before: Option<&[u8]>, operands: &[&[u8]]| {
            Operator::of(text).map(|operator| operator.join(before, operands.iter().copied()))
        };
        let eight = |number: u64| Some(number.to_le_bytes().to_vec());
        let bytes = |text: &str| Some(text.as_bytes().to_vec());
        assert_eq!(of("uint64add", None, &[&7_u64.to_le_bytes(), &u64::MAX.to_le_bytes()]), eight(6));
        assert_eq!(of("{id=UInt64AddOperator;}", Some(b"odd"), &[b""]), eight(0));
        assert_eq!(of("max", Some(b"b"), &[b"a", b"ba"]), bytes("ba"));
        assert_eq!(of("max", None, &[b""]), bytes(""));
        assert_eq!(of("put", Some(b"b"), &[b"a", b"c"]), bytes("c"));
        assert_eq!(of("bytesxor", Some(&[1, 2, 3]), &[&[1], &[0, 0, 0, 9]]), Some(vec![0, 2, 3, 9]));
        assert_eq!(of("{id=stringappend;delimiter=||}", Some(b""), &[b"a", b""]), bytes("||a||"));
        assert_eq!(of("{id=stringappendtest;delimiter=,}", None, &[b"a", b"b"]), bytes("a,b"));
        assert_eq!(of("maya", None, &[b"a"]), None);
    }

    #[test]
    fn only_rocksdbs_own_operators_are_known() {
        for known in [
            "max",
            "UInt64AddOperator",
            "{id=BytesXOR;}",
            "{id=StringAppendOperator;delimiter=,;}",
            "{id=stringappend;delimiter=||}",
        ] {
            assert_eq!(known_operator(known), Some(known));
        }
        for unknown in [
            "",
            "nullptr",
            "maya.append",
            "max;wal_dir=/x",
            "sortlist",
            "{id=MergeSortOperator;}",
            "StringAppendOperator",
            "{id=StringAppendOperator;}",
            "{id=maya;delimiter=,}",
            "{id=max;delimiter=,}",
            "{id=StringAppendOperator;delimiter={x}}",
            "{id=StringAppendOperator;delimiter=;}",
            "{id=StringAppendOperator;delimiter=;;}",
            "{id=StringAppendOperator;delimiter= ;}",
            "{id=StringAppendOperator;delimiter=\\n;}",
            "{id=TtlMergeOperator;user_operator={id=max}}",
        ] {
            assert_eq!(known_operator(unknown), None, "{unknown}");
        }
    }
}
