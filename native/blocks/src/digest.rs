//! SHA-256 over the entries of a keyspace: blocks are worked on side by side, but hashed one after the other.
//!
//! Contract: a block's turn is taken before its work is queued, and work begins in the order in which it was queued, so
//! that whoever waits for a turn waits for work that is under way. A turn that is dropped unused is skipped.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use sha2::{Digest as _, Sha256};

/// The hash of what was added so far, and whose turn it is.
#[derive(Default)]
pub struct Digest {
    taken: AtomicU64,
    state: Mutex<State>,
    advanced: Condvar,
}

#[derive(Default)]
struct State {
    hash: Sha256,
    /// All turns before this one are over.
    turn: u64,
    /// Later ones that are over as well.
    skipped: BTreeSet<u64>,
}

impl Digest {
    /// The turn behind all that were taken before.
    pub fn take_turn(self: &Arc<Self>) -> Turn {
        Turn { number: self.taken.fetch_add(1, Ordering::SeqCst), digest: Arc::clone(self) }
    }

    /// The 32 bytes of the digest of all that was added.
    pub fn value(&self) -> Vec<u8> {
        self.lock().hash.clone().finalize().to_vec()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One block's place in the digest.
pub struct Turn {
    number: u64,
    digest: Arc<Digest>,
}

impl Turn {
    /// Waits until all turns before this one are over, then adds the bytes.
    pub fn add(self, bytes: &[u8]) {
        let others = |state: &mut State| state.turn < self.number;
        let waited = self.digest.advanced.wait_while(self.digest.lock(), others);
        waited.unwrap_or_else(PoisonError::into_inner).hash.update(bytes);
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut state = self.digest.lock();
        state.skipped.insert(self.number);
        while let Some(next) = state.skipped.first().copied().filter(|&first| first == state.turn) {
            state.skipped.remove(&next);
            state.turn += 1;
        }
        self.digest.advanced.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::thread;

    use sha2::{Digest as _, Sha256};

    use super::Digest;

    #[test]
    fn whatever_is_ready_first_is_hashed_in_turn() {
        let digest = Arc::new(Digest::default());
        let turns: Vec<_> = (0..100_u8).map(|number| (number, digest.take_turn())).collect();
        thread::scope(|scope| {
            for (number, turn) in turns.into_iter().rev() {
                scope.spawn(move || turn.add(&[number]));
            }
        });
        assert_eq!(digest.value(), Sha256::digest((0..100).collect::<Vec<u8>>()).to_vec());
    }

    #[test]
    fn turns_that_are_not_used_hold_nobody_up() {
        let digest = Arc::new(Digest::default());
        let (first, second, third, fourth) =
            (digest.take_turn(), digest.take_turn(), digest.take_turn(), digest.take_turn());
        drop(third);
        drop(first);
        second.add(b"2");
        fourth.add(b"4");
        assert_eq!(digest.value(), Sha256::digest(b"24").to_vec());
        assert_eq!(Digest::default().value(), Sha256::digest(b"").to_vec());
    }
}
