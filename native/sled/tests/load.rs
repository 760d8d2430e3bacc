//! The loader against sled's own code: what was loaded is read, changed and read again by stock calls and compared with
//! a model. Every page of a loaded tree is also looked at through sled's own `Debug`, which checks its links.

#[allow(dead_code)] // Not every test needs all of it.
mod support;

use kgdump_sled::entries::MAX_KEY;
use kgdump_sled::fault::Code;
use kgdump_sled::guard::Health;
use kgdump_sled::store::{DEFAULT_TREE, Store};
use kgdump_sled::write::load::Loader;

use support::{Model, Random, check, check_loaded, encode, hammer, load, open_plain, options, scratch, tree_names};

const LEAF: usize = 16;
const INDEX: usize = 256;

/// `count` keys of 8 bytes, spread evenly, and short values.
fn plain(count: usize) -> Model {
    (0..count as u64).map(|i| ((i * 3).to_be_bytes().to_vec(), format!("value {i}").into_bytes())).collect()
}

fn round_trip(model: &Model, compression: bool, segment_size: Option<usize>) {
    let directory = scratch();
    let path = directory.path().join("store");
    load(&path, compression, segment_size, 2, &[(DEFAULT_TREE, model)]).unwrap();
    check_loaded(&open_plain(&path, compression, segment_size), DEFAULT_TREE, model);
}

#[test]
fn numbers_of_entries_around_every_boundary_of_leaves() {
    for leaves in [0, 1, 2, 3, 63, 64, 65] {
        for entries in (leaves * LEAF).saturating_sub(5)..=leaves * LEAF + 5 {
            round_trip(&plain(entries), false, None);
        }
    }
}

#[test]
fn numbers_of_entries_around_the_boundaries_of_index_pages() {
    for leaves in [INDEX, INDEX + 64, 2 * INDEX, 2 * INDEX + 64] {
        for entries in [leaves * LEAF - 1, leaves * LEAF, leaves * LEAF + 1, leaves * LEAF + 4, leaves * LEAF + 5] {
            round_trip(&plain(entries), entries % 2 == 0, None);
        }
    }
}

/// Three levels of index pages.
#[test]
#[ignore = "takes a minute: cargo test --release -- --ignored"]
fn numbers_of_entries_around_the_boundary_of_the_second_index_level() {
    for leaves in [INDEX * INDEX, INDEX * (INDEX + 64)] {
        for entries in [leaves * LEAF - 1, leaves * LEAF, leaves * LEAF + 1, leaves * LEAF + 5] {
            round_trip(&plain(entries), false, None);
        }
    }
}

#[test]
fn keys_of_every_shape() {
    let seed = 0x5eed_1001;
    let mut random = Random(seed);
    for round in 0..60 {
        let model = random.shapes();
        let compression = round % 2 == 1;
        // Small segments make nearly every page a file of its own.
        let segment_size = [None, Some(1 << 12), Some(1 << 16)][round % 3];
        eprintln!("seed {seed}, round {round}, {} entries", model.len());
        round_trip(&model, compression, segment_size);
    }
}

#[test]
fn long_keys_and_values_big_and_empty() {
    let mut model = Model::new();
    model.insert(Vec::new(), vec![1; 100]);
    model.insert(vec![0xff; 70_000], vec![2; 10]);
    for i in 0..50_u8 {
        let mut key = vec![7; 300];
        key.push(i);
        model.insert(key, vec![i; usize::from(i) * 9_000]);
        model.insert(vec![9, i], Vec::new());
    }
    model.insert(vec![200; 2 << 20], vec![3; 5 << 20]);
    round_trip(&model, false, None);
    round_trip(&model, true, None);
}

#[test]
fn many_trees_some_empty() {
    let directory = scratch();
    let path = directory.path().join("store");
    let models = [plain(0), plain(1), plain(5000), plain(17), plain(40_000)];
    let names: [&[u8]; 5] = [DEFAULT_TREE, b"one", b"\x00\xff", b"seventeen", b"big"];
    let trees: Vec<(&[u8], &Model)> = names.into_iter().zip(&models).collect();
    load(&path, false, None, 1, &trees).unwrap();
    let db = open_plain(&path, false, None);
    for (name, model) in &trees {
        check_loaded(&db, name, model);
    }
    assert_eq!(tree_names(&db).len(), 5);
}

