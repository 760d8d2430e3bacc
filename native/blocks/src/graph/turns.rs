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
