//! Reads blocks of one file: bounded, checked, decompressed.
//!
//! Contract: used by one thread; memory is one stretch of the file and one block.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use super::checksum::{context, Checksum};
use super::compression::{CodecError, Decoder};
use super::error::{of_block, Read, TableError};
use super::footer::{Handle, TRAILER};
use super::separated::{is_separated, join};

/// Bytes that are read at once when blocks are read one after another.
const STRETCH: usize = 1 << 20;

/// How the blocks of a file are checked.
#[derive(Debug, Clone, Copy)]
pub struct Check {
    pub checksum: Checksum,
    /// Base of the checksums from format version 6 on, else 0.
    pub base: u32,
}

/// A reader of the blocks of a file of `size` bytes.
pub struct BlockReader {
    file: Arc<File>,
    size: u64,
    check: Check,
    decoder: Decoder,
    ahead: usize,
    /// The bytes of the file from `start` on.
    stretch: Vec<u8>,
    start: u64,
    plain: Vec<u8>,
    joined: Vec<u8>,
}

impl BlockReader {
    pub fn new(file: Arc<File>, size: u64, check: Check, decoder: Decoder) -> Self {
        Self {
            file,
            size,
            check,
            decoder,
            ahead: STRETCH,
            stretch: Vec::new(),
            start: 0,
            plain: Vec::new(),
            joined: Vec::new(),
        }
    }

    /// The same, reading so many bytes at once.
    pub fn with_stretch(mut self, ahead: usize) -> Self {
        self.ahead = ahead;
        self
    }

    /// The content of a block, decompressed. `data` tells whether it is a data block.
    pub fn block(&mut self, handle: Handle, data: bool) -> Read<&[u8]> {
        let length = self.load(handle)?;
        let at = (handle.offset - self.start) as usize;
        let with_type = &self.stretch[at..at + length + 1];
        let trailer = &self.stretch[at + length + 1..at + length + TRAILER as usize];
        let stored = u32::from_le_bytes([trailer[0], trailer[1], trailer[2], trailer[3]]);
        if self.check.checksum != Checksum::None {
            let computed = self.check.checksum.of(with_type).wrapping_add(context(self.check.base, handle.offset));
            if computed != stored {
                return Err(TableError::damaged(handle.offset, "the checksum of a block is wrong"));
            }
        }
        let (content, kind) = (&with_type[..length], with_type[length]);
        if kind == 0 {
            if data && is_separated(content) {
                join(content, &mut self.joined).map_err(|error| of_block(error, handle.offset))?;
                return Ok(&self.joined);
            }
            return Ok(content);
        }
        self.decoder.decode(kind, content, data, &mut self.plain).map_err(|error| match error {
            CodecError::Wrong(reason) => TableError::damaged(handle.offset, format!("a block is wrong: {reason}")),
            CodecError::Unknown(6) => TableError::other("its blocks are compressed by XPRESS, which only Windows has"),
            CodecError::Unknown(kind) if self.check.checksum == Checksum::None => {
                TableError::damaged(handle.offset, format!("a block's compression type {kind} is unknown"))
            }
            CodecError::Unknown(kind) if kind >= 0x80 => {
                TableError::other(format!("its blocks are compressed in a way of its program's own (type {kind})"))
            }
            CodecError::Unknown(kind) => TableError::newer(format!("its blocks have the compression type {kind}")),
        })?;
        if data && is_separated(&self.plain) {
            join(&self.plain, &mut self.joined).map_err(|error| of_block(error, handle.offset))?;
            return Ok(&self.joined);
        }
        Ok(&self.plain)
    }

    /// A block as it is stored, without its trailer and without any check.
    pub fn unchecked(&mut self, handle: Handle) -> Read<(&mut [u8], u8, u32)> {
        let length = self.load(handle)?;
        let at = (handle.offset - self.start) as usize;
        let (block, trailer) = self.stretch[at..at + length + TRAILER as usize].split_at_mut(length);
        Ok((block, trailer[0], u32::from_le_bytes([trailer[1], trailer[2], trailer[3], trailer[4]])))
    }

    /// Sees that the block and its trailer are in memory; returns the block's length.
    fn load(&mut self, handle: Handle) -> Read<usize> {
        let outside = || TableError::damaged(handle.offset, "a block lies outside of the file");
        let end = handle.end().filter(|&end| end <= self.size).ok_or_else(outside)?;
        let length = usize::try_from(handle.size).map_err(|_| outside())?;
        let loaded = self.start + self.stretch.len() as u64;
        if handle.offset < self.start || end > loaded {
            let wanted = (end - handle.offset).max((self.ahead as u64).min(self.size - handle.offset)) as usize;
            self.stretch.clear();
            self.stretch.try_reserve_exact(wanted).map_err(|_| outside())?;
            self.stretch.resize(wanted, 0);
            let read = self.file.read_exact_at(&mut self.stretch, handle.offset);
            self.start = handle.offset;
            if let Err(error) = read {
                self.stretch.clear();
                return Err(error.into());
            }
        }
        Ok(length)
    }
}