#[test]
fn the_same_bytes_whatever_the_number_of_jobs() {
    let model = plain(60_000);
    let other = Random(7).shapes();
    for compression in [false, true] {
        let stores: Vec<Vec<(String, Vec<u8>)>> = [1, 2, 5]
            .into_iter()
            .map(|jobs| {
                let directory = scratch();
                let path = directory.path().join("store");
                load(&path, compression, Some(1 << 14), jobs, &[(b"a", &model), (DEFAULT_TREE, &other)]).unwrap();
                support::files(&path)
            })
            .collect();
        assert!(stores[0].iter().any(|(name, bytes)| name == "db" && bytes.len() > 200_000));
        assert!(stores.iter().all(|files| files == &stores[0]));
    }
}

#[test]
fn random_updates_afterwards() {
    let updates = if cfg!(debug_assertions) { 40_000 } else { 300_000 };
    for (compression, seed) in [(false, 11), (true, 12)] {
        eprintln!("seed {seed}");
        let directory = scratch();
        let path = directory.path().join("store");
        let mut model = Random(seed).shapes();
        model.extend(plain(30_000));
        load(&path, compression, None, 2, &[(DEFAULT_TREE, &model)]).unwrap();
        let db = open_plain(&path, compression, None);
        hammer(&db, DEFAULT_TREE, &mut model, seed, updates);
        check(&db, DEFAULT_TREE, &model);
        drop(db);
        check(&open_plain(&path, compression, None), DEFAULT_TREE, &model);
    }
}

#[test]
fn updates_within_the_session_that_loaded() {
    let directory = scratch();
    let path = directory.path().join("store");
    let mut model = plain(10_000);
    let store = Store::open(&options(&path, false, None), Health::now()).unwrap();
    let loader = Loader::start(&store, 1).unwrap();
    for name in [DEFAULT_TREE, b"other"] {
        loader.begin(name).unwrap();
        loader.load(encode(&model)).unwrap();
        assert_eq!(loader.end().unwrap(), 10_000);
    }
    loader.finish().unwrap();
    loader.finish().unwrap();
    let mut other = model.clone();
    store
        .with(|db| {
            // The default tree has two handles in sled: `Db` itself and what `open_tree` gives.
            assert_eq!(db.len(), 10_000);
            db.insert(b"through db", b"1").unwrap();
            hammer(db, DEFAULT_TREE, &mut model, 5, 5_000);
            hammer(db, b"other", &mut other, 6, 5_000);
            Ok(())
        })
        .unwrap();
    model.insert(b"through db".to_vec(), b"1".to_vec());
    store.close().unwrap();
    let db = open_plain(&path, false, None);
    check(&db, DEFAULT_TREE, &model);
    check(&db, b"other", &other);
}

/// A load of `first` that fails, in a store that has a tree `whole` already.
fn failing(blocks: &[Vec<u8>], expected: Code) {
    let directory = scratch();
    let path = directory.path().join("store");
    let whole = plain(3_000);
    let store = Store::open(&options(&path, false, None), Health::now()).unwrap();
    let loader = Loader::start(&store, 1).unwrap();
    loader.begin(b"whole").unwrap();
    loader.load(encode(&whole)).unwrap();
    loader.end().unwrap();
    let outcome = loader.begin(DEFAULT_TREE).and_then(|()| {
        blocks.iter().try_for_each(|block| loader.load(block.clone()))?;
        loader.end()
    });
    assert_eq!(outcome.unwrap_err().code, expected);
    // It stays so.
    assert_eq!(loader.load(Vec::new()).unwrap_err().code, expected);
    assert_eq!(loader.finish().unwrap_err().code, expected);
    drop(loader);
    store.close().unwrap();
    // The store is sound: the tree is empty, the other is whole, and both can be written to.
    let db = open_plain(&path, false, None);
    let (mut first, mut whole) = (Model::new(), whole);
    check(&db, DEFAULT_TREE, &first);
    check(&db, b"whole", &whole);
    hammer(&db, DEFAULT_TREE, &mut first, 1, 3_000);
    hammer(&db, b"whole", &mut whole, 2, 3_000);
    drop(db);
    let db = open_plain(&path, false, None);
    check(&db, DEFAULT_TREE, &first);
    check(&db, b"whole", &whole);
}

