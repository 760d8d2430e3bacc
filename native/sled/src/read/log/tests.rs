use std::fs;

use super::*;
use crate::files::made::{header, message_of, segment};
use crate::files::table::State;

const SIZE: usize = 256;

/// What a file of these segments is taken for: its end and its pages, or what is wrong with it.
fn walked(name: &str, bytes: &[u8], size: usize, known: i64) -> Result<(i64, Vec<State>), String> {
    let directory = std::env::temp_dir().join(format!("kgdump-log-{name}-{}", std::process::id()));
    fs::create_dir(&directory).unwrap();
    let db = directory.join("db");
    fs::write(&db, bytes).unwrap();
    let mut log = Log::of(&directory, File::open(&db).unwrap(), size, true);
    let end = log.walk(known).map_err(|fault| fault.message);
    fs::remove_dir_all(&directory).unwrap();
    Ok((end?, (0..log.table.end()).map(|page| log.table.state(page)).collect()))
}

#[test]
fn what_a_snapshot_covers_may_be_gone_from_the_log() {
    // A log of one segment, the second one, whose header knows of nothing stable.
    let bytes = [vec![0; 8192], segment(SEGMENT_HEADER, 8192, &[])].concat();
    let end = 8192 + SEGMENT_HEADER as i64;
    assert_eq!(walked("covered", &bytes, 8192, end), Ok((end, Vec::new())));
    assert!(walked("not-covered", &bytes, 8192, 0).is_err());
}

#[test]
fn from_the_segment_of_what_is_stable_on_none_is_missing() {
    let last = 3;
    for known in [0, 1, 255, 256, 257, 511, 512, 513, 767, 768] {
        for missing in 0..last {
            // What is stable is told by the last segment's header, or by a snapshot.
            for (who, stable, snapshot) in [("header", known, 0), ("snapshot", 0, known)] {
                let whole =
                    |number: u8| segment(SIZE, i64::from(number) * SIZE as i64, &[message_of(2, number, 0, b"")]);
                let mut bytes: Vec<u8> = (0..last).filter(|&number| number != missing).flat_map(whole).collect();
                bytes.extend(header(i64::from(last) * SIZE as i64, stable));
                let found = walked(&format!("missing-{who}-{known}-{missing}"), &bytes, SIZE, snapshot);
                let lost = i64::from(missing) * SIZE as i64;
                if known < lost + SIZE as i64 {
                    assert!(found.unwrap_err().contains(&format!("at {lost} is missing")), "{who} {known} {missing}");
                } else {
                    assert_eq!(found, Ok((788, Vec::new())), "{who} {known} {missing}");
                }
            }
        }
    }
}

#[test]
fn a_batch_counts_when_its_last_byte_is_there() {
    let batch = |last: i64| {
        let bytes = segment(SIZE, 0, &[message_of(3, 0, 0, &last.to_le_bytes()), message_of(8, 0, 5, b"page")]);
        walked(&format!("batch-{last}"), &bytes, SIZE, 0)
    };
    // The header, and the messages with 8 bytes each before their bodies.
    let end = 20 + 16 + 12;
    let (found, pages) = batch(end - 1).unwrap();
    assert_eq!((found, matches!(pages[..], [.., State::Present(_)])), (end, true));
    assert_eq!(batch(end), Ok((end, Vec::new())));
}

#[test]
fn behind_a_batch_that_is_not_whole_nothing_counts() {
    let batch = |last: i64| message_of(3, 0, 0, &last.to_le_bytes());
    let log = |name: &str, lasts: [i64; 2]| {
        let [first, second] = lasts.map(batch);
        walked(name, &segment(SIZE, 0, &[first, second, message_of(8, 0, 5, b"page")]), SIZE, 0).unwrap().1
    };
    assert!(matches!(log("both-whole", [30, 40])[..], [.., State::Present(_)]));
    for lasts in [[1000, 40], [30, 1000], [1000, 2000]] {
        assert!(log(&format!("cut-{}-{}", lasts[0], lasts[1]), lasts).is_empty(), "{lasts:?}");
    }
}

#[test]
fn no_segment_is_there_twice() {
    let [one, other] = [b"old", b"new"].map(|body| segment(SIZE, 0, &[message_of(8, 0, 5, body)]));
    assert!(walked("once", &one, SIZE, 0).is_ok());
    let twice = walked("twice", &[one, other].concat(), SIZE, 0);
    assert!(twice.unwrap_err().contains("is there twice"));
}

#[test]
fn a_page_has_room_for_a_message_in_the_file() {
    let page = |number| walked(&format!("page-{number}"), &segment(SIZE, 0, &[message_of(8, 0, number, b"")]), SIZE, 0);
    assert_eq!(page(31).map(|(_, pages)| pages.len()), Ok(32));
    assert!(page(32).unwrap_err().contains("page 32"));
}

#[test]
fn what_sled_does_not_leave_behind_is_damage() {
    let page = message_of(8, 0, 5, b"page");
    let whole = segment(SIZE, 0, std::slice::from_ref(&page));
    assert_eq!(walked("whole", &whole, SIZE, 0).map(|(end, _)| end), Ok(32));
    let refused = |name: &str, change: &dyn Fn(&mut [u8]), why: &str| {
        let mut bytes = whole.clone();
        change(&mut bytes);
        let found = walked(name, &bytes, SIZE, 0).unwrap_err();
        assert!(found.contains(why), "{name}: {found}");
    };
    // A header that is lost, or damaged; something behind the end that is no message; a log that was longer.
    refused("headless", &|bytes| bytes[..SEGMENT_HEADER].fill(0), "has lost its header");
    refused("header", &|bytes| bytes[7] ^= 1, "is damaged");
    refused("behind", &|bytes| bytes[200] = 1, "goes on behind");
    refused("ahead", &|bytes| bytes[..SEGMENT_HEADER].copy_from_slice(&header(0, 257)), "was written up to 257");
}

#[test]
fn behind_a_damaged_message_of_a_segment_that_is_used_again_the_log_goes_on() {
    let page = |number, page, length| message_of(8, number, page, &vec![b'x'; length]);
    // The second segment of the log lies where the first one was.
    let log = |name: &str, messages: &[Vec<u8>]| {
        walked(name, &segment(SIZE, 256, messages), SIZE, 256).map(|(end, pages)| (end, pages.len()))
    };
    let mut wrong = page(1, 6, 60);
    wrong[4] = 0;
    let end = 256 + 20 + 12;
    assert_eq!(log("again", &[page(1, 5, 4)]), Ok((end, 6)));
    assert_eq!(log("again-old", &[page(1, 5, 4), wrong.clone(), page(0, 7, 4)]), Ok((end, 6)));
    assert_eq!(log("again-cut", &[page(1, 5, 4), wrong.clone()]), Ok((end, 6)));
    for gap in [0, 30, 100] {
        let found = log(&format!("again-{gap}"), &[page(1, 5, 4), wrong.clone(), vec![0; gap], page(1, 7, 4)]);
        assert!(found.unwrap_err().contains("goes on behind"), "{gap}");
    }
}
