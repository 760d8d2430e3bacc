//! Index blocks: where the data blocks, or the parts of an index with two levels, lie.

use super::super::bytes::{prefixed, varsigned64};
use super::block::{BlockError, Entries, Layout};
use super::footer::{Handle, TRAILER};

/// How the values of an index are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IndexForm {
    /// Handles as differences to the one before.
    pub delta: bool,
    /// Each handle is followed by the block's first key.
    pub first_keys: bool,
}

/// Calls `found` with the key and the handle of each entry. Every key of a block is at most the entry's.
pub fn for_each_handle(block: &[u8], form: IndexForm, mut found: impl FnMut(&[u8], Handle)) -> Result<(), BlockError> {
    const WRONG: BlockError = BlockError::Wrong("a handle of its index is wrong");
    let layout = if form.delta { Layout::DeltaIndex } else { Layout::Plain };
    let mut entries = Entries::new(block, layout, Vec::new())?;
    let mut previous: Option<Handle> = None;
    while let Some(mut value) = entries.advance()? {
        let shared = entries.shared();
        let fields = if form.delta { entries.rest_mut() } else { &mut value };
        let handle = match previous {
            Some(before) if form.delta && shared => {
                let size = before.size.checked_add_signed(varsigned64(fields).ok_or(WRONG)?).ok_or(WRONG)?;
                let offset = before.offset.checked_add(before.size).and_then(|end| end.checked_add(TRAILER));
                Handle { offset: offset.ok_or(WRONG)?, size }
            }
            None if form.delta && shared => return Err(WRONG),
            _ => Handle::take(fields).ok_or(WRONG)?,
        };
        if form.first_keys {
            prefixed(fields).ok_or(WRONG)?;
        }
        previous = Some(handle);
        found(entries.key(), handle);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_follow_each_other() {
        // "a" at 0 with 10 bytes; "ab" right behind it, two bytes longer.
        let mut block = vec![0, 1, b'a', 0, 10, 1, 1, b'b', 4];
        block.extend_from_slice(&[0, 0, 0, 0, 1, 0, 0, 0]);
        let mut found = Vec::new();
        for_each_handle(&block, IndexForm { delta: true, first_keys: false }, |key, handle| {
            found.push((key.to_vec(), handle.offset, handle.size));
        })
        .unwrap();
        assert_eq!(found, [(b"a".to_vec(), 0, 10), (b"ab".to_vec(), 15, 12)]);
    }
}
