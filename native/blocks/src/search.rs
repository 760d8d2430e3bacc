//! Searching for entries, as JavaScript asks for it.

use std::sync::{Arc, Mutex, PoisonError};

use kgdump_looking::stats::Search;
use napi::bindgen_prelude::{AsyncTask, Buffer};
use napi_derive::napi;

use crate::job::{Job, start};

/// Looks through blocks for entries whose key or value matches.
#[napi]
pub struct EntrySearch {
    search: Arc<Mutex<Search>>,
}

#[napi]
impl EntrySearch {
    /// Throws USAGE for a regular expression that is none.
    #[napi(constructor)]
    pub fn new(expression: String) -> napi::Result<Self> {
        Ok(Self { search: Arc::new(Mutex::new(Search::new(&expression)?)) })
    }

    /// The places of the entries of a block that match, counted from 0: at most so many.
    #[napi(ts_return_type = "Promise<Array<number>>")]
    pub fn find(&self, raw: Buffer, most: u32) -> AsyncTask<Job<Buffer, Vec<u32>>> {
        let search = Arc::clone(&self.search);
        start(raw, move |raw| search.lock().unwrap_or_else(PoisonError::into_inner).find(raw, most as usize))
    }
}
