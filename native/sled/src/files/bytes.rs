//! Numbers and byte strings as sled serializes them.

/// Bytes that are read from the front.
#[derive(Clone, Copy, Debug)]
pub struct Bytes<'a>(pub &'a [u8]);

impl<'a> Bytes<'a> {
    /// How many are left.
    pub fn left(&self) -> usize {
        self.0.len()
    }

    /// The next `length` bytes.
    pub fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    /// One byte.
    pub fn byte(&mut self) -> Option<u8> {
        let (&byte, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(byte)
    }

    /// A number of eight bytes.
    pub fn long(&mut self) -> Option<i64> {
        let (digits, rest) = self.0.split_first_chunk::<8>()?;
        self.0 = rest;
        Some(i64::from_le_bytes(*digits))
    }

    /// A number of one to nine bytes: SQLite 4's, with little-endian bytes for the longer forms.
    pub fn number(&mut self) -> Option<u64> {
        match self.byte()? {
            first @ 0..=240 => Some(u64::from(first)),
            first @ 241..=248 => Some(240 + 256 * (u64::from(first) - 241) + u64::from(self.byte()?)),
            249 => Some(2288 + 256 * u64::from(self.byte()?) + u64::from(self.byte()?)),
            first => {
                let digits = self.take(usize::from(first) - 247)?;
                let mut wide = [0; 8];
                wide[..digits.len()].copy_from_slice(digits);
                Some(u64::from_le_bytes(wide))
            }
        }
    }

    /// Bytes behind their length.
    pub fn string(&mut self) -> Option<&'a [u8]> {
        let length = self.number()?;
        self.take(usize::try_from(length).ok()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        let cases: [(&[u8], u64); 7] = [
            (&[0], 0),
            (&[240], 240),
            (&[241, 0], 240),
            (&[248, 255], 2287),
            (&[249, 0, 0], 2288),
            (&[249, 255, 255], 67_823),
            (&[255, 255, 255, 255, 255, 255, 255, 255, 255], u64::MAX),
        ];
        for (bytes, value) in cases {
            let mut read = Bytes(bytes);
            assert_eq!((read.number(), read.left()), (Some(value), 0));
            assert_eq!(Bytes(&bytes[..bytes.len() - 1]).number(), None);
        }
    }

    #[test]
    fn strings_end_where_the_bytes_end() {
        assert_eq!(Bytes(&[3, 1, 2, 3]).string(), Some(&[1, 2, 3][..]));
        assert_eq!(Bytes(&[4, 1, 2, 3]).string(), None);
        assert_eq!(Bytes(&[255, 255, 255, 255, 255, 255, 255, 255, 255, 1]).string(), None);
        assert_eq!(Bytes(&[1, 0, 0]).long(), None);
    }
}
