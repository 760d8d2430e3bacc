//! What JavaScript sees of recovering: a damaged store, what is lost of it, and what is sound.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use kgdump_shared::fill::FillCounts;
use kgdump_shared::slot::Slot;
use napi::bindgen_prelude::{AsyncTask, BigInt, Buffer};
use napi_derive::napi;

use crate::api::job::{start, start_with, Job};
use crate::error::Outcome;
use crate::read::salvage::losses::Loss;
use crate::read::salvage::scan::SalvageScan;
use crate::read::salvage::Salvage;

/// A family of which something is left.
#[napi(object)]
pub struct SalvagedFamily {
    pub id: u32,
    pub name: Buffer,
    pub reverse: bool,
    /// Entries of all kinds, all versions.
    pub versions: f64,
    pub options: HashMap<String, String>,
    pub table_options: HashMap<String, String>,
}

/// Something that is lost, or may be.
#[napi(object)]
pub struct SalvageLoss {
    /// Name of the family; none when it may be any.
    pub family: Option<Buffer>,
    /// "entries", "deletions", "value" or "odd".
    pub what: String,
    pub file: String,
    pub offset: Option<f64>,
    pub from: Option<Buffer>,
    pub to: Option<Buffer>,
    /// Whether `from` itself is there.
    pub after: bool,
    pub entries: Option<f64>,
    pub reason: String,
}

/// What is known of a damaged store.
#[napi(object)]
pub struct SalvageFacts {
    /// Version of the RocksDB that wrote OPTIONS.
    pub version: Option<String>,
    pub sequence_number: BigInt,
    pub families: Vec<SalvagedFamily>,
    pub losses: Vec<SalvageLoss>,
    pub remarks: Vec<String>,
    /// Whether nobody can tell which tables counted.
    pub unsure: bool,
}

/// What one fill did; see `FillCounts`.
#[napi(object)]
pub struct SalvageFill {
    pub counts: FillCounts,
    /// Something may be missing before the first entry; at the end, behind the last.
    pub gap: bool,
    /// How many may be older than what was lost.
    pub doubtful: f64,
    /// What was lost on the way.
    pub losses: Vec<SalvageLoss>,
}

/// A damaged store that was looked at.
#[napi]
pub struct RocksSalvage {
    salvage: Slot<Arc<Salvage>>,
}

/// Looks at all of the damaged store at `path`. `all_tables` takes those as well that MANIFEST does not name.
#[napi(ts_return_type = "Promise<RocksSalvage>")]
pub fn salvage_store(path: String, all_tables: bool) -> AsyncTask<Job<RocksSalvage>> {
    start(move || {
        let salvage = Salvage::open(&PathBuf::from(path), all_tables)?;
        Ok(RocksSalvage { salvage: Slot::new(Arc::new(salvage)) })
    })
}

#[napi]
impl RocksSalvage {
    fn get(&self) -> Outcome<Arc<Salvage>> {
        self.salvage.with(|salvage| Ok(Arc::clone(salvage)))
    }

    /// What is known of it.
    #[napi]
    pub fn facts(&self) -> napi::Result<SalvageFacts> {
        let salvage = self.get()?;
        let options = salvage.options.as_ref();
        let families = salvage.families.iter().map(|(&id, family)| {
            let own = options.and_then(|options| options.family(&family.name));
            let map = |values: &std::collections::BTreeMap<String, String>| values.clone().into_iter().collect();
            SalvagedFamily {
                id,
                name: family.name.clone().into(),
                reverse: family.reverse,
                versions: family.versions as f64,
                options: own.map(|own| map(&own.values)).unwrap_or_default(),
                table_options: own.and_then(|own| own.table.as_ref()).map(|(_, table)| map(table)).unwrap_or_default(),
            }
        });
        Ok(SalvageFacts {
            version: options.map(|options| options.version.clone()).filter(|version| !version.is_empty()),
            sequence_number: BigInt::from(salvage.largest_sequence),
            families: families.collect(),
            losses: salvage.losses.iter().map(|found| loss(found, &salvage)).collect(),
            remarks: salvage.remarks.clone(),
            unsure: salvage.unsure,
        })
    }

    /// Begins a pass over what is left of a family. Nothing is read before the first fill.
    #[napi]
    pub fn scan(&self, family: u32) -> napi::Result<RocksSalvageScan> {
        let salvage = self.get()?;
        let scan = SalvageScan::new(&salvage, family)?;
        Ok(RocksSalvageScan { scan: Arc::new(Mutex::new(scan)), salvage })
    }

    /// Forgets what was found. A second call does nothing.
    #[napi]
    pub fn close(&self) {
        drop(self.salvage.take());
    }
}

/// A pass over what is left of a family.
#[napi]
pub struct RocksSalvageScan {
    scan: Arc<Mutex<SalvageScan>>,
    salvage: Arc<Salvage>,
}

#[napi]
impl RocksSalvageScan {
    /// Writes the next entries into `buffer`, up to a gap. It must not be touched until the promise is settled.
    #[napi(ts_return_type = "Promise<SalvageFill>")]
    pub fn fill(&self, buffer: Buffer) -> AsyncTask<Job<SalvageFill>> {
        let (scan, salvage) = (Arc::clone(&self.scan), Arc::clone(&self.salvage));
        start_with(buffer, move |bytes| {
            let mut scan = scan.lock().unwrap_or_else(PoisonError::into_inner);
            let result = scan.fill(bytes)?;
            Ok(SalvageFill {
                counts: result.filled.into(),
                gap: result.gap,
                doubtful: result.doubtful as f64,
                losses: scan.losses.drain(..).map(|found| loss(&found, &salvage)).collect(),
            })
        })
    }
}

fn loss(loss: &Loss, salvage: &Salvage) -> SalvageLoss {
    let name = |id| salvage.names.get(&id).cloned().unwrap_or_else(|| format!("family {id}").into_bytes());
    SalvageLoss {
        family: loss.family.map(|id| name(id).into()),
        what: loss.what.name().to_owned(),
        file: loss.file.clone(),
        offset: loss.offset.map(|offset| offset as f64),
        from: loss.from.clone().map(Into::into),
        to: loss.to.clone().map(Into::into),
        after: loss.after,
        entries: loss.entries.map(|entries| entries as f64),
        reason: loss.reason.clone(),
    }
}
