//! What is sound of a damaged store: all entries of all sound blocks and records, the newest version of each key, and what is
//! missing.
//!
//! RocksDB's own code is not used: it ends at the first damage. First everything is looked at, and what is lost is written down;
//! then a scan of a family merges what is sound. A value is never made up, and one that may be older than a lost one is counted.
//!
//! Contract: the store is only read, and nobody may change it meanwhile. Memory: one block a table, and the entries of the logs.

mod block_ends;
pub mod find;
mod find_blocks;
mod logs;
pub mod losses;
mod merge;
mod operands;
mod run;
pub mod scan;
pub mod state;
mod survey_scattered;
mod table_survey;
mod values;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::error::{Fault, Outcome};
use crate::files::options_file::OptionsFile;
use crate::files::table::properties::Properties;
use crate::read::comparators::{alias_of, BYTEWISE, REVERSE_BYTEWISE};
use crate::read::walk::KeyOrder;

use logs::survey_logs;
use losses::{Loss, What};
use run::{MemoryRun, TableRun};
use state::State;
use table_survey::{survey_table, RangeDeletion};

/// What is sound of one family.
#[derive(Default)]
pub struct Family {
    pub name: Vec<u8>,
    pub reverse: bool,
    tables: Vec<(u64, Arc<TableRun>)>,
    memory: Vec<(u64, Arc<MemoryRun>)>,
    range_deletions: Vec<RangeDeletion>,
    /// Entries of all kinds in its tables and logs, all versions.
    pub versions: u64,
    /// The name of its merge operator, as its tables tell it; empty when they don't.
    operator: String,
}

/// A damaged store that was looked at.
pub struct Salvage {
    directories: Vec<PathBuf>,
    /// Families by id.
    pub families: BTreeMap<u32, Family>,
    /// Names of all families, also of those of which nothing is read.
    pub names: BTreeMap<u32, Vec<u8>>,
    pub losses: Vec<Loss>,
    pub remarks: Vec<String>,
    /// Whether nobody can tell which tables counted.
    pub unsure: bool,
    /// Whether OPTIONS say that there is no family but `default`.
    only_default: bool,
    pub largest_sequence: u64,
    pub options: Option<OptionsFile>,
}

impl Salvage {
    /// Looks at all of the store at `path`.
    ///
    /// Errors: those of `State::read`, and of the disk.
    pub fn open(path: &Path, all_tables: bool) -> Outcome<Self> {
        let mut state = State::read(path, all_tables)?;
        let tables = std::mem::take(&mut state.tables);
        let mut salvage = Self {
            directories: state.directories.clone(),
            families: BTreeMap::new(),
            names: state.names.clone(),
            losses: Vec::new(),
            remarks: std::mem::take(&mut state.remarks),
            unsure: state.unsure,
            only_default: state.options.first().is_some_and(|file| file.families.len() == 1),
            largest_sequence: state.manifest.as_ref().map_or(0, |manifest| manifest.last_sequence),
            options: None,
        };
        let mut refused = BTreeMap::new();
        for (&id, name) in &state.names {
            let comparator =
                state.manifest.as_ref().and_then(|manifest| manifest.families.get(&id)?.comparator.clone());
            salvage.family(id, name, comparator.as_deref(), &mut refused);
        }
        for (number, table) in tables {
            let name = table
                .path
                .as_ref()
                .and_then(|path| path.file_name())
                .map_or_else(|| format!("{number:06}.sst"), |name| name.to_string_lossy().into_owned());
            let known = table.known.as_ref().map(|(id, _)| *id);
            let live = table.known.as_ref().map(|(_, live)| live);
            let Some(path) = table.path else {
                let loss = Loss::of_file(known, &name, "the file is missing");
                let bounds = live.map(|live| (live.first_key().to_vec(), live.last_key().to_vec()));
                let (from, to) = bounds.map_or((None, None), |(from, to)| (Some(from), Some(to)));
                let (lowest, highest) = live.and_then(|live| live.sequences).unwrap_or((0, u64::MAX));
                salvage.losses.push(loss.between(from, to).since(lowest).up_to(highest));
                continue;
            };
            salvage.table(number, &path, &name, known, live, &mut refused)?;
        }
        let logs = survey_logs(&state.logs, state.manifest.as_ref())?;
        salvage.losses.extend(logs.losses);
        salvage.remarks.extend(logs.remarks);
        for (id, mut entries) in logs.families {
            let name = state.names.get(&id).cloned();
            let Some(order) = salvage.order_of(id, name.as_deref(), &mut refused) else {
                let loss = Loss::of_file(
                    None,
                    "the logs",
                    format!("{} entries are of a family that is not known", entries.entries),
                );
                salvage.losses.push(loss.counting(Some(entries.entries)));
                continue;
            };
            entries.run.sort(order);
            if let Some(family) = salvage.families.get_mut(&id) {
                family.versions += entries.entries;
                family.memory.push((u64::MAX, Arc::new(entries.run)));
                family.range_deletions.extend(entries.range_deletions);
            }
        }
        salvage.losses.retain(|loss| loss.family.is_none_or(|id| !refused.contains_key(&id)));
        salvage.losses.extend(refused.into_values());
        let ttl = |file: &OptionsFile| {
            file.families.iter().any(|family| family.values.values().any(|value| value.contains("TtlCompactionFilter")))
        };
        if state.options.first().is_some_and(ttl) {
            salvage.remarks.push(
                "the store was made with a time to live: the last four bytes of each value are the time of its writing"
                    .to_owned(),
            );
        }
        salvage.options = state.options.into_iter().next();
        Ok(salvage)
    }

