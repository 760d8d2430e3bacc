//! The list of trees: compiled into a copy of sled 0.34.7 as a module of its page cache. It is one page, which is written anew with every
//! change, so that many trees are made or changed at once here. kgdump's own code.
#![deny(unsafe_code)]
#![warn(warnings, clippy::all)]

use super::{PageId, Update, META_PID};
use crate::{pin, Db, Error, Guard, Meta, Node, Result, Tree};

/// The tree of that name, never a new one.
pub fn existing(db: &Db, tree: &[u8]) -> Option<Tree> {
    // A store that is opened opens all its trees.
    db.tenants.read().get(tree).cloned()
}

/// Makes those trees that are not there. The list of trees is written once, and not for each of them as `open_tree` does it.
///
/// # Errors
/// Those of the log.
pub fn make(db: &Db, trees: &[Vec<u8>]) -> Result<()> {
    let pagecache = &db.context.pagecache;
    let guard = pin();
    let mut missing: Vec<(&[u8], PageId)> = Vec::new();
    for tree in trees {
        if existing(db, tree).is_some() {
            continue;
        }
        // As `meta::open_tree` makes one.
        let (leaf, _place) = pagecache.allocate(Node::default(), &guard)?;
        let (root, _place) = pagecache.allocate(Node::new_root(leaf), &guard)?;
        missing.push((tree, root));
    }
    if missing.is_empty() {
        return Ok(());
    }
    let tenants = db.tenants.write();
    change_meta(db, &guard, |meta| {
        for (tree, root) in &missing {
            if meta.get_root(tree).is_none() {
                let _none = meta.set_root((*tree).into(), *root);
            }
        }
        Ok(())
    })?;
    drop(tenants);
    for (tree, _) in missing {
        let _handle = db.open_tree(tree)?;
    }
    Ok(())
}

/// Writes the list of trees as `change` makes it, which may be called again.
pub(super) fn change_meta<T>(db: &Db, guard: &Guard, mut change: impl FnMut(&mut Meta) -> Result<T>) -> Result<T> {
    let pagecache = &db.context.pagecache;
    loop {
        let view = pagecache.get_meta(guard)?;
        let mut meta = Meta::clone(&view);
        let changed = change(&mut meta)?;
        match pagecache.cas_page(META_PID, view.0, Update::Meta(meta), false, guard)? {
            Ok(_written) => return Ok(changed),
            Err(Some(_other)) => {}
            Err(None) => return Err(Error::ReportableBug("the list of trees is not there".into())),
        }
    }
}