#[test]
fn what_is_not_in_order_never_becomes_a_tree() {
    let block = |keys: &[&[u8]]| {
        let mut out = Vec::new();
        for key in keys {
            kgdump_sled::entries::push_bin(&mut out, key).unwrap();
            kgdump_sled::entries::push_bin(&mut out, b"v").unwrap();
        }
        out
    };
    let good = encode(&plain(9_000));
    failing(&[good.clone(), block(&[b"\x00"])], Code::DumpOrderBroken);
    failing(&[good.clone(), block(&[b"z", b"z"])], Code::DumpOrderBroken);
    failing(&[good.clone(), good.clone()], Code::DumpOrderBroken);
    failing(&[block(&[b""]), block(&[b""])], Code::DumpOrderBroken);
    failing(&[block(&[b"b", b"a"])], Code::DumpOrderBroken);
    failing(&[good.clone(), good[..good.len() - 1].to_vec()], Code::DumpOrderBroken);
    failing(&[good[..good.len() - 1].to_vec()], Code::DumpEntriesMalformed);
    failing(&[good.clone(), vec![0xc4, 1, 0xff, 0xc0]], Code::DumpEntriesMalformed);
    failing(&[good, block(&[&vec![0xff; MAX_KEY + 1]])], Code::StoreUnsupported);
}

#[test]
fn a_tree_with_entries_is_left_alone() {
    let directory = scratch();
    let path = directory.path().join("store");
    let model = plain(100);
    load(&path, false, None, 1, &[(b"t", &model)]).unwrap();
    let mut options = options(&path, false, None);
    options.create = false;
    let store = Store::open(&options, Health::now()).unwrap();
    let loader = Loader::start(&store, 1).unwrap();
    let outcome = loader.begin(b"t").and_then(|()| loader.end());
    assert_eq!(outcome.unwrap_err().code, Code::TargetExists);
    drop(loader);
    // Nor is one that the same load has filled.
    let loader = Loader::start(&store, 1).unwrap();
    loader.begin(b"u").unwrap();
    loader.load(encode(&model)).unwrap();
    assert_eq!(loader.end().unwrap(), 100);
    let outcome = loader.begin(b"u").and_then(|()| loader.load(encode(&plain(7)))).and_then(|()| loader.end());
    assert_eq!(outcome.unwrap_err().code, Code::TargetExists);
    drop(loader);
    store.close().unwrap();
    let db = open_plain(&path, false, None);
    check(&db, b"t", &model);
    check(&db, b"u", &model);
}

#[test]
fn a_load_that_is_given_up_leaves_a_sound_store() {
    for blocks in [0, 1, 40] {
        let directory = scratch();
        let path = directory.path().join("store");
        let store = Store::open(&options(&path, true, None), Health::now()).unwrap();
        let loader = Loader::start(&store, 2).unwrap();
        loader.begin(b"t").unwrap();
        let entries: Vec<_> = plain(blocks * 500).into_iter().collect();
        for part in entries.chunks(500) {
            loader.load(encode(&part.iter().cloned().collect())).unwrap();
        }
        // Closing ends the load.
        store.close().unwrap();
        assert_eq!(loader.end().unwrap_err().code, Code::StoreFailed);
        let db = open_plain(&path, true, None);
        let mut model = Model::new();
        check(&db, b"t", &model);
        hammer(&db, b"t", &mut model, 3, 2_000);
        check(&db, b"t", &model);
    }
}

#[test]
fn calls_out_of_turn_fail() {
    let directory = scratch();
    let mut number = 0;
    let mut fails = |calls: &dyn Fn(&Loader) -> Result<(), kgdump_sled::fault::SledFault>| {
        number += 1;
        let path = directory.path().join(number.to_string());
        let store = Store::open(&options(&path, false, None), Health::now()).unwrap();
        let loader = Loader::start(&store, 1).unwrap();
        assert_eq!(calls(&loader).unwrap_err().code, Code::StoreFailed);
        store.close().unwrap();
        open_plain(&path, false, None);
    };
    fails(&|loader| loader.end().map(drop));
    fails(&|loader| loader.load(Vec::new()).and_then(|()| loader.finish()));
    fails(&|loader| loader.begin(b"a").and_then(|()| loader.begin(b"b")).and_then(|()| loader.finish()));
    fails(&|loader| loader.begin(b"a").and_then(|()| loader.finish()));
    fails(&|loader| loader.finish().and_then(|()| loader.begin(b"a")));
}

#[test]
fn a_flush_makes_all_durable_when_sled_itself_has_nothing_left_to_write() {
    let directory = scratch();
    let path = directory.path().join("store");
    let store = Store::open(&options(&path, false, None), Health::now()).unwrap();
    store.flush().unwrap();
    store.flush().unwrap();
    // As a bulk load leaves value files; what can't be opened is noticed when it is to be synced.
    let value = path.join("blobs").join("7");
    drop(std::os::unix::net::UnixListener::bind(&value).unwrap());
    assert!(store.flush().is_err(), "a new value file was passed over");
    std::fs::remove_file(&value).unwrap();
    store.close().unwrap();
}
