//! What is sound of a damaged log: every whole record, wherever it stands.
//!
//! The strict reader in log_file.rs ends at the first damage. This one looks for the next record behind it, from every byte on.
//!
//! Contract: memory is the file's longest record; only reads.

use std::io::{self, Read};

use crate::files::log_file::physical::{
    is_recyclable, physical, u32_at, Doubt, Part, Physical, BLOCK, COMPRESSION, HEADER,
};

use super::log_expander::Expander;

/// The only way in which logs are compressed, and how such a record begins.
const ZSTD: u32 = 7;
const ZSTD_FRAME: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// What was found, in the order of the file.
pub enum Found<'a> {
    /// A whole record, expanded, and where it starts.
    Record(u64, &'a [u8]),
    /// Bytes that are no record of this log, from here on: a record may be lost.
    Hole(u64),
}

/// Reads all sound records of a log. `number` is that in its name; none of a MANIFEST.
pub fn read_sound(mut input: impl Read, number: Option<u32>, mut each: impl FnMut(Found<'_>)) -> io::Result<()> {
    let mut file = Vec::new();
    input.read_to_end(&mut file)?;
    let mut reader = Reader { open: None, whole: Vec::new(), expander: None, holes: false };
    let mut reused = false;
    for (index, block) in file.chunks(BLOCK).enumerate() {
        let start = (index * BLOCK) as u64;
        let mut at = 0;
        let mut sound = true;
        while at < block.len() {
            let offset = start + at as u64;
            if !sound && !may_begin(&block[at..], number, reused) {
                at += 1;
                continue;
            }
            match physical(&block[at..], number) {
                Physical::Record { part, payload, length, recyclable } => {
                    reused |= recyclable;
                    reader.part(part, offset, payload, &mut each);
                    at += length;
                    sound = true;
                }
                Physical::Doubtful(Doubt::Zero | Doubt::Short) if block[at..].iter().all(|&byte| byte == 0) => break,
                doubt => {
                    // What another log left behind is no loss.
                    if sound && !matches!(doubt, Physical::Doubtful(Doubt::Stale)) {
                        reader.open = None;
                        reader.holes = true;
                        each(Found::Hole(offset));
                    }
                    sound = false;
                    at += 1;
                }
            }
        }
    }
    if let Some(offset) = reader.open {
        each(Found::Hole(offset));
    }
    Ok(())
}

/// Whether a record may begin here, as far as its head tells.
fn may_begin(bytes: &[u8], number: Option<u32>, reused: bool) -> bool {
    let Some(&kind) = bytes.get(HEADER - 1) else { return false };
    if is_recyclable(kind) && number.is_some() {
        return bytes.len() >= HEADER + 4 && Some(u32_at(bytes, HEADER)) == number;
    }
    !reused && matches!(kind, 1..=4 | 9 | 10 | 130)
}

struct Reader {
    /// Where the record began whose parts are put together.
    open: Option<u64>,
    whole: Vec<u8>,
    expander: Option<Expander>,
    holes: bool,
}

impl Reader {
    fn part(&mut self, part: Part, offset: u64, payload: &[u8], each: &mut impl FnMut(Found<'_>)) {
        match part {
            Part::Full => {
                self.interrupted(each);
                self.record(offset, payload.to_vec(), each);
            }
            Part::First => {
                self.interrupted(each);
                self.open = Some(offset);
                self.whole.clear();
                self.whole.extend_from_slice(payload);
            }
            Part::Middle if self.open.is_some() => self.whole.extend_from_slice(payload),
            Part::Last => match self.open.take() {
                Some(start) => {
                    self.whole.extend_from_slice(payload);
                    let whole = std::mem::take(&mut self.whole);
                    self.record(start, whole, each);
                }
                None => each(Found::Hole(offset)),
            },
            Part::Middle => each(Found::Hole(offset)),
            Part::Note(kind) => self.note(kind == COMPRESSION, payload),
        }
    }

    fn interrupted(&mut self, each: &mut impl FnMut(Found<'_>)) {
        if let Some(offset) = self.open.take() {
            each(Found::Hole(offset));
        }
    }

    fn record(&mut self, offset: u64, bytes: Vec<u8>, each: &mut impl FnMut(Found<'_>)) {
        if self.expander.is_none() && self.holes && bytes.starts_with(&ZSTD_FRAME) {
            self.expander = Expander::new(ZSTD); // the note of it is lost
        }
        match &mut self.expander {
            None => each(Found::Record(offset, &bytes)),
            Some(expander) => match expander.expand(&bytes) {
                Ok(bytes) => each(Found::Record(offset, bytes)),
                Err(_) => each(Found::Hole(offset)),
            },
        }
    }

    /// A note that the log is compressed; others say nothing of its records.
    fn note(&mut self, compression: bool, payload: &[u8]) {
        if let (true, Some(algorithm)) = (compression, super::bytes::fixed32(payload, 0)) {
            self.expander = Expander::new(algorithm);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::table::checksum::mask;

    fn record(payload: &[u8]) -> Vec<u8> {
        part(1, payload)
    }

    /// A whole record (1), or its first (2), a middle (3) or its last part (4); with 0 a whole one with a wrong checksum.
    fn part(kind: u8, payload: &[u8]) -> Vec<u8> {
        let mut typed = vec![kind.max(1)];
        typed.extend_from_slice(payload);
        let mut bytes = (mask(crc32c::crc32c(&typed)) ^ u32::from(kind == 0)).to_le_bytes().to_vec();
        bytes.extend_from_slice(&(payload.len() as u16).to_le_bytes());
        bytes.extend_from_slice(&typed);
        bytes
    }

    fn read(bytes: &[u8]) -> Vec<String> {
        let mut all = Vec::new();
        read_sound(bytes, Some(7), |found| {
            all.push(match found {
                Found::Record(_, bytes) => String::from_utf8_lossy(bytes).into_owned(),
                Found::Hole(offset) => format!("hole at {offset}"),
            });
        })
        .unwrap();
        all
    }

    #[test]
    fn a_record_needs_all_its_parts_and_a_loss_stands_where_it_begins() {
        // What kind each part is, with a letter of its content; and what is found.
        for (parts, wanted) in [
            ("2a 3b 4c", "abc"),
            ("2a 1b", "hole at 0, b"),
            ("2a 2b 4c", "hole at 0, bc"),
            ("2a 3b", "hole at 0"),
            ("3a 1b", "hole at 0, b"),
            ("4a 1b", "hole at 0, b"),
            ("2a 1b 4c", "hole at 0, b, hole at 16"),
            ("1a 2b 1c 2d 4e", "a, hole at 8, c, de"),
            // Behind damage nothing goes on that was begun before it.
            ("2a 0x 4c", "hole at 8, hole at 16"),
            ("2a 0x 3b 4c 1d", "hole at 8, hole at 16, hole at 24, d"),
            ("2a 0x 2b 4c", "hole at 8, bc"),
            ("2a 3b 0x 1c", "hole at 16, c"),
        ] {
            let log: Vec<u8> =
                parts.split(' ').map(str::as_bytes).flat_map(|text| part(text[0] - b'0', &text[1..])).collect();
            assert_eq!(read(&log).join(", "), wanted, "{parts}");
        }
    }

    #[test]
    fn records_behind_damage_are_found() {
        let mut log = [record(b"one"), record(b"two"), record(b"three")].concat();
        assert_eq!(read(&log), ["one", "two", "three"]);
        log[12] ^= 1; // the first byte of the second record's checksum
        assert_eq!(read(&log), ["one", "hole at 10", "three"]);
        log[4] = 0xff; // the first record's length
        assert_eq!(read(&log), ["hole at 0", "three"]);
        assert_eq!(read(&log[..log.len() - 1]), ["hole at 0"]);
        log.extend_from_slice(&[0; 100]);
        assert_eq!(read(&log), ["hole at 0", "three"]);
    }
}
