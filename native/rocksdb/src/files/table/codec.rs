//! What every codec of blocks has in common.

/// Streams that can become anything grow by this step.
pub const STEP: usize = 1 << 20;

/// Why a block could not be decompressed.
#[derive(Debug, PartialEq, Eq)]
pub enum CodecError {
    /// The bytes are not those of the codec.
    Wrong(&'static str),
    /// A codec that is not known: the type as the block has it.
    Unknown(u8),
}

pub type Decoded = Result<(), CodecError>;
pub const WRONG: CodecError = CodecError::Wrong("it can't be decompressed");
