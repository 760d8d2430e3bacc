//! The page that names a store's trees.

use std::collections::HashSet;

use super::bytes::Bytes;

/// The trees that the meta page names, and their roots, in byte order of the names; None when it is damaged. Each has a name and a root of its own.
pub fn trees(body: &[u8]) -> Option<Vec<(Vec<u8>, u64)>> {
    let mut rest = Bytes(body);
    let mut trees = Vec::new();
    while rest.left() > 0 {
        let name = rest.string()?.to_vec();
        trees.push((name, rest.number()?));
    }
    trees.sort_unstable();
    let roots: HashSet<u64> = trees.iter().map(|(_, root)| *root).collect();
    let names_differ = trees.windows(2).all(|pair| pair[0].0 != pair[1].0);
    (names_differ && roots.len() == trees.len()).then_some(trees)
}
