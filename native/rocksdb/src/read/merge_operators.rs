//! The merge operators that RocksDB brings along: which of them OPTIONS names, so that operands become values as their store's program sees them.
//!
//! Contract: pure. OPTIONS may be hostile: what is passed on to RocksDB's parser is one of a few names, and at most one argument.

/// Operators without arguments, by the names that OPTIONS may have.
const PLAIN: [&str; 11] = [
    "PutOperator",
    "put",
    "put_v1",
    "UInt64AddOperator",
    "uint64add",
    "MaxOperator",
    "max",
    "BytesXOR",
    "bytesxor",
    "MergeSortOperator",
    "sortlist",
];
/// Operators that join operands by what OPTIONS says; without it nobody knows what they put between them.
const JOINING: [&str; 4] = ["StringAppendOperator", "stringappend", "StringAppendTESTOperator", "stringappendtest"];

/// The text by which RocksDB makes the operator that OPTIONS tells as `value`; `None` for one that only its program has.
pub fn known_operator(value: &str) -> Option<&str> {
    let Some(inner) = value.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) else {
        return PLAIN.contains(&value).then_some(value);
    };
    let (id, rest) = inner.strip_prefix("id=")?.split_once(';').unwrap_or((inner.strip_prefix("id=")?, ""));
    if PLAIN.contains(&id) && rest.is_empty() {
        return Some(value);
    }
    // Whether `delimiter=;` says nothing or a semicolon, RocksDB itself does not know when it reads that; so with all that it escapes.
    let delimiter = rest.strip_prefix("delimiter=")?;
    let delimiter = delimiter.strip_suffix(';').unwrap_or(delimiter);
    let plain = |c: char| c.is_ascii_graphic() && !";={}\\#:".contains(c);
    (JOINING.contains(&id) && !delimiter.is_empty() && delimiter.chars().all(plain)).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::known_operator;

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
