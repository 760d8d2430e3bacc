//! Ids of nodes and edges as 16 bytes: those of a UUID; or those of a text, when it is short, else its hash, with the text kept in a file.

use std::collections::HashMap;

use kgdump_shared::fault::Outcome;
use sha2::{Digest as _, Sha256};

use super::sorter::Room;
use super::spill::Spill;

pub type Id = [u8; 16];

/// What ids of one kind are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Domain {
    Uuids,
    Texts,
}

/// Characters of a UUID's text.
pub const UUID_TEXT: usize = 36;
/// The last byte of the hash of a text; that of a short text is its length.
const HASHED: u8 = 0xff;
const LONGEST_HELD: usize = 15;

/// Reads 32 hex digits of either case and four dashes.
#[inline]
pub fn uuid_of(text: &[u8]) -> Option<Id> {
    let text: &[u8; UUID_TEXT] = text.try_into().ok()?;
    if [8, 13, 18, 23].into_iter().any(|at| text[at] != b'-') {
        return None;
    }
    let at = |start: usize| -> [u8; 4] { [text[start], text[start + 1], text[start + 2], text[start + 3]] };
    let digits = [[at(0), at(4)], [at(9), at(14)], [at(19), at(24)], [at(28), at(32)]];
    let mut id = Id::default();
    let mut wrong = 0;
    for (bytes, [first, second]) in id.as_chunks_mut::<4>().0.iter_mut().zip(digits) {
        let (value, bad) =
            eight_digits(u64::from(u32::from_be_bytes(first)) << 32 | u64::from(u32::from_be_bytes(second)));
        *bytes = value.to_be_bytes();
        wrong |= bad;
    }
    (wrong == 0).then_some(id)
}

/// The value of eight hex digits, and something else than 0 when they are not all such: all eight at once, a byte each of a word.
#[inline]
fn eight_digits(text: u64) -> (u32, u64) {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGHS: u64 = 0x80 * ONES;
    // Capitals become small letters, and digits stay what they are.
    let small = text | (0x20 * ONES);
    // The high bit of each byte that is at least so much; without those that have it already nothing is carried over.
    let at_least = |byte: u64| (small | HIGHS) - byte * ONES;
    let digit = at_least(0x30) & !at_least(0x3a) & HIGHS;
    let letter = at_least(0x61) & !at_least(0x67) & HIGHS;
    // A byte that became a digit by the change above was none, as was one beyond ASCII.
    let was_digit = !(text ^ small) << 2 & HIGHS;
    let bad = ((digit & was_digit | letter) ^ HIGHS) | text & HIGHS;
    let nibbles = (small & (0x0f * ONES)) + 9 * (letter >> 7);
    // Two digits become a byte, then these are brought together.
    let pairs = (nibbles >> 4 | nibbles) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs >> 8 | pairs) & 0x0000_ffff_0000_ffff;
    ((fours >> 16 | fours) as u32, bad)
}

/// The text of a UUID, in lower case.
pub fn uuid_text(id: &Id) -> String {
    let hex: String = id.iter().map(|byte| format!("{byte:02x}")).collect();
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}

/// The first 16 bytes of a hash.
pub fn hash_of(bytes: &[u8]) -> Id {
    let mut id = Id::default();
    id.copy_from_slice(&Sha256::digest(bytes)[..16]);
    id
}

/// Ids of texts, with what they stand for.
pub struct Names {
    room: Room,
    file: Option<Box<dyn Spill>>,
    pending: Vec<u8>,
    /// Some of those that were kept last, each at a place that its bytes tell.
    kept: Vec<Id>,
}

const KEPT: usize = 1 << 14;
const PENDING_BYTES: usize = 1 << 18;

impl Names {
    pub fn new(room: &Room) -> Self {
        Self { room: room.clone(), file: None, pending: Vec::new(), kept: Vec::new() }
    }

    /// The id of a text.
    ///
    /// Errors: those of the temporary file.
    pub fn id_of(&mut self, text: &[u8]) -> Outcome<Id> {
        let mut id = Id::default();
        if text.len() <= LONGEST_HELD {
            id[..text.len()].copy_from_slice(text);
            id[15] = text.len() as u8;
            return Ok(id);
        }
        id = hash_of(text);
        id[15] = HASHED;
        self.keep(id, text)?;
        Ok(id)
    }

    fn keep(&mut self, id: Id, text: &[u8]) -> Outcome<()> {
        if self.kept.is_empty() {
            self.kept = vec![Id::default(); KEPT];
        }
        let place = usize::from(u16::from_be_bytes([id[0], id[1]])) % KEPT;
        if self.kept[place] == id {
            return Ok(());
        }
        self.kept[place] = id;
        self.pending.extend_from_slice(&id);
        self.pending.extend_from_slice(&(text.len() as u32).to_le_bytes());
        self.pending.extend_from_slice(text);
        if self.pending.len() < PENDING_BYTES {
            return Ok(());
        }
        let pending = std::mem::take(&mut self.pending);
        match &mut self.file {
            Some(file) => file.append(&pending),
            none => none.insert(self.room.space.open()?).append(&pending),
        }
    }

