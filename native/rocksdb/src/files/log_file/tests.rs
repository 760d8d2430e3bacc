//! Tests of the log reader with logs written as RocksDB writes them.

use super::physical::HEADER;
use super::*;

const LOG: u32 = 7;

/// Writes records as RocksDB does, in fragments where a block ends.
fn write_log(records: &[Vec<u8>], log: Option<u32>) -> Vec<u8> {
    let (shift, header) = if log.is_some() { (4, RECYCLABLE_HEADER) } else { (0, HEADER) };
    let mut out: Vec<u8> = Vec::new();
    for record in records {
        let mut rest = &record[..];
        let mut first = true;
        loop {
            let room = BLOCK - out.len() % BLOCK;
            if room < header {
                out.resize(out.len() + room, 0);
                continue;
            }
            let take = rest.len().min(room - header);
            let last = take == rest.len();
            let kind = shift + [[3, 4], [2, 1]][usize::from(first)][usize::from(last)];
            let mut body = vec![kind];
            body.extend(log.map(u32::to_le_bytes).into_iter().flatten());
            body.extend_from_slice(&rest[..take]);
            let masked = crc32c::crc32c(&body).rotate_right(15).wrapping_add(0xa282_ead8);
            out.extend_from_slice(&masked.to_le_bytes());
            out.extend_from_slice(&(take as u16).to_le_bytes());
            out.extend_from_slice(&body);
            rest = &rest[take..];
            first = false;
            if last {
                break;
            }
        }
    }
    out
}

fn read(bytes: &[u8], log: Option<u32>) -> Result<(Vec<Vec<u8>>, End), LogError> {
    let mut records = Vec::new();
    let end = read_log::<LogError>(bytes, log, |_, piece| {
        if let Piece::Record(record) = piece {
            records.push(record.to_vec());
        }
        Ok(())
    })?;
    Ok((records, end))
}

fn records() -> Vec<Vec<u8>> {
    [1, 0, 300, 32_700, 5, 70_000, 20]
        .iter()
        .enumerate()
        .map(|(index, &length)| vec![index as u8 + 1; length])
        .collect()
}

#[test]
fn what_was_written_is_read() {
    for log in [None, Some(LOG)] {
        let bytes = write_log(&records(), log);
        assert_eq!(read(&bytes, log).expect("a good log"), (records(), End::Clean));
    }
}

#[test]
fn a_cut_log_is_torn_and_keeps_a_prefix() {
    for log in [None, Some(LOG)] {
        let bytes = write_log(&records(), log);
        for length in (0..bytes.len()).step_by(1_031).chain(bytes.len() - 40..bytes.len()) {
            let (read, _) = read(&bytes[..length], log).expect("a torn log");
            assert!(read.len() < records().len() && records().starts_with(&read), "cut at {length}");
        }
    }
}

#[test]
fn every_flipped_bit_is_damage() {
    for log in [None, Some(LOG)] {
        let bytes = write_log(&records(), log);
        for at in (0..bytes.len()).step_by(2_039).chain(0..40).chain(bytes.len() - 60..bytes.len()) {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1 << (at % 8);
            match read(&flipped, log) {
                Err(LogError::Damaged { .. }) => {}
                // The zeros at the end of a block say nothing.
                Ok((read, End::Clean)) if read == records() => {}
                other => panic!("flip at {at}: {:?}", other.map(|(read, end)| (read.len(), end))),
            }
        }
    }
}

#[test]
fn a_reused_file_ends_where_its_new_content_ends() {
    let old = write_log(&vec![vec![9; 100]; 50], Some(LOG - 1));
    let new = write_log(&records()[..3], Some(LOG));
    let mut reused = old.clone();
    reused[..new.len()].copy_from_slice(&new);
    let (read_back, _) = read(&reused, Some(LOG)).expect("a reused log");
    assert_eq!(read_back, records()[..3]);
    reused[20] ^= 1;
    assert!(matches!(read(&reused, Some(LOG)), Err(LogError::Damaged { .. })));
}

#[test]
fn zeros_are_an_end_only_when_nothing_follows() {
    let mut bytes = write_log(&records()[..3], None);
    let length = bytes.len();
    bytes.extend_from_slice(&[0; 100]);
    assert_eq!(read(&bytes, None).expect("a preallocated log").0, records()[..3]);
    let more = write_log(&records()[4..5], None);
    bytes.extend_from_slice(&more);
    match read(&bytes, None) {
        Err(LogError::Damaged { offset, .. }) => assert_eq!(offset, length as u64),
        other => panic!("{other:?}"),
    }
    // Nor when it is no record, and nothing or zeros are all that the file ends with.
    for zeros in [0, 100, BLOCK] {
        let mut bytes = write_log(&records()[..3], None);
        bytes.resize(BLOCK, 0);
        bytes.resize(2 * BLOCK, 0xec);
        bytes.resize(2 * BLOCK + zeros, 0);
        match read(&bytes, None) {
            Err(LogError::Damaged { offset, .. }) => assert_eq!(offset, length as u64),
            other => panic!("{zeros} zeros at the end: {other:?}"),
        }
    }
}

