//! Threads that finish families while the next ones are loaded.
//!
//! Most of that is waiting for the disk, a few times for each family. The threads stay until all is done: a new one for each family would
//! begin with an empty heap each time.
//!
//! Contract: the first error stays: nothing is done after it, and every later call tells it again. `finish` must be called before what was
//! done is relied on.

use std::panic::{catch_unwind, AssertUnwindSafe};
use std::sync::mpsc::{sync_channel, Receiver, SyncSender};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread::{Builder, JoinHandle};

use crate::error::{Fault, Outcome, Reason as _};
use crate::guard::guarded;

/// So many work at the same time, and as many pieces of work wait.
const MOST: usize = 6;

type Work = Box<dyn FnOnce() -> Outcome<()> + Send>;

/// The threads, and what became of their work.
#[derive(Default)]
pub struct Crew {
    running: Option<Running>,
    failed: Arc<OnceLock<Fault>>,
}

/// The threads, and the queue that they work on until its sender is gone.
struct Running {
    queue: SyncSender<Work>,
    waiting: Arc<Mutex<Receiver<Work>>>,
    threads: Vec<JoinHandle<()>>,
}

impl Crew {
    /// Gives work to do; waits while too much of it waits.
    ///
    /// Errors: those of work that was given before.
    pub fn give(&mut self, work: impl FnOnce() -> Outcome<()> + Send + 'static) -> Outcome<()> {
        self.check()?;
        let running = self.running.get_or_insert_with(|| {
            let (queue, waiting) = sync_channel(MOST);
            Running { queue, waiting: Arc::new(Mutex::new(waiting)), threads: Vec::new() }
        });
        if running.threads.len() < MOST {
            let (waiting, failed) = (Arc::clone(&running.waiting), Arc::clone(&self.failed));
            let started = Builder::new().name("kgdump-family".to_owned()).spawn(move || run(&waiting, &failed));
            let thread =
                started.map_err(|error| Fault::new("IO_FAILED", format!("a thread can't be started: {error}")))?;
            running.threads.push(thread);
        }
        running.queue.send(Box::new(work)).map_err(|_| Fault::new("INTERNAL", "nobody does the work"))
    }

    /// Errors: that of the first work that failed so far.
    pub fn check(&self) -> Outcome<()> {
        self.failed.get().map_or(Ok(()), |fault| Err(fault.clone()))
    }

    /// Waits for all.
    ///
    /// Errors: that of the first work that failed.
    pub fn finish(&mut self) -> Outcome<()> {
        if let Some(Running { queue, threads, waiting }) = self.running.take() {
            drop(queue);
            for thread in threads {
                if thread.join().is_err() {
                    let _ = self
                        .failed
                        .set(Fault::new("INTERNAL", "a thread that finished families ended without a result"));
                }
            }
            drop(waiting);
        }
        self.check()
    }
}

impl Drop for Crew {
    fn drop(&mut self) {
        // Who drops it without having asked has an error already.
        let _ = self.finish();
    }
}

/// Does what waits until nobody can bring more.
fn run(waiting: &Mutex<Receiver<Work>>, failed: &OnceLock<Fault>) {
    loop {
        let next = waiting.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(work) = next else { return };
        // What is behind an error is thrown away: the store is of no use.
        if failed.get().is_some() {
            continue;
        }
        let ended = catch_unwind(AssertUnwindSafe(|| guarded(work)));
        if let Err(fault) = ended.unwrap_or_else(|payload| Err(Fault::panic(&*payload))) {
            // Only the first one counts.
            let _ = failed.set(fault);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

    use super::*;

    #[test]
    fn all_is_done_and_the_first_error_stays() {
        let done = Arc::new(AtomicUsize::new(0));
        let mut crew = Crew::default();
        for _ in 0..100 {
            let done = Arc::clone(&done);
            crew.give(move || {
                done.fetch_add(1, Relaxed);
                Ok(())
            })
            .unwrap();
        }
        crew.finish().unwrap();
        assert_eq!(done.load(Relaxed), 100);
        crew.give(|| Err(Fault::new("NO_SPACE", "full"))).unwrap();
        assert_eq!(crew.finish().map_err(|fault| fault.code), Err("NO_SPACE"));
        assert_eq!(crew.give(|| Ok(())).map_err(|fault| fault.code), Err("NO_SPACE"));
        let mut crew = Crew::default();
        crew.give(|| panic!("no result")).unwrap();
        assert_eq!(crew.finish().map_err(|fault| fault.code), Err("INTERNAL"));
    }
}
