//! The entries of an encoded block, which has been checked before.

use kgdump_shared::bin;

use crate::error::{Fault, Outcome};

/// Calls `each` with the entries of an encoded block. Errors: DUMP_ENTRIES_MALFORMED, and those of `each`.
pub fn for_each_entry(mut block: &[u8], mut each: impl FnMut(&[u8], &[u8]) -> Outcome<()>) -> Outcome<()> {
    while !block.is_empty() {
        let (Some(key), Some(value)) = (bin::take(&mut block), bin::take(&mut block)) else {
            return Err(Fault::new(
                "DUMP_ENTRIES_MALFORMED",
                "a block of entries holds something that is not an entry",
            ));
        };
        each(key, value)?;
    }
    Ok(())
}
