//! What memory does not hold, and where it goes.

use kgdump_shared::fault::Outcome;

/// Bytes that are appended, and read again at any place, by several threads. All of it is gone when it is dropped.
pub trait Spill: Send + Sync {
    /// Bytes written so far.
    fn length(&self) -> u64;

    /// Errors: NO_SPACE, IO_FAILED.
    fn append(&mut self, bytes: &[u8]) -> Outcome<()>;

    /// Fills `into` with what was written at `offset`.
    ///
    /// Errors: IO_FAILED.
    fn read(&self, into: &mut [u8], offset: u64) -> Outcome<()>;
}

/// Where spills are made.
pub trait Space: Send + Sync {
    /// Errors: PERMISSION_DENIED, NO_SPACE, NOT_FOUND, IO_FAILED.
    fn open(&self) -> Outcome<Box<dyn Spill>>;
}

/// Memory, for tests.
#[cfg(test)]
pub mod memory {
    use super::{Outcome, Space, Spill};

    pub struct Memory;

    impl Space for Memory {
        fn open(&self) -> Outcome<Box<dyn Spill>> {
            Ok(Box::new(Held(Vec::new())))
        }
    }

    struct Held(Vec<u8>);

    impl Spill for Held {
        fn length(&self) -> u64 {
            self.0.len() as u64
        }

        fn append(&mut self, bytes: &[u8]) -> Outcome<()> {
            self.0.extend_from_slice(bytes);
            Ok(())
        }

        fn read(&self, into: &mut [u8], offset: u64) -> Outcome<()> {
            let start = offset as usize;
            into.copy_from_slice(&self.0[start..start + into.len()]);
            Ok(())
        }
    }
}
