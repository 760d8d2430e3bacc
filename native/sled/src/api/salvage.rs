//! What JavaScript sees of recovering: a damaged store, what is lost of it, and what is sound. Sled is not called.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use kgdump_shared::fill::FillCounts;
use kgdump_shared::slot::Slot;
use napi::bindgen_prelude::{AsyncTask, Buffer};
use napi_derive::napi;

use crate::api::job::{Job, Passing, reading, to_js};
use crate::fault::{Code, Outcome, SledFault};
use crate::guard::Health;
use crate::memory;
use crate::read::salvage::history::Age;
use crate::read::salvage::rescue::{Problem, Rescue, Stretch, What};
use crate::read::salvage::scan::{SalvageFilled, SalvageScan};
use crate::read::store::ID_INTERVAL;

/// Something that is lost, or may be.
#[napi(object)]
pub struct SalvageLoss {
    /// Number of the tree; none when it may be any.
    pub tree: Option<u32>,
    /// Name of the file, from the store's directory on; empty when it may be several.
    pub file: String,
    pub offset: Option<f64>,
    /// Keys between which it lies; none at an end of the tree, or when they may be any.
    pub from: Option<Buffer>,
    pub to: Option<Buffer>,
    pub reason: String,
}

/// A tree of which something is left, or is known to be lost.
#[napi(object)]
pub struct SalvagedTree {
    /// None for leaves that no tree leads to.
    pub name: Option<Buffer>,
}

/// What is known of a damaged store.
#[napi(object)]
pub struct SalvageFacts {
    /// The version of sled that wrote the store: major and minor.
    pub version: String,
    pub compression: bool,
    pub segment_size: u32,
    /// The id from which sled's `generate_id` would go on, in decimal digits.
    pub next_id: Option<String>,
    pub trees: Vec<SalvagedTree>,
    pub losses: Vec<SalvageLoss>,
    /// What is not as it should be and loses nothing.
    pub remarks: Vec<String>,
}

/// What one fill did; see `FillCounts`.
#[napi(object)]
pub struct SalvageFill {
    pub counts: FillCounts,
    /// Something may be missing before the first entry; at the end, behind the last.
    pub gap: bool,
    /// How many entries may be older than what was lost.
    pub doubtful: f64,
}

/// Looks at all of the damaged store at `path`, which is only read.
#[napi]
pub fn salvage_store(path: String) -> AsyncTask<Job<SledSalvage>> {
    memory::share_arenas();
    // Panics are kept from Node's standard error.
    let _hook = Health::now();
    reading(move || {
        let rescue = Rescue::open(&PathBuf::from(path))?;
        Ok(SledSalvage { rescue: Slot::new(Arc::new(rescue)) })
    })
}

/// A damaged store that was looked at.
#[napi]
pub struct SledSalvage {
    rescue: Slot<Arc<Rescue>>,
}

#[napi]
impl SledSalvage {
    fn get(&self) -> Outcome<Arc<Rescue>> {
        self.rescue.get().ok_or_else(|| SledFault::new(Code::StoreFailed, "the store is closed"))
    }

    /// What is known of it.
    #[napi]
    pub fn facts(&self) -> napi::Result<SalvageFacts> {
        let rescue = self.get().map_err(to_js)?;
        let file = |path: &Path| path.strip_prefix(&rescue.path).unwrap_or(path).to_string_lossy().into_owned();
        let mut losses = Vec::new();
        let mut remarks = Vec::new();
        let told = |problem: &Problem| SalvageLoss {
            tree: None,
            file: file(&problem.path),
            offset: problem.offset.map(|offset| offset as f64),
            from: None,
            to: None,
            reason: problem.what.clone(),
        };
        for problem in &rescue.problems {
            if problem.loses {
                losses.push(told(problem));
            } else {
                let at = problem.offset.map(|offset| format!(" at {offset}")).unwrap_or_default();
                remarks.push(format!("{}{at}: {}", file(&problem.path), problem.what));
            }
        }
        let damaged = !losses.is_empty();
        for (tree, saved) in (0..).zip(&rescue.trees) {
            losses.extend(saved.stretches.iter().filter_map(|stretch| loss(tree, saved.name.is_some(), stretch)));
        }
        if damaged && losses.iter().all(|loss| loss.tree.is_none()) {
            remarks
                .push("each tree that is listed was found whole, in pages that nothing newer is known of".to_string());
        }
        losses.extend(rescue.refusal.as_ref().map(told));
        Ok(SalvageFacts {
            version: rescue.settings.version_text(),
            compression: rescue.settings.compression,
            segment_size: u32::try_from(rescue.settings.segment_size).unwrap_or(u32::MAX),
            next_id: rescue.counter.map(|counter| counter.saturating_add(2 * ID_INTERVAL).to_string()),
            trees: rescue.trees.iter().map(|tree| SalvagedTree { name: tree.name.clone().map(Into::into) }).collect(),
            losses,
            remarks,
        })
    }

    /// Begins a pass over the tree with this number.
    #[napi]
    pub fn scan(&self, tree: u32) -> napi::Result<SledSalvageScan> {
        let rescue = self.get().map_err(to_js)?;
        let scan = SalvageScan::new(&rescue, tree as usize).map_err(to_js)?;
        Ok(SledSalvageScan { scan: Passing::new(scan) })
    }

    /// Lets go of the lock; no pass may be read any more. A second call does nothing.
    #[napi]
    pub fn close(&self) {
        // Passes that JavaScript has not collected yet refer to it, too.
        if let Some(rescue) = self.rescue.take() {
            rescue.close();
        }
    }
}

/// What may be lost of a stretch of keys.
fn loss(tree: u32, is_tree: bool, stretch: &Stretch) -> Option<SalvageLoss> {
    let what = match &stretch.what {
        What::Entries { age: Age::Newest, .. } => return None,
        What::Entries { age: Age::PerhapsOld, .. } => {
            "newer entries and deletions may be lost: what is left may be old"
        }
        What::Entries { age: Age::Old, .. } => "newer entries or deletions are lost: what is left is old",
        What::Entries { age: Age::PerhapsAnothers, .. } => {
            "newer entries and deletions may be lost: what is left may be old, or have been another tree's"
        }
        What::Gap { why } => why,
    };
    let reason = if is_tree { what.to_string() } else { format!("nothing tells to which tree this belongs; {what}") };
    let from = (!stretch.span.lo.is_empty()).then(|| stretch.span.lo.clone().into());
    let to = stretch.span.hi.clone().map(Into::into);
    Some(SalvageLoss { tree: Some(tree), file: "db".to_string(), offset: None, from, to, reason })
}

/// A pass over what is left of a tree.
#[napi]
pub struct SledSalvageScan {
    scan: Passing<SalvageScan>,
}

#[napi]
impl SledSalvageScan {
    /// Writes the next entries into `buffer`, up to a place where something may be missing: at least one, if it fits, then more
    /// while they stay within `target` bytes.
    #[napi]
    pub fn fill(&self, buffer: Buffer, target: f64) -> AsyncTask<Job<SalvageFill>> {
        self.scan.fill(buffer, move |scan, block, capacity| {
            // Saturating: what is beyond the range means "no limit".
            let SalvageFilled { filled, gap, doubtful } = scan.fill(block, capacity, target as usize)?;
            Ok(SalvageFill { counts: filled.into(), gap, doubtful: doubtful as f64 })
        })
    }
}
