//! Prints of a tree are those of its entries, and what is out of order or has no value is refused, when it is learned and when it is followed.

#[allow(dead_code)] // Not every test needs all of it.
mod support;

use kgdump_sled::changes::blocks::Changes;
use kgdump_sled::changes::follow::Follower;
use kgdump_sled::changes::prints::{Prints, Walk};
use kgdump_sled::entries::{entry, push_bin};
use kgdump_sled::fault::{Code, Outcome};
use kgdump_sled::guard::Health;
use kgdump_sled::store::Store;
use sha2::{Digest, Sha256};

use support::{Random, blocks, options, scratch};

#[test]
fn prints_are_those_of_the_entries_however_these_come() {
    let mut random = Random(11);
    for _ in 0..40 {
        let model = random.shapes();
        let descending = random.below(2) == 0;
        let cut = blocks(&model, descending, &mut random);
        let whole = cut.concat();
        let learn = |parts: &[Vec<u8>]| {
            let (mut prints, mut walk) = (Prints::default(), Walk::new(descending));
            parts.iter().for_each(|block| prints.learn(&mut walk, block).unwrap());
            prints.finish();
            assert_eq!(walk.entries, model.len() as u64);
            prints
        };
        let (prints, other) = (learn(&cut), learn(std::slice::from_ref(&whole)));
        assert_eq!((prints.len(), prints.is_empty()), (other.len(), model.is_empty()));
        let mut at = 0;
        for group in 0..prints.len() {
            let start = at;
            let (count, print) = prints.group(group).unwrap();
            assert!((1..=16).contains(&count));
            let (first, _) = entry(&whole, at).unwrap();
            assert_eq!(prints.first_key(group).unwrap(), &whole[first.key]);
            assert_eq!(prints.first_key(group), other.first_key(group));
            for _ in 0..count {
                at = entry(&whole, at).unwrap().1;
            }
            let digest: [u8; 32] = Sha256::digest(&whole[start..at]).into();
            assert_eq!((&digest, other.group(group)), (print, prints.group(group)));
        }
        assert_eq!(at, whole.len());
        assert!(prints.first_key(prints.len()).is_none() && prints.group(prints.len()).is_none());
    }
}

#[test]
fn what_is_out_of_order_or_has_no_value_is_refused() {
    let home = scratch();
    let store = Store::open(&options(home.path(), false, None), Health::now()).unwrap();
    let block = |keys: &[&str]| support::encode_in_order(keys.iter().map(|key| (key.as_bytes(), &b"v"[..])));
    let refused = |outcome: Outcome<Changes>| outcome.unwrap_err().code;
    for (descending, right, wrong) in [(false, ["a", "b"], ["b", "a"]), (true, ["b", "a"], ["a", "b"])] {
        let follower = || Follower::new(b"none".to_vec(), descending);
        assert_eq!(follower().learn(&block(&wrong)).unwrap_err().code, Code::DumpOrderBroken);
        assert_eq!(refused(follower().follow(&store, &block(&wrong))), Code::DumpOrderBroken);
        // Also from one block to the next, and for a key that comes twice.
        for second in [right[0], right[1]] {
            let mut late = follower();
            late.learn(&block(&right)).unwrap();
            assert_eq!(late.learn(&block(&[second])).unwrap_err().code, Code::DumpOrderBroken);
            let mut late = follower();
            assert!(late.follow(&store, &block(&right)).unwrap().chunks.is_empty());
            assert_eq!(refused(late.follow(&store, &block(&[second]))), Code::DumpOrderBroken);
        }
    }
    let mut gone = Vec::new();
    push_bin(&mut gone, b"a").unwrap();
    gone.push(0xc0);
    for bad in [&gone[..], &[0xc4, 9, 1], &[0xc1]] {
        let mut follower = Follower::new(b"none".to_vec(), false);
        assert_eq!(follower.learn(bad).unwrap_err().code, Code::DumpEntriesMalformed);
        assert_eq!(refused(Follower::new(b"none".to_vec(), false).follow(&store, bad)), Code::DumpEntriesMalformed);
    }
    store.close().unwrap();
}
