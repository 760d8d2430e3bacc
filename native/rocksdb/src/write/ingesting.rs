//! Takes the tables of families into the store while the next families are loaded.
//!
//! Most of it is waiting for the disk, a few times for each family. RocksDB writes what several bring at once into MANIFEST together.
//!
//! Contract: errors of one that runs are told by a later one or by `finish`, which must be called before the store is.

use std::sync::Arc;
use std::thread::{Builder, JoinHandle};

use crate::error::{Fault, Outcome};
use crate::guard::guarded;
use crate::handle::Database;
use crate::tables::Tables;

/// So many run at the same time.
const MOST: usize = 6;

/// Ingestions that run.
#[derive(Default)]
pub struct Ingesting(Vec<JoinHandle<Outcome<()>>>);

impl Ingesting {
    /// Finishes the tables of a family and begins to take them into the store; the number of their entries.
    ///
    /// Errors: those of finishing tables, and of ingestions that began before.
    pub fn begin(&mut self, database: &Arc<Database>, family: usize, mut tables: Tables) -> Outcome<u64> {
        tables.finish_table()?;
        let entries = tables.entries();
        if self.0.len() >= MOST {
            join(self.0.remove(0))?;
        }
        let shared = Arc::clone(database);
        let ingest = move || guarded(|| tables.ingest(&shared, shared.family(family)?));
        let started = Builder::new().name("kgdump-ingest".to_owned()).spawn(ingest);
        self.0.push(started.map_err(|error| Fault::io("starting a thread for", database.path(), &error))?);
        Ok(entries)
    }

    /// Waits for all.
    ///
    /// Errors: DUMP_ORDER_BROKEN when tables overlap, NO_SPACE, IO_FAILED; the first one.
    pub fn finish(&mut self) -> Outcome<()> {
        let ended: Vec<_> = self.0.drain(..).map(join).collect();
        ended.into_iter().collect()
    }
}

impl Drop for Ingesting {
    fn drop(&mut self) {
        // Who drops it without having asked has an error already.
        let _ = self.finish();
    }
}

fn join(thread: JoinHandle<Outcome<()>>) -> Outcome<()> {
    thread.join().unwrap_or_else(|_| Err(Fault::new("INTERNAL", "a thread that took tables in ended without a result")))
}
