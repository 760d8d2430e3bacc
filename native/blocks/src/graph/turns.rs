//! Work that is begun side by side, and ends in the order in which it was asked for.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};

/// Whose turn it is.
#[derive(Default)]
pub struct Turns {
    tickets: AtomicU64,
    next: Mutex<u64>,
    changed: Condvar,
}

impl Turns {
    /// The next number. Who has one must come to its turn, and so must start before who has a later one: threads take work in this order.
    pub fn ticket(&self) -> u64 {
        self.tickets.fetch_add(1, Ordering::Relaxed)
    }

    /// Waits until all that have an earlier number have ended.
    fn wait(&self, ticket: u64) {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        while *next != ticket {
            next = self.changed.wait(next).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// A turn, which ends when it is dropped, whatever happened.
pub struct Turn<'a> {
    turns: &'a Turns,
    ticket: u64,
}

impl<'a> Turn<'a> {
    pub fn new(turns: &'a Turns, ticket: u64) -> Self {
        Self { turns, ticket }
    }

    /// Waits until it has come.
    pub fn wait(&self) {
        self.turns.wait(self.ticket);
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.turns.wait(self.ticket);
        *self.turns.next.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.turns.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::thread;
    use std::time::Duration;

    use super::*;

    /// Many wait at once, those with the latest turns first, so that one that is woken alone is hardly ever the next.
    #[test]
    fn however_many_wait_each_has_its_turn_in_order() {
        let turns = &Turns::default();
        let (done, ended) = mpsc::channel();
        thread::scope(|scope| {
            let first = Turn::new(turns, turns.ticket());
            let tickets: Vec<u64> = (0..24).map(|_| turns.ticket()).collect();
            for &ticket in tickets.iter().rev() {
                let done = done.clone();
                scope.spawn(move || {
                    let turn = Turn::new(turns, ticket);
                    turn.wait();
                    done.send(ticket).expect("somebody waits for it");
                });
                thread::sleep(Duration::from_millis(2));
            }
            drop(first);
            let order: Vec<u64> =
                tickets.iter().map_while(|_| ended.recv_timeout(Duration::from_secs(20)).ok()).collect();
            if order != tickets {
                // The others would be waited for without an end.
                eprintln!("of {tickets:?} came {order:?}");
                std::process::abort();
            }
        });
    }
}
