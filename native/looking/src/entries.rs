//! Walks the encoded entries of a block: `bin key, bin value` over and over; in a delta the value may be nil.
//!
//! Contract: pure, and never reads outside of the block, whatever is in it.

use kgdump_shared::bin::{self, NIL};
use kgdump_shared::fault::{Fault, Outcome};

/// Gives each entry of a block that was checked before, or comes from a store, to `take`: its key, its value, which a removal has not, and the bytes
/// that it takes.
///
/// Errors: DUMP_ENTRIES_MALFORMED, and those of `take`.
#[inline]
pub fn each<'a>(raw: &'a [u8], mut take: impl FnMut(&'a [u8], Option<&'a [u8]>, usize) -> Outcome<()>) -> Outcome<()> {
    let whole = |at: usize| bin::find(raw, at).map_err(|_| malformed(at, "is not a whole bin"));
    let mut at = 0;
    while at < raw.len() {
        let start = at;
        let key = whole(at)?;
        at = key.end;
        let value = if raw.get(at) == Some(&NIL) {
            at += 1;
            None
        } else {
            let value = whole(at)?;
            at = value.end;
            Some(&raw[value])
        };
        take(&raw[key], value, at - start)?;
    }
    Ok(())
}

/// What is wrong with the encoded entry at a byte of a block.
pub fn malformed(at: usize, problem: &str) -> Fault {
    Fault::new("DUMP_ENTRIES_MALFORMED", format!("the key or value at byte {at} of the block {problem}"))
}
