use super::*;
use crate::files::conf::DEFAULTS;
use crate::files::made::{message_of, segment, value_file};
use crate::files::message::SEGMENT_HEADER;

#[test]
fn a_message_counts_only_for_its_page_kind_and_segment() {
    let store = std::env::temp_dir().join(format!("kgdump-pages-{}", std::process::id()));
    std::fs::create_dir_all(&store).unwrap();
    let body = [b'x'; 40];
    let one = message_of(8, 0, 2, &body);
    let size = u32::try_from(one.len()).unwrap();
    std::fs::write(store.join("db"), segment(256, 0, &[one, message_of(8, 0, 3, &[b'y'; 40])])).unwrap();
    let mut bodies = BodyReader::open(&store, Settings { segment_size: 256, ..DEFAULTS }).unwrap();
    let mut read = |page, codes, lsn| {
        let place = Place { lsn, at: SEGMENT_HEADER as u64, size, blob: false };
        bodies.body(page, place, codes, |found| Ok(found == body)).map_err(|fault| fault.code)
    };
    let first = SEGMENT_HEADER as i64;
    assert_eq!(read(2, [8, 9], first), Ok(true));
    assert_eq!(read(3, [8, 9], first), Err(Code::StoreDamaged), "of another page");
    assert_eq!(read(2, [10, 11], first), Err(Code::StoreDamaged), "of another kind");
    assert_eq!(read(2, [8, 9], 256 + first), Err(Code::StoreDamaged), "of another use of the segment");
    std::fs::remove_dir_all(&store).unwrap();
}

#[test]
fn what_cannot_be_read_is_lost_when_it_is_damaged_and_not_when_reading_fails() {
    let store = std::env::temp_dir().join(format!("kgdump-pages-sound-{}", std::process::id()));
    let blobs = store.join("blobs");
    std::fs::create_dir_all(blobs.join("5")).unwrap();
    std::fs::create_dir(store.join("db-that-fails")).unwrap();
    std::fs::write(store.join("db"), segment(256, 0, &[message_of(8, 0, 2, b"body")])).unwrap();
    std::fs::write(blobs.join("6"), value_file(9, b"body")).unwrap();
    std::fs::write(blobs.join("7"), value_file(11, b"body")).unwrap();
    std::fs::write(blobs.join("8"), b"cut").unwrap();
    let settings = Settings { segment_size: 256, ..DEFAULTS };
    let mut bodies = BodyReader::open(&store, settings).unwrap();
    let mut sound = |at, blob| {
        let place = Place { lsn: 20, at, size: 12, blob };
        bodies.sound(2, place, [8, 9], <[u8]>::to_vec).map_err(|fault| fault.code)
    };
    let body = Ok(Some(b"body".to_vec()));
    assert_eq!([(20, false), (6, true)].map(|(at, blob)| sound(at, blob)), [body.clone(), body]);
    // Not there, of another kind, cut short; in the log: another message, and behind its end.
    for (at, blob) in [(4, true), (7, true), (8, true), (24, false), (999, false)] {
        assert_eq!(sound(at, blob), Ok(None), "{at}");
    }
    // A directory is opened, and can't be read.
    assert_eq!(sound(5, true), Err(Code::IoFailed));
    std::fs::remove_file(store.join("db")).unwrap();
    std::fs::rename(store.join("db-that-fails"), store.join("db")).unwrap();
    let mut bodies = BodyReader::open(&store, settings).unwrap();
    let place = Place { lsn: 20, at: 20, size: 12, blob: false };
    assert_eq!(bodies.sound(2, place, [8, 9], |_| ()).map_err(|fault| fault.code), Err(Code::IoFailed));
    std::fs::remove_dir_all(&store).unwrap();
}