#[test]
fn a_reused_file_may_go_on_with_anything() {
    // The end of a new record seldom falls on the start of an old one.
    let old: Vec<u8> = (0..40_000_u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    for length in [1, 2, 3, 50, 300, 301] {
        let new = write_log(&[vec![7; 40], vec![8; length]], Some(LOG));
        let mut reused = old.clone();
        reused[..new.len()].copy_from_slice(&new);
        let (read_back, end) = read(&reused, Some(LOG)).expect("a reused log");
        assert_eq!((read_back.len(), end), (2, End::Clean));
    }
}

#[test]
fn the_last_bytes_of_a_reused_file_are_told_apart_as_far_as_they_can_be() {
    let new = write_log(&[vec![7; 40]], Some(LOG));
    let end = |left: &[u8]| read(&[&new[..], left].concat(), Some(LOG)).map(|(_, end)| end).expect("a reused log");
    let offset = new.len() as u64;
    let begun = write_log(&[vec![8; 40]], Some(LOG));
    for length in 1..=60_u64 {
        let left = vec![0xec; length as usize];
        let rest = if length < 7 { End::Rest { offset, length } } else { End::Clean };
        assert_eq!(end(&left), rest, "{length} bytes of another log");
        if length < 51 {
            let torn = if length < 7 { rest } else { End::Torn { offset, dropped: length } };
            assert_eq!(end(&begun[..length as usize]), torn, "{length} bytes of a record");
        }
    }
    // Where no header fits any more before the end of a block, the writer leaves zeros.
    for room in 1..11 {
        let full = write_log(&[vec![7; BLOCK - RECYCLABLE_HEADER - room]], Some(LOG));
        let reused = [full, vec![0xec; room + 100]].concat();
        assert_eq!(read(&reused, Some(LOG)).map(|(_, end)| end).expect("a reused log"), End::Clean, "{room}");
    }
}

#[test]
fn a_part_that_fills_its_block_may_have_been_written_in_half() {
    let all = [vec![1; 300], vec![2; 60_000]];
    let bytes = write_log(&all, Some(LOG));
    for lacking in [1, 7, 500, 20_000] {
        // What another log left goes on for blocks.
        let mut file = bytes[..BLOCK - lacking].to_vec();
        file.resize(3 * BLOCK, 0xab);
        let (read, _) = read(&file, Some(LOG)).expect("an end");
        assert_eq!(read, all[..1], "{lacking} bytes were not written");
    }
}

#[test]
fn a_type_of_reused_files_in_a_new_one_is_damage() {
    let mut bytes = write_log(&records()[..3], None);
    let last = bytes.len() - HEADER - 300;
    assert_eq!(bytes[last + 6], 1);
    bytes[last + 6] = 5;
    assert!(matches!(read(&bytes, None), Err(LogError::Damaged { .. })));
    assert!(matches!(read(&bytes, Some(LOG)), Err(LogError::Damaged { .. })));
}

#[test]
fn what_no_writer_leaves_is_damage_and_what_a_stopped_one_leaves_is_not() {
    let read = |bytes: &[u8], number| read_log::<LogError>(bytes, number, |_, _| Ok(()));
    let record = |kind: u8, payload: &[u8]| {
        let typed = [&[kind], payload].concat();
        let masked = crc32c::crc32c(&typed).rotate_right(15).wrapping_add(0xa282_ead8);
        [&masked.to_le_bytes()[..], &(payload.len() as u16).to_le_bytes(), &typed].concat()
    };
    let refused = |bytes: &[u8], number, why: &str| {
        let reason = read(bytes, number).map_err(|error| match error {
            LogError::Damaged { reason, .. } => reason,
            LogError::Io(error) => error.to_string(),
        });
        assert!(reason.clone().is_err_and(|reason| reason.contains(why)), "{why}: {reason:?}");
    };
    // A record that was begun and never ended, with another one behind it, and with nothing.
    refused(&[record(2, b"begun"), record(1, b"whole")].concat(), Some(LOG), "lacks its end");
    assert!(matches!(read(&record(2, b"begun"), Some(LOG)), Ok(End::Torn { offset: 0, dropped: 12 })));
    // Zeros are left where no header fits any more, and not where one does.
    for (room, fits) in [(10, false), (20, true)] {
        let block = [record(1, &vec![7; BLOCK - HEADER - room]), vec![0; room], record(1, b"next")].concat();
        if fits {
            refused(&block, Some(LOG), "records follow");
        } else {
            assert!(matches!(read(&block, Some(LOG)), Ok(End::Clean)));
        }
    }
    // Records of a log with a greater number; a note where no writer makes one.
    refused(&write_log(&[b"later".to_vec()], Some(LOG + 1)), Some(LOG), LATER_LOG);
    refused(&record(130, &[0; 24]), None, "only write-ahead logs");
}
