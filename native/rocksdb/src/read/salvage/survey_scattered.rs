//! The part of a table's survey that goes without its index.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use crate::files::table::block::{Entries, Layout};
use crate::files::table::error::{Read, TableError};
use crate::files::table::footer::Handle;
use crate::files::table::properties::Properties;
use crate::files::table::reader::BlockReader;
use crate::files::table::{InternalKey, Pieces, TableFile};

use super::find_blocks::find_blocks;
use super::losses::What;
use super::table_survey::Survey;

impl Survey<'_> {
    /// Finds blocks without an index.
    pub(super) fn by_checksums(
        &mut self,
        path: &Path,
        file: &Arc<File>,
        pieces: &Pieces,
        table: Option<&TableFile>,
        reason: &str,
    ) -> Read<()> {
        if let Some(table) = table {
            self.range_deletions(table)?;
        }
        self.found.properties = pieces.properties.clone();
        let Some(found) = find_blocks(file, pieces)? else {
            self.all_lost(reason.to_owned());
            return Ok(());
        };
        let mut form = found.form;
        let numbers = self.live.and_then(|live| live.sequences);
        if form.global_sequence.is_none() && pieces.properties.is_none() {
            form.global_sequence =
                numbers.filter(|&(smallest, largest)| smallest == largest).map(|(_, largest)| largest);
        }
        let mut reader = form.reader(Arc::clone(file), file.metadata()?.len());
        let mut hole = false;
        let mut lost = Vec::new();
        for handle in found.blocks {
            let Some(handle) = handle else {
                hole = true;
                continue;
            };
            let before = InternalKey::parse(&self.last).map(|key| key.user.to_vec());
            let start = self.found.entries;
            match self.block(&mut reader, &form, handle) {
                Ok(()) => {
                    if hole {
                        let first = self.first_of_block(&mut reader, handle);
                        lost.push(self.loss(reason).range(before, self.bounds().0, first));
                    }
                    hole = false;
                    self.blocks.push(handle);
                }
                Err(error @ TableError::Io(_)) => return Err(error),
                Err(_) => {
                    self.found.entries = start;
                    hole = true;
                }
            }
        }
        let ranges = self.found.range_deletions.len() as u64;
        let expected = pieces.properties.as_ref().and_then(Properties::entries);
        let complete =
            expected.is_some_and(|expected| expected == self.found.entries + ranges && !hole && lost.is_empty());
        if !complete {
            // Nobody tells where the last block should be: all behind what was found may be missing.
            let last = InternalKey::parse(&self.last).map(|key| key.user.to_vec());
            let missing = expected
                .map(|expected| expected.saturating_sub(self.found.entries + ranges))
                .filter(|_| lost.is_empty());
            lost.push(self.loss(reason).range(last, self.bounds().0, self.bounds().1).counting(missing));
            if table.is_none() {
                let (from, to) = self.bounds();
                let mut loss = self.loss(reason).between(from, to);
                loss.what = What::Deletions;
                lost.push(loss);
            }
        }
        self.found.losses.extend(lost);
        self.finish(path, form)
    }

    fn first_of_block(&self, reader: &mut BlockReader, handle: Handle) -> Option<Vec<u8>> {
        let mut entries = Entries::new(reader.block(handle, true).ok()?, Layout::Plain, Vec::new()).ok()?;
        entries.advance().ok()??;
        InternalKey::parse(entries.key()).map(|key| key.user.to_vec())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::files::live_file::LiveFile;
    use crate::files::table::tests::write_table;
    use crate::files::temporary::Directory;
    use crate::read::salvage::table_survey::survey_table;
    use crate::read::walk::KeyOrder;

    #[test]
    fn entries_of_a_table_without_properties_have_their_own_numbers_unless_all_have_one() {
        let directory = Directory::new("scattered-numbers");
        let path = directory.0.join("1.sst");
        write_table(&path, "block_based_table_factory={format_version=5;checksum=kXXH3;block_size=512}", 60);
        let whole = fs::read(&path).unwrap();
        // Without its footer, which tells where the properties are.
        fs::write(&path, &whole[..whole.len() - 1]).unwrap();
        // The lowest and the highest number that MANIFEST tells, and what the entries have, which were written without one.
        for (numbers, wanted) in [(None, 0), (Some((0, 0)), 0), (Some((0, 9)), 0), (Some((8, 9)), 0), (Some((9, 9)), 9)]
        {
            let live = LiveFile::between(b"edge", b"text~", numbers);
            let found = survey_table(&path, "1.sst", Some(0), KeyOrder::Bytewise, Some(&live)).unwrap();
            let first = found.run.map(|run| InternalKey::parse(&run.first).unwrap().sequence);
            assert_eq!((found.entries, first, found.largest_sequence), (60, Some(wanted), wanted), "{numbers:?}");
        }
    }
}
