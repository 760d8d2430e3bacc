//! Finds the data blocks of a table whose index is lost: each ends where its checksum is right.
//!
//! Data blocks lie at the start of a table one behind the other. Where one begins, its end is looked for: a byte that may be a
//! compression type, and behind it the checksum of all before. Where none is found, the block is damaged, and the next one is
//! looked for from every byte on.
//!
//! Contract: time is bounded; memory is one block's. What is found can be decompressed and holds internal keys.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use crate::files::bytes::prefixed;
use crate::files::table::block::{Entries, Layout};
use crate::files::table::checksum::{context, Checksum};
use crate::files::table::error::Read;
use crate::files::table::footer::{Handle, TRAILER};
use crate::files::table::reader::Check;
use crate::files::table::{kind, InternalKey, Pieces};

use super::block_ends::ends;
use super::run::Form;

/// A block that is longer is not found.
const MOST_BLOCK: usize = 8 << 20;
/// Behind a damaged block, blocks up to so many bytes are looked for.
const MOST_BEHIND_DAMAGE: usize = 64 << 10;
/// Bytes that are looked at from every byte on in one table.
const MOST_STARTS: usize = 20_000;
/// Ends that the first block is tried with.
const MOST_BASES: usize = 4096;

/// What was found.
pub struct Found {
    pub form: Form,
    /// Blocks in their order; none where something was skipped.
    pub blocks: Vec<Option<Handle>>,
}

/// Looks for data blocks. None when the way in which blocks are checked can't be told.
pub fn find_blocks(file: &Arc<File>, pieces: &Pieces) -> Read<Option<Found>> {
    let size = file.metadata()?.len();
    let candidates: Vec<Form> = match &pieces.footer {
        Some(footer) => vec![form_of(footer.version, footer.checksum, footer.base, pieces)],
        None => [5, 6]
            .iter()
            .flat_map(|&version| Checksum::ALL[..4].iter().map(move |&checksum| form_of(version, checksum, 0, pieces)))
            .collect(),
    };
    // A first block that is sound tells at once which way is right; when it is damaged, each is tried behind it.
    for behind in [false, true] {
        for mut form in candidates.iter().filter(|form| form.check.checksum != Checksum::None).cloned() {
            let derive = form.version >= 6 && form.check.base == 0;
            let mut search = Search { file, size, bytes: Vec::new(), start: 0 };
            let first = match (derive, behind) {
                (true, false) => search.first_with_base(&mut form)?,
                (true, true) => None,
                (false, false) => search.block_at(&form, 0, MOST_BLOCK)?,
                (false, true) => search.behind_damage(&form, 1, &mut 0)?,
            };
            if let Some(first) = first {
                return search.rest(form, first).map(Some);
            }
        }
    }
    Ok(None)
}

fn form_of(version: u32, checksum: Checksum, base: u32, pieces: &Pieces) -> Form {
    Form {
        version,
        check: Check { checksum, base },
        dictionary: pieces.dictionary.clone(),
        global_sequence: pieces.global_sequence,
    }
}

struct Search<'s> {
    file: &'s Arc<File>,
    size: u64,
    bytes: Vec<u8>,
    start: u64,
}

