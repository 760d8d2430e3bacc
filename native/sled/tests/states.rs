//! Reading trees leaf by leaf in every state that random updates by stock code pass through, against sled's own iterator.

#[allow(dead_code)] // Not every test needs all of it.
mod support;

use std::fs;

use kgdump_sled::fault::{Code, Doing, SledFault};
use kgdump_sled::guard;
use kgdump_sled::read::pass::KeyRange;
use kgdump_sled::store::DEFAULT_TREE;
use sled::Db;

use support::reading::{Pairs, all, read};
use support::{Model, Random, load, open_plain, scratch};

/// One of few keys, some of them long and alike, so that pages split and merge all the time.
fn key(random: &mut Random) -> Vec<u8> {
    let number = u16::try_from(random.below(3_000)).unwrap();
    let long = if number.is_multiple_of(3) { 40 } else { 0 };
    [&vec![7; long][..], &number.to_be_bytes(), &vec![1; random.below(2) * 8]].concat()
}

#[test]
fn every_state_of_a_store_that_stock_code_writes_is_read_as_stock_code_reads_it() {
    let seed = std::env::var("SEED").map_or(0x5eed_2001, |seed| seed.parse().unwrap());
    // In small segments the log is written over old parts of itself: what is cut off is then not the newest part, and is damage.
    for (round, compression, segment) in [(1, false, 1 << 16), (2, true, 1 << 22), (3, false, 1 << 22)] {
        eprintln!("SEED={seed}, round {round}");
        let big = segment / 4 + 1000;
        let mut random = Random(seed + round);
        let directory = scratch();
        let path = directory.path().join("store");
        let loaded: Model = (0..2_000_u16).map(|i| (i.to_be_bytes().to_vec(), vec![3; 20])).collect();
        load(&path, compression, Some(segment), 1, &[(DEFAULT_TREE, &loaded)]).unwrap();
        let loaded_length = fs::metadata(path.join("db")).unwrap().len();
        let db = open_plain(&path, compression, Some(segment));
        let other = db.open_tree("other").unwrap();
        for _ in 0..1_200 {
            let tree = if random.below(4) == 0 { &other } else { &*db };
            if random.below(5) < 2 {
                let from = key(&mut random);
                let gone: Vec<_> = tree.range(from..).take(20).map(|entry| entry.unwrap().0).collect();
                for key in gone {
                    tree.remove(key).unwrap();
                }
            } else {
                for _ in 0..8 {
                    let length = if random.below(2_000) == 0 { big } else { random.below(60) };
                    tree.insert(key(&mut random), random.bytes(length)).unwrap();
                }
            }
        }
        db.flush().unwrap();
        same_as_stock(&db, true, "before it was closed");
        drop((other, db));
        let length = fs::metadata(path.join("db")).unwrap().len();
        let straight = in_order(&fs::read(path.join("db")).unwrap(), segment);
        assert_eq!(straight, round > 1);
        let (mut states, mut cut) = (0, 0);
        // How much of the log is used again, and so how many of its parts stock code opens, depends on the moments at which sled writes.
        while cut < 15 || (states < 3 && cut < 150) {
            let at = if cut == 0 { length } else { loaded_length + random.next() % (length - loaded_length) };
            let copy = directory.path().join(format!("cut-{cut}"));
            fs::create_dir_all(copy.join("blobs")).unwrap();
            for file in ["db", "conf"] {
                fs::copy(path.join(file), copy.join(file)).unwrap();
            }
            for blob in fs::read_dir(path.join("blobs")).unwrap().map(Result::unwrap) {
                fs::copy(blob.path(), copy.join("blobs").join(blob.file_name())).unwrap();
            }
            fs::OpenOptions::new().write(true).open(copy.join("db")).unwrap().set_len(at).unwrap();
            // A log that is used again in places is not always one that stock code opens when it is cut.
            let config = sled::Config::new().path(&copy).use_compression(compression).segment_size(segment);
            let opened = guard::contain(Doing::Reading, || {
                config.flush_every_ms(None).open().map_err(|e| SledFault::sled(&e, Doing::Reading, "opening"))
            });
            if let Ok(db) = opened {
                states += 1;
                same_as_stock(
                    &db,
                    straight || cut == 0,
                    &format!("SEED={seed}, round {round}, cut at {at} of {length}"),
                );
            }
            fs::remove_dir_all(&copy).unwrap();
            cut += 1;
        }
        assert!(states >= if straight { 9 } else { 3 }, "{states} of {cut}");
    }
}

/// Whether a log's segments lie in the order in which they were written: the header of each has its place in the whole log.
fn in_order(log: &[u8], segment: usize) -> bool {
    let lsns = log.chunks(segment).map(|bytes| u64::from_le_bytes(bytes[4..12].try_into().unwrap()) ^ (u64::MAX >> 1));
    lsns.enumerate().all(|(number, lsn)| lsn == (number * segment) as u64)
}

/// Reads all trees, both ways and in parts, first as we do and then as stock code does, which may write. A store that is not
/// `whole` may be damaged in ways that stock code does not see.
fn same_as_stock(db: &Db, whole: bool, what: &str) {
    for name in db.tree_names() {
        let tree = db.open_tree(name).unwrap();
        let up = read(&tree, &all(false));
        let mut down = read(&tree, &all(true));
        let middle = vec![0, 0xff];
        let part = |lower, upper| read(&tree, &KeyRange { lower, upper, reverse: false });
        let parts = (part(None, Some(middle.clone())), part(Some(middle), None));
        let stock = guard::contain(Doing::Reading, || {
            let pairs = tree.iter().map(|entry| entry.map(|(key, value)| (key.to_vec(), value.to_vec())));
            pairs.collect::<Result<Pairs, _>>().map_err(|e| SledFault::sled(&e, Doing::Reading, "iterating"))
        });
        match stock {
            Ok(_) if !whole && matches!(up, Err(SledFault { code: Code::StoreDamaged, .. })) => {}
            Ok(stock) => {
                assert_eq!(up.unwrap(), stock, "{what}");
                if let Ok(down) = &mut down {
                    down.reverse();
                }
                assert_eq!(down.unwrap(), stock, "{what}, downwards");
                assert_eq!([parts.0.unwrap(), parts.1.unwrap()].concat(), stock, "{what}, in parts");
            }
            // What stock code cannot read is not read by us either.
            Err(_) => assert!(up.is_err(), "{what}"),
        }
    }
}
