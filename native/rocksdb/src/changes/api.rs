//! What JavaScript sees of changes: a mark of a store, the keys that may have changed since, and passes over some ranges of a family.

use std::collections::VecDeque;
use std::sync::Arc;

use kgdump_shared::bin::{self, NIL};
use napi::bindgen_prelude::{AsyncTask, Buffer};
use napi_derive::napi;

use crate::api::job::{start, Job};
use crate::api::source::{RocksScan, RocksStore};
use crate::changes::changed::{changed_since, outdated};
use crate::changes::mark::Mark;
use crate::error::{Fault, Outcome};
use crate::read::block::Range;
use crate::read::scan::Scan;

/// A point in a store's life.
#[napi]
pub struct StoreMark {
    mark: Arc<Mark>,
}

/// Which keys may have changed.
#[napi(object)]
pub struct ChangedKeys {
    /// For each family, in the order of the store's facts: the keys as bins, in the family's order.
    pub keys: Option<Vec<Buffer>>,
    /// Why they can't be told, when they can't.
    pub unclear: Option<String>,
}

#[napi]
impl RocksStore {
    /// The point at which this store is read.
    #[napi]
    pub fn mark(&self) -> napi::Result<StoreMark> {
        Ok(StoreMark { mark: Arc::new(self.get()?.mark.clone()) })
    }

    /// Which keys may have changed since `mark`. The store must not be open for writing anywhere.
    #[napi(ts_return_type = "Promise<ChangedKeys>")]
    pub fn changed_since(&self, mark: &StoreMark) -> napi::Result<AsyncTask<Job<ChangedKeys>>> {
        let (store, mark) = (self.get()?, Arc::clone(&mark.mark));
        Ok(start(move || {
            Ok(match store.names.outcome(changed_since(&store, &mark))? {
                Ok(keys) => {
                    ChangedKeys { keys: Some(keys.iter().map(|keys| bins(keys).into()).collect()), unclear: None }
                }
                Err(reason) => ChangedKeys { keys: None, unclear: Some(reason.to_owned()) },
            })
        }))
    }

    /// Why a later mark would be better than `mark`, if it would. The store may be in use.
    #[napi]
    pub fn outdated(&self, mark: &StoreMark) -> napi::Result<Option<String>> {
        Ok(outdated(&*self.get()?, &mark.mark).map(str::to_owned))
    }

    /// Begins a pass over some ranges of a family: for each its first key, inclusive, and its end key, exclusive, as bins or nil for
    /// none. They must be in the family's order and not overlap.
    #[napi]
    pub fn scan_ranges(&self, family: u32, ranges: Buffer) -> napi::Result<RocksScan> {
        let ranges = ranges_of(&ranges)?;
        Ok(RocksScan::new(Scan::over(self.get()?, family as usize, ranges)?))
    }
}

fn bins(keys: &[Vec<u8>]) -> Vec<u8> {
    let mut out = vec![0; keys.iter().map(|key| bin::header_len(key.len()) + key.len()).sum()];
    let mut at = 0;
    for key in keys {
        at += bin::write(&mut out[at..], key);
    }
    out
}

fn ranges_of(mut bytes: &[u8]) -> Outcome<VecDeque<Range>> {
    let mut ranges = VecDeque::new();
    while !bytes.is_empty() {
        let (from, to) = (bound(&mut bytes)?, bound(&mut bytes)?);
        ranges.push_back(Range { from, to, prefix: None });
    }
    Ok(ranges)
}

fn bound(bytes: &mut &[u8]) -> Outcome<Option<Vec<u8>>> {
    // A bound that is not there.
    if bytes.first() == Some(&NIL) {
        *bytes = &bytes[1..];
        return Ok(None);
    }
    let key = bin::take(bytes).ok_or_else(|| Fault::new("INTERNAL", "a range is no pair of keys"))?;
    Ok(Some(key.to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_have_two_bounds() {
        let ranges = ranges_of(b"\xc0\xc4\x01a\xc4\x01b\xc0").unwrap_or_default();
        let bounds: Vec<_> = ranges.iter().map(|range| (range.from.as_deref(), range.to.as_deref())).collect();
        assert_eq!(bounds, [(None, Some(&b"a"[..])), (Some(&b"b"[..]), None)]);
        assert!(ranges_of(b"\xc0").is_err());
        assert!(ranges_of(b"\xc4\x02a\xc0").is_err());
        assert_eq!(bins(&[b"a".to_vec(), Vec::new()]), b"\xc4\x01a\xc4\x00");
    }
}
