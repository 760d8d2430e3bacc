//! Writes RocksDB's log format, as MANIFEST files have it: see log_file.rs for how it is read.
//!
//! Contract: pure.

use super::table::checksum::mask;
use crate::files::log_file::physical::{BLOCK, HEADER};

const FULL: u8 = 1;
const FIRST: u8 = 2;
const MIDDLE: u8 = 3;
const LAST: u8 = 4;

/// A log that is put together in memory.
#[derive(Debug, Default)]
pub struct LogWriter(Vec<u8>);

impl LogWriter {
    /// Adds a record.
    pub fn add(&mut self, mut record: &[u8]) {
        let mut first = true;
        loop {
            let left = BLOCK - self.0.len() % BLOCK;
            if left < HEADER {
                self.0.resize(self.0.len() + left, 0);
                continue;
            }
            let (part, rest) = record.split_at(record.len().min(left - HEADER));
            let kind = match (first, rest.is_empty()) {
                (true, true) => FULL,
                (true, false) => FIRST,
                (false, false) => MIDDLE,
                (false, true) => LAST,
            };
            let crc = crc32c::crc32c_append(crc32c::crc32c(&[kind]), part);
            self.0.extend_from_slice(&mask(crc).to_le_bytes());
            self.0.extend_from_slice(&(part.len() as u16).to_le_bytes());
            self.0.push(kind);
            self.0.extend_from_slice(part);
            if rest.is_empty() {
                return;
            }
            (record, first) = (rest, false);
        }
    }

    /// The file's bytes.
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::log_file::{read_log, End, LogError, Piece};

    #[test]
    fn records_of_all_lengths_are_read_again() {
        let records: Vec<Vec<u8>> = [0, 1, BLOCK - HEADER - 20, 5, 6, 7, BLOCK, 3 * BLOCK + 11, 1]
            .iter()
            .map(|&length| vec![7; length])
            .collect();
        let mut log = LogWriter::default();
        records.iter().for_each(|record| log.add(record));
        let (bytes, mut found) = (log.into_bytes(), Vec::new());
        let end = read_log::<LogError>(&bytes[..], None, |_, piece| {
            if let Piece::Record(record) = piece {
                found.push(record.to_vec());
            }
            Ok(())
        });
        assert_eq!(end.expect("a good log"), End::Clean);
        assert_eq!(found, records);
    }
}
