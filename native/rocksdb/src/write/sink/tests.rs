//! Tests of families that come and go while a store is open.

use std::collections::BTreeMap;
use std::path::Path;

use super::*;
use crate::files::temporary::Directory;

fn open(store: &Path) -> Sink {
    Sink::open(store, "", "", Vec::new(), false).unwrap()
}

fn put(sink: &Sink, family: &str, value: &str) -> Outcome<()> {
    sink.operate(family.as_bytes(), &[Operation::Put(b"key".to_vec(), value.into())])
}

/// What each family that a sink has holds; an empty text where it holds nothing.
fn content(sink: &Sink) -> BTreeMap<String, String> {
    let value = |name: &Vec<u8>| {
        let found = sink.look_up(sink.family(name)?, b"key", |value| String::from_utf8(value.to_vec()).unwrap())?;
        Ok((String::from_utf8(name.clone()).unwrap(), found.unwrap_or_default()))
    };
    sink.names().iter().map(value).collect::<Outcome<_>>().unwrap()
}

#[test]
fn families_keep_what_is_theirs_when_others_are_dropped_and_made_again() {
    let directory = Directory::new("families-that-go");
    let store = directory.0.join("store");
    let mut sink = open(&store);
    let mut wanted = BTreeMap::from([("default".to_owned(), String::new())]);
    // The first, one in the middle and the last of them go, and come again in other places.
    for (number, step) in "+a +b +c -b -a +b -c +a -a -b".split(' ').enumerate() {
        let (does, name) = step.split_at(1);
        if does == "+" {
            sink.create_family(name.as_bytes(), "").unwrap();
            wanted.insert(name.to_owned(), String::new());
        } else {
            sink.drop_family(name.as_bytes()).unwrap();
            wanted.remove(name);
            assert_eq!(put(&sink, name, "gone").map_err(|fault| fault.code), Err("KEYSPACE_UNKNOWN"), "{step}");
            assert_eq!(sink.drop_family(name.as_bytes()).map_err(|fault| fault.code), Err("KEYSPACE_UNKNOWN"));
        }
        assert_eq!(content(&sink), wanted, "{number}: {step}");
        for (name, value) in &mut wanted {
            *value = format!("{name} at {number}");
            put(&sink, name, value).unwrap();
        }
        assert_eq!(content(&sink), wanted, "{number}: {step}");
        sink.flush(true).unwrap();
        if number % 4 == 3 {
            drop(sink);
            sink = open(&store);
            assert_eq!(content(&sink), wanted, "{number}: {step}, opened again");
        }
    }
}

#[test]
fn a_family_that_can_not_be_dropped_is_there_as_before() {
    let directory = Directory::new("family-that-stays");
    let store = directory.0.join("store");
    let mut sink = open(&store);
    sink.create_family(b"a", "").unwrap();
    put(&sink, "a", "first").unwrap();
    // RocksDB refuses to drop this one.
    assert!(sink.drop_family(b"default").is_err());
    put(&sink, "default", "first").unwrap();
    // Somebody works on the store.
    let user = Arc::clone(&sink.database);
    assert!(sink.drop_family(b"a").is_err());
    drop(user);
    put(&sink, "a", "second").unwrap();
    let wanted = [("a", "second"), ("default", "first")].map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(content(&sink), wanted.clone().into());
    // Work on it that was given away failed.
    sink.crew.give(|| Err(Fault::new("IO_FAILED", "made up"))).unwrap();
    assert_eq!(sink.drop_family(b"a").map_err(|fault| fault.code), Err("IO_FAILED"));
    drop(sink);
    assert_eq!(content(&open(&store)), wanted.into());
}