    /// The texts of these ids.
    ///
    /// Errors: IO_FAILED.
    pub fn texts(&self, ids: impl Iterator<Item = Id>) -> Outcome<HashMap<Id, Vec<u8>>> {
        let mut texts: HashMap<Id, Vec<u8>> = HashMap::new();
        let mut wanted = 0;
        for id in ids {
            let held = usize::from(id[15]);
            if held <= LONGEST_HELD {
                texts.insert(id, id[..held].to_vec());
            } else if texts.insert(id, Vec::new()).is_none() {
                wanted += 1;
            }
        }
        if wanted == 0 {
            return Ok(texts);
        }
        let mut look = |id: Id, text: &[u8]| {
            if let Some(found) = texts.get_mut(&id) {
                *found = text.to_vec();
            }
        };
        if let Some(file) = &self.file {
            let mut at = 0;
            let mut piece = Vec::new();
            while at < file.length() {
                let left = usize::try_from(file.length() - at).unwrap_or(usize::MAX);
                piece.resize(left.min(PENDING_BYTES), 0);
                file.read(&mut piece, at)?;
                let (mut used, needed) = each(&piece, &mut look);
                if used == 0 {
                    // One text that is longer than a piece.
                    piece.resize(needed.min(left), 0);
                    file.read(&mut piece, at)?;
                    (used, _) = each(&piece, &mut look);
                }
                at += used.max(1) as u64;
            }
        }
        each(&self.pending, &mut look);
        Ok(texts)
    }
}

/// Shows each whole text to `look`. Bytes that it took, and those that the next text has.
fn each(bytes: &[u8], look: &mut impl FnMut(Id, &[u8])) -> (usize, usize) {
    let mut at = 0;
    loop {
        let rest = &bytes[at..];
        let Some((id, rest)) = rest.split_first_chunk::<16>() else { return (at, 20) };
        let Some((length, rest)) = rest.split_first_chunk::<4>() else { return (at, 20) };
        let length = u32::from_le_bytes(*length) as usize;
        let Some(text) = rest.get(..length) else { return (at, 20 + length) };
        look(*id, text);
        at += 20 + length;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::spill::memory::Memory;
    use super::*;

    #[test]
    fn uuids_come_back() {
        let text = "00095ffb-6bd4-45db-afdb-65be8a5835a6";
        let id = uuid_of(text.as_bytes()).expect("it is one");
        assert_eq!(uuid_text(&id), text);
        assert_eq!(uuid_of(text.to_uppercase().as_bytes()), Some(id));
        for wrong in [
            "",
            "00095ffb-6bd4-45db-afdb-65be8a5835ag",
            "00095ffb-6bd4-45db-afdb-65be8a5835a66",
            "00095ffb06bd4-45db-afdb-65be8a5835a6",
        ] {
            assert_eq!(uuid_of(wrong.as_bytes()), None, "{wrong}");
        }
    }

    #[test]
    fn each_character_counts_at_each_place() {
        let text = *b"0123abcd-89AB-CDEF-0a1b-2c3d4e5f6789";
        let plain = |text: &[u8]| -> Option<Id> {
            let dashes = [8, 13, 18, 23].iter().all(|&at| text[at] == b'-');
            let digits: Vec<u8> = text
                .iter()
                .enumerate()
                .filter(|(at, _)| ![8, 13, 18, 23].contains(at))
                .map(|(_, &byte)| byte)
                .collect();
            let value = |byte: u8| char::from(byte).to_digit(16).filter(|_| byte.is_ascii()).map(|value| value as u8);
            let bytes: Option<Vec<u8>> =
                digits.chunks(2).map(|pair| Some(value(pair[0])? << 4 | value(pair[1])?)).collect();
            bytes.filter(|_| dashes).map(|bytes| bytes.try_into().expect("16 bytes"))
        };
        for at in 0..UUID_TEXT {
            for byte in 0..=255 {
                let mut other = text;
                other[at] = byte;
                assert_eq!(uuid_of(&other), plain(&other), "{at} {byte}");
            }
        }
    }

    #[test]
    fn texts_of_any_length_are_found_again() {
        let room = Room { space: Arc::new(Memory), run_records: None };
        let mut names = Names::new(&room);
        let texts: Vec<Vec<u8>> = (0..60_usize).map(|number| vec![number as u8; number * number * 150]).collect();
        let ids: Vec<Id> = texts.iter().map(|text| names.id_of(text).expect("it can be kept")).collect();
        let again: Vec<Id> = texts.iter().map(|text| names.id_of(text).expect("it can be kept")).collect();
        assert_eq!(ids, again);
        let found = names.texts(ids.iter().copied()).expect("they can be read");
        for (id, text) in ids.iter().zip(&texts) {
            assert!(found.get(id) == Some(text));
        }
        let one = names.texts(ids.last().copied().into_iter()).expect("it can be read");
        assert!(one.values().next() == texts.last());
    }
}
