//! The page that names a store's trees.

use super::bytes::Bytes;

/// The trees that the meta page names, and their roots, in byte order of the names; None when it is damaged.
pub fn trees(body: &[u8]) -> Option<Vec<(Vec<u8>, u64)>> {
    let mut rest = Bytes(body);
    let mut trees = Vec::new();
    while rest.left() > 0 {
        let name = rest.string()?.to_vec();
        trees.push((name, rest.number()?));
    }
    trees.sort_unstable();
    Some(trees)
}