    /// Takes note of a family. One whose order is not known goes to `refused`.
    fn family(&mut self, id: u32, name: &[u8], comparator: Option<&[u8]>, refused: &mut BTreeMap<u32, Loss>) {
        let Some(order) = order_by_name(comparator) else {
            let other = comparator.unwrap_or_default().escape_ascii();
            let name = name.escape_ascii();
            let why = format!(
                "the family \"{name}\" is ordered by {other}, which kgdump does not know: nothing of it is read"
            );
            refused.entry(id).or_insert_with(|| Loss::of_file(Some(id), "", why));
            return;
        };
        let reverse = order == KeyOrder::Reverse;
        self.names.insert(id, name.to_owned());
        self.families.entry(id).or_insert_with(|| Family { name: name.to_owned(), reverse, ..Family::default() });
    }

    fn order_of(&mut self, id: u32, name: Option<&[u8]>, refused: &mut BTreeMap<u32, Loss>) -> Option<KeyOrder> {
        if let (None, Some(name)) = (self.families.get(&id), name.or((id == 0).then_some(&b"default"[..]))) {
            if !refused.contains_key(&id) {
                self.family(id, name, None, refused);
            }
        }
        let family = self.families.get(&id)?;
        Some(if family.reverse { KeyOrder::Reverse } else { KeyOrder::Bytewise })
    }

    fn table(
        &mut self,
        number: u64,
        path: &Path,
        name: &str,
        known: Option<u32>,
        live: Option<&crate::files::live_file::LiveFile>,
        refused: &mut BTreeMap<u32, Loss>,
    ) -> Outcome<()> {
        // Of a table that MANIFEST does not name, its properties tell the family, and with it the order.
        let mut id = known;
        if id.is_none() {
            let properties = table_survey::properties_of(path).map_err(|error| error.fault(path))?;
            id = properties.as_ref().and_then(Properties::family_id);
            if let (Some(id), Some(properties)) = (id, &properties) {
                let name = properties.family_name().map_or_else(|| format!("family {id}").into_bytes(), <[u8]>::to_vec);
                self.family(id, &name, properties.comparator(), refused);
            } else if properties.as_ref().map_or(self.only_default, Properties::is_empty) {
                // LevelDB has no families, and its tables no properties.
                self.family(0, b"default", None, refused);
                id = Some(0);
            }
        }
        let Some((id, order)) = id.and_then(|id| Some((id, self.order_of(id, None, refused)?))) else {
            if id.is_none() {
                self.losses.push(Loss::of_file(None, name, "its family is unknown"));
            }
            return Ok(());
        };
        let found = survey_table(path, name, Some(id), order, live).map_err(|error| error.fault(path))?;
        self.largest_sequence = self.largest_sequence.max(found.largest_sequence);
        self.losses.extend(found.losses);
        if let Some(family) = self.families.get_mut(&id) {
            family.versions += found.entries;
            if let Some(name) = found.properties.as_ref().and_then(Properties::merge_operator) {
                family.operator = String::from_utf8_lossy(name).into_owned();
            }
            family.range_deletions.extend(found.range_deletions);
            family.tables.extend(found.run.map(|run| (number, Arc::new(run))));
            if !found.unordered.is_empty() {
                family.memory.push((number, Arc::new(found.unordered)));
            }
        }
        Ok(())
    }

    /// The losses that concern a family.
    fn losses_of(&self, id: u32) -> impl Iterator<Item = &Loss> {
        self.losses.iter().filter(move |loss| loss.family.is_none_or(|family| family == id))
    }

    fn family_of(&self, id: u32) -> Outcome<&Family> {
        self.families.get(&id).ok_or_else(|| Fault::new("INTERNAL", format!("there is no family with the id {id}")))
    }
}

/// The order of the comparator with this name, RocksDB's default one without; none when it is not known.
fn order_by_name(comparator: Option<&[u8]>) -> Option<KeyOrder> {
    let Some(name) = comparator else { return Some(KeyOrder::Bytewise) };
    match std::str::from_utf8(name).ok()? {
        BYTEWISE => Some(KeyOrder::Bytewise),
        REVERSE_BYTEWISE => Some(KeyOrder::Reverse),
        other => alias_of(other).map(|alias| if alias.reverse { KeyOrder::Reverse } else { KeyOrder::Bytewise }),
    }
}

/// Whether a loss is about entries that lie anywhere.
fn is_anywhere(loss: &Loss) -> bool {
    loss.is_anywhere() && loss.what != What::Odd
}

#[cfg(test)]
mod tests;