impl Search<'_> {
    /// The bytes from `at` on, at most `most`.
    fn bytes(&mut self, at: u64, most: usize) -> Read<&[u8]> {
        let end = self.size.min(at.saturating_add(most as u64));
        if at < self.start || end > self.start + self.bytes.len() as u64 {
            let length = (end.max(self.size.min(at + (1 << 20))) - at) as usize;
            self.bytes.resize(length, 0);
            self.start = at;
            self.file.read_exact_at(&mut self.bytes, at)?;
        }
        let from = (at - self.start) as usize;
        Ok(&self.bytes[from..from + (end - at) as usize])
    }

    /// Finds the first block, and with it the base of the checksums: what makes this one's right.
    fn first_with_base(&mut self, form: &mut Form) -> Read<Option<Handle>> {
        let bytes = self.bytes(0, MOST_BLOCK)?.to_vec();
        let mut bases = Vec::new();
        ends(form.check.checksum, &bytes, |length, computed, stored| {
            bases.push((length, stored.wrapping_sub(computed)));
            bases.len() < MOST_BASES
        });
        for (length, base) in bases {
            form.check.base = base;
            let handle = Handle { offset: 0, size: length as u64 };
            let next = length as u64 + TRAILER;
            if base != 0 && self.is_data(form, handle)? && self.block_at(form, next, MOST_BLOCK)?.is_some() {
                return Ok(Some(handle));
            }
        }
        form.check.base = 0;
        Ok(None)
    }

    fn rest(&mut self, form: Form, first: Handle) -> Read<Found> {
        let mut blocks = Vec::new();
        if first.offset > 0 {
            blocks.push(None);
        }
        let mut spent = 0;
        let mut next = Some(first);
        while let Some(handle) = next {
            if self.is_index(&form, handle)? {
                return Ok(Found { form, blocks });
            }
            blocks.push(Some(handle));
            let Some(end) = handle.end() else { break };
            next = self.block_at(&form, end, MOST_BLOCK)?;
            if next.is_none() && !self.is_sound(&form, end)? {
                blocks.push(None);
                next = self.behind_damage(&form, end + 1, &mut spent)?;
            }
        }
        Ok(Found { form, blocks })
    }

    /// Whether a sound block that holds no entries starts here: a filter, properties or an index. Data blocks end before.
    fn is_sound(&mut self, form: &Form, at: u64) -> Read<bool> {
        if at >= self.size {
            return Ok(true);
        }
        let check = form.check;
        let bytes = self.bytes(at, MOST_BLOCK)?;
        let mut sound = false;
        ends(check.checksum, bytes, |_, computed, stored| {
            sound = computed.wrapping_add(context(check.base, at)) == stored;
            !sound
        });
        Ok(sound)
    }

    fn behind_damage(&mut self, form: &Form, from: u64, spent: &mut usize) -> Read<Option<Handle>> {
        let mut at = from;
        while at < self.size && *spent < MOST_STARTS {
            if let Some(handle) = self.block_at(form, at, MOST_BEHIND_DAMAGE)? {
                return Ok(Some(handle));
            }
            *spent += 1;
            at += 1;
        }
        Ok(None)
    }

    /// The data block that starts at `at`, if one of at most `most` bytes does.
    fn block_at(&mut self, form: &Form, at: u64, most: usize) -> Read<Option<Handle>> {
        if at >= self.size {
            return Ok(None);
        }
        let check = form.check;
        let mut lengths = Vec::new();
        ends(check.checksum, self.bytes(at, most)?, |length, computed, stored| {
            if computed.wrapping_add(context(check.base, at)) == stored {
                lengths.push(length);
            }
            lengths.is_empty()
        });
        for length in lengths {
            let handle = Handle { offset: at, size: length as u64 };
            if self.is_data(form, handle)? {
                return Ok(Some(handle));
            }
        }
        Ok(None)
    }

    /// Whether the block holds entries with internal keys.
    fn is_data(&self, form: &Form, handle: Handle) -> Read<bool> {
        let mut reader = form.reader(Arc::clone(self.file), self.size).with_stretch(1);
        let Ok(content) = reader.block(handle, true) else { return Ok(false) };
        let Ok(mut entries) = Entries::new(content, Layout::Plain, Vec::new()) else { return Ok(false) };
        let mut count = 0;
        loop {
            match entries.advance() {
                Ok(Some(_)) => {}
                Ok(None) => return Ok(count > 0),
                Err(_) => return Ok(false),
            }
            let entry = InternalKey::parse(entries.key());
            if entry.is_none_or(|key| !kind::is_known(key.kind) || key.kind == kind::RANGE_DELETION) {
                return Ok(false);
            }
            count += 1;
        }
    }

    /// Whether a block is an index, or a part of one: it may look like a data block, but each value is the place of a block before
    /// it, and these follow one another. A data block that looks so all the same is given up: nothing may be made up.
    fn is_index(&self, form: &Form, handle: Handle) -> Read<bool> {
        let mut reader = form.reader(Arc::clone(self.file), self.size).with_stretch(1);
        let Ok(content) = reader.block(handle, true) else { return Ok(false) };
        let Ok(mut entries) = Entries::new(content, Layout::Plain, Vec::new()) else { return Ok(false) };
        let mut behind = 0;
        while let Ok(Some(value)) = entries.advance() {
            let mut fields = value;
            let place = Handle::take(&mut fields).filter(|place| place.offset >= behind);
            let Some(end) = place.and_then(Handle::end).filter(|&end| end <= handle.offset) else { return Ok(false) };
            let with_first_key = !fields.is_empty() && prefixed(&mut fields).is_some() && fields.is_empty();
            if !fields.is_empty() && !with_first_key {
                return Ok(false);
            }
            behind = end;
        }
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::table::tests::write_table;
    use crate::files::table::{SoundParts, TableFile};
    use crate::files::temporary::Directory;
    use std::fs;

    fn found(bytes: &[u8], path: &std::path::Path) -> Vec<Option<Handle>> {
        fs::write(path, bytes).unwrap();
        let file = Arc::new(File::open(path).unwrap());
        let SoundParts::Pieces(pieces) = TableFile::sound_parts(&file, None).unwrap() else { panic!("it is whole") };
        find_blocks(&file, &pieces).unwrap().map(|found| found.blocks).unwrap_or_default()
    }

    #[test]
    fn blocks_are_found_without_footer_and_index() {
        let directory = Directory::new("find-blocks");
        let (path, cut) = (directory.0.join("1.sst"), directory.0.join("2.sst"));
        let kinds = [
            (2, "kCRC32c", "kBinarySearch", "kNoCompression"),
            (5, "kxxHash", "kBinarySearchWithFirstKey", "kSnappyCompression"),
            (5, "kxxHash64", "kTwoLevelIndexSearch", "kZSTD"),
            (6, "kCRC32c", "kTwoLevelIndexSearch", "kNoCompression"),
            (7, "kXXH3", "kBinarySearch", "kLZ4Compression"),
        ];
        for (version, checksum, index, compression) in kinds {
            let options = format!(
                "compression={compression};block_based_table_factory={{format_version={version};checksum={checksum};index_type={index};block_size=512;metadata_block_size=256}}"
            );
            write_table(&path, &options, 150);
            let whole = fs::read(&path).unwrap();
            let table = TableFile::open(&path, None).unwrap();
            let metaindex = table.footer().metaindex.offset as usize;
            let expected: Vec<_> = table.blocks().unwrap().into_iter().map(Some).collect();
            // Without its footer; the index, filters and properties are there, and none of them is taken for entries.
            assert!(found(&whole[..whole.len() - 1], &cut) == expected, "{options}");
            // Cut within a block.
            let hole = expected.len() / 2;
            let at = expected[hole].unwrap().offset as usize;
            assert!(found(&whole[..at + 9], &cut)[..hole] == expected[..hole], "{options}");
            // With a table of one block, which is damaged: its index is none of it.
            write_table(&path, &options, 3);
            let mut small = fs::read(&path).unwrap();
            small.pop();
            small[9] ^= 0x40;
            assert!(found(&small, &cut).iter().all(Option::is_none), "{options}");
            if checksum == "kCRC32c" {
                // With a damaged block in the middle, or at the beginning, where the footer tells how blocks are checked.
                let mut broken = whole.clone();
                broken[metaindex] ^= 0x40;
                for (hole, bytes) in [(hole, &whole[..whole.len() - 1]), (0, &broken[..])] {
                    let mut damaged = bytes.to_vec();
                    damaged[expected[hole].unwrap().offset as usize + 9] ^= 0x40;
                    let mut without = expected.clone();
                    without[hole] = None;
                    assert!(found(&damaged, &cut) == without, "block {hole} of {options}");
                }
            }
        }
    }
}
