//! Reading groups of a tree once more, as they were when they were learned.

use std::collections::VecDeque;

use sled::IVec;

use crate::changes::prints::Prints;
use crate::fault::{Code, Doing, Outcome, SledFault, printable};
use crate::store::{Store, existing_tree};

/// Reads groups of a tree, which is opened when the first is wanted.
pub struct Reader<'a> {
    store: &'a Store,
    tree: Option<sled::Tree>,
}

impl std::fmt::Debug for Reader<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Reader")
    }
}

impl<'a> Reader<'a> {
    /// A reader that has read nothing.
    pub fn new(store: &'a Store) -> Self {
        Reader { store, tree: None }
    }

    /// The entries of a group of the tree of this name, read upwards or downwards: as many as its prints say.
    ///
    /// # Errors
    /// KEYSPACE_UNKNOWN; STORE_DAMAGED when entries are gone; what reading fails with.
    pub fn group(
        &mut self,
        name: &[u8],
        descending: bool,
        prints: &Prints,
        group: usize,
    ) -> Outcome<VecDeque<(IVec, IVec)>> {
        let (Some(first), Some((count, _))) = (prints.first_key(group), prints.group(group)) else {
            return Ok(VecDeque::new());
        };
        let tree = &mut self.tree;
        self.store.with(|db| {
            let tree = match tree {
                Some(tree) => tree,
                None => tree.insert(existing_tree(db, name)?),
            };
            let mut old = VecDeque::with_capacity(count as usize);
            let mut iterator = if descending { tree.range(..=first) } else { tree.range(first..) };
            while old.len() < count as usize {
                let next = if descending { iterator.next_back() } else { iterator.next() };
                match next.transpose().map_err(|e| SledFault::sled(&e, Doing::Reading, "reading the next entry"))? {
                    Some(entry) => old.push_back(entry),
                    None => {
                        let message = format!("an entry behind {} is gone that was read before", printable(first));
                        return Err(SledFault::new(Code::StoreDamaged, message));
                    }
                }
            }
            Ok(old)
        })
    }
}
