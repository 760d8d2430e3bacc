//! What memory does not hold, in files that JavaScript makes.

use kgdump_looking::graph::{Space, Spill};
use kgdump_shared::fault::{Fault, Outcome};

#[link(wasm_import_module = "spill")]
unsafe extern "C" {
    /// The number of a new file; -1 when it failed.
    safe fn open() -> i32;
    /// Appends the bytes at a place in memory.
    safe fn append(file: i32, from: *const u8, length: usize) -> bool;
    /// Fills the place in memory with what was written at `offset`.
    safe fn read(file: i32, into: *mut u8, length: usize, offset: f64) -> bool;
    safe fn close(file: i32);
}

/// Files of JavaScript's.
pub struct Files;

impl Space for Files {
    fn open(&self) -> Outcome<Box<dyn Spill>> {
        match open() {
            number @ 0.. => Ok(Box::new(File { number, length: 0 })),
            _ => Err(failed()),
        }
    }
}

struct File {
    number: i32,
    length: u64,
}

impl Spill for File {
    fn length(&self) -> u64 {
        self.length
    }

    fn append(&mut self, bytes: &[u8]) -> Outcome<()> {
        if !append(self.number, bytes.as_ptr(), bytes.len()) {
            return Err(failed());
        }
        self.length += bytes.len() as u64;
        Ok(())
    }

    fn read(&self, into: &mut [u8], offset: u64) -> Outcome<()> {
        if read(self.number, into.as_mut_ptr(), into.len(), offset as f64) { Ok(()) } else { Err(failed()) }
    }
}

impl Drop for File {
    fn drop(&mut self) {
        close(self.number);
    }
}

/// JavaScript has the error itself.
fn failed() -> Fault {
    Fault::new("IO_FAILED", "the graph's temporary file")
}
