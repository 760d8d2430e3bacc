//! Families that MANIFEST does not have although OPTIONS names them or logs have entries of them: an edit of MANIFEST is lost. And families
//! that OPTIONS does not tell of: they are cut.
//!
//! RocksDB writes OPTIONS anew whenever a store is opened and whenever a family is made or dropped, after it has told MANIFEST.
//!
//! Contract: pure.

use std::collections::{BTreeSet, HashMap, HashSet};

use crate::files::manifest::Manifest;
use crate::files::options_file::OptionsFile;

/// What is said of families that MANIFEST does not have. `options` is the newest OPTIONS file, `unknown` are the ids of
/// entries that logs have which are newer than MANIFEST.
pub fn lost_families(manifest: &Manifest, options: Option<&OptionsFile>, unknown: &BTreeSet<u32>) -> Vec<String> {
    let known: HashSet<&[u8]> = manifest.families.values().map(|family| family.name.as_slice()).collect();
    let mut dropped: HashMap<&[u8], u64> = HashMap::new();
    for (name, next_file) in manifest.dropped.values() {
        let last = dropped.entry(name).or_default();
        *last = (*last).max(*next_file);
    }
    // OPTIONS that are older than MANIFEST, or than the family's end, were not written anew for some reason.
    let was_dropped = |name: &[u8], number: u64| dropped.get(name).is_some_and(|&last| number < last);
    let named = options.filter(|options| options.number > manifest.number).into_iter().flat_map(|options| {
        let names = options.families.iter().map(|family| family.name.as_slice());
        names.filter(|name| !known.contains(name) && !was_dropped(name, options.number))
    });
    let named = named.map(|name| {
        format!(
            "OPTIONS names the family \"{}\", which the store's MANIFEST does not have and does not say was dropped: MANIFEST has lost it, and it is missing",
            name.escape_ascii()
        )
    });
    let untold = options.into_iter().flat_map(|options| {
        manifest.families.values().filter(|family| options.family(&family.name).is_none()).map(|family| {
            format!(
                "OPTIONS does not mention the family \"{}\": it is cut, or older than that family; whether it has a time to live or a merge operator is unknown",
                family.name.escape_ascii()
            )
        })
    });
    let unknown = unknown.iter().filter(|id| !manifest.families.contains_key(id) && !manifest.dropped.contains_key(id));
    let unknown = unknown.map(|id| {
        format!(
            "the logs have entries of a family with the id {id}, which the store's MANIFEST does not have and does not say was dropped: MANIFEST has lost it, and it is missing"
        )
    });
    named.chain(unknown).chain(untold).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::family::Family;
    use crate::files::options_file::FamilyOptions;

    #[test]
    fn a_family_that_manifest_lost_is_told_and_one_that_was_dropped_is_not() {
        let families =
            ["default", "kept", "lost"].map(|name| FamilyOptions { name: name.into(), ..FamilyOptions::default() });
        let options = OptionsFile::of_families(families.into());
        let mut manifest = Manifest { number: 5, ..Manifest::before_all_edits() };
        manifest.families.insert(1, Family { name: b"kept".to_vec(), ..Family::default() });
        let lost = |manifest: &Manifest, newest, unknown: &[u32]| {
            let mut options = options.clone();
            options.number = newest;
            lost_families(manifest, Some(&options), &unknown.iter().copied().collect()).len()
        };
        manifest.families.insert(4, Family { name: b"untold".to_vec(), ..Family::default() });
        assert_eq!(lost(&manifest, 7, &[]), 2);
        manifest.families.remove(&4);
        assert_eq!(lost(&manifest, 7, &[0, 1]), 1);
        assert_eq!(lost(&manifest, 7, &[2]), 2);
        assert_eq!(lost(&manifest, 4, &[]), 0, "OPTIONS are older than MANIFEST");
        manifest.dropped.insert(2, (b"lost".to_vec(), 8));
        assert_eq!(lost(&manifest, 7, &[2]), 0, "it was dropped after OPTIONS were written");
        assert_eq!(lost(&manifest, 9, &[2]), 1, "it was made anew since");
        assert!(lost_families(&manifest, None, &BTreeSet::new()).is_empty());
    }
}
