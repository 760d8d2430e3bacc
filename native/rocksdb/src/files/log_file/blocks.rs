//! A log's file, block by block.

use std::io::{self, Read};

use super::physical::BLOCK;

/// Why a log can't be read whole.
#[derive(Debug)]
pub enum LogError {
    Io(io::Error),
    /// Damage that starts at a byte offset.
    Damaged {
        offset: u64,
        reason: String,
    },
}

/// A file, block by block.
pub struct Blocks<R> {
    pub input: R,
    pub block: Vec<u8>,
    /// Offset of the block within the file.
    pub start: u64,
}

impl<R: Read> Blocks<R> {
    /// Reads the next block; its length is less than 32 KiB only at the file's end.
    pub fn advance(&mut self) -> io::Result<()> {
        self.start += self.block.len() as u64;
        self.block.resize(BLOCK, 0);
        let mut filled = 0;
        while filled < BLOCK {
            match self.input.read(&mut self.block[filled..]) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.block.truncate(filled);
        Ok(())
    }
}
