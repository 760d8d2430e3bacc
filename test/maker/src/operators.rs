//! What merge operators make of values: those that RocksDB ships, by what its documents say of them, and one of our own.

use crate::Outcome;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operator {
    /// Values with this between them.
    Append(Vec<u8>),
    /// The sum of 64-bit numbers, little-endian; what has another length counts as 0.
    Add,
    /// The greatest in byte order.
    Max,
    /// Our own: values with nothing between them.
    Concat,
}

impl Operator {
    /// The operator that an options text names last, if it names one.
    ///
    /// # Errors
    /// When it is none that the model can apply.
    pub fn named_in(text: &str) -> Outcome<Option<Self>> {
        let Some((_, named)) = text.rsplit_once("merge_operator=") else { return Ok(None) };
        let inner = named.trim_start_matches('{');
        let id = inner.trim_start_matches("id=").split([';', '}']).next().unwrap_or("");
        Ok(Some(match id {
            "stringappend" | "StringAppendOperator" | "StringAppendTESTOperator" => {
                let delimiter = inner.split('}').next().and_then(|own| own.split_once("delimiter="));
                Self::Append(delimiter.map_or(b",".to_vec(), |(_, text)| text.split(';').next().unwrap_or("").into()))
            }
            "uint64add" | "UInt64AddOperator" => Self::Add,
            "max" | "MaxOperator" => Self::Max,
            _ => return Err(format!("the model has no merge operator {id}").into()),
        }))
    }

    /// The value after an operand.
    pub fn merge(&self, existing: Option<&[u8]>, operand: &[u8]) -> Vec<u8> {
        match self {
            Self::Append(delimiter) => {
                existing.map_or_else(|| operand.to_vec(), |value| [value, delimiter, operand].concat())
            }
            Self::Add => number(existing.unwrap_or(&[])).wrapping_add(number(operand)).to_le_bytes().to_vec(),
            Self::Max => existing.filter(|value| *value > operand).unwrap_or(operand).to_vec(),
            Self::Concat => [existing.unwrap_or(&[]), operand].concat(),
        }
    }
}

fn number(bytes: &[u8]) -> u64 {
    bytes.try_into().map_or(0, u64::from_le_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_options() -> Outcome<()> {
        let of = |text| Operator::named_in(text);
        assert_eq!(of("max_open_files=-1")?, None);
        assert_eq!(of("merge_operator=uint64add;ttl=3")?, Some(Operator::Add));
        assert_eq!(of("merge_operator=max")?, Some(Operator::Max));
        assert_eq!(
            of("merge_operator={id=StringAppendOperator;delimiter=|};ttl=3")?,
            Some(Operator::Append(b"|".into()))
        );
        assert!(of("merge_operator=sortlist").is_err());
        Ok(())
    }

    #[test]
    fn values() {
        let text = Operator::Append(b",".into());
        assert_eq!(text.merge(None, b"a"), b"a");
        assert_eq!(text.merge(Some(b"a"), b"b"), b"a,b");
        assert_eq!(Operator::Add.merge(Some(&7_u64.to_le_bytes()), &5_u64.to_le_bytes()), 12_u64.to_le_bytes());
        assert_eq!(Operator::Add.merge(Some(b"odd"), &5_u64.to_le_bytes()), 5_u64.to_le_bytes());
        assert_eq!(Operator::Max.merge(Some(b"b"), b"a"), b"b");
    }
}
