//! What an object of JavaScript's holds until it is closed.
//!
//! Contract: one thread at a time has it; a panic of one thread does not keep the next from it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::fault::{Fault, Outcome};

/// Something that is held until it is taken. Clones are the same slot.
pub struct Slot<T>(Arc<Mutex<Option<T>>>);

impl<T> Slot<T> {
    pub fn new(held: T) -> Self {
        Self(Arc::new(Mutex::new(Some(held))))
    }

    /// Runs `work` with what is held.
    ///
    /// Errors: INTERNAL when it was taken; those of `work`.
    pub fn with<R>(&self, work: impl FnOnce(&mut T) -> Outcome<R>) -> Outcome<R> {
        work(self.lock().as_mut().ok_or_else(|| Fault::new("INTERNAL", "the store is closed"))?)
    }

    /// Takes what is held. None when it was taken before.
    pub fn take(&self) -> Option<T> {
        self.lock().take()
    }

    fn lock(&self) -> MutexGuard<'_, Option<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: Clone> Slot<T> {
    /// A copy of what is held. None when it was taken.
    pub fn get(&self) -> Option<T> {
        self.lock().clone()
    }
}

impl<T> Clone for Slot<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::Slot;

    #[test]
    fn what_was_taken_is_gone_from_all_clones() {
        let slot = Slot::new(vec![1]);
        let other = slot.clone();
        assert!(
            other
                .with(|held| {
                    held.push(2);
                    Ok(())
                })
                .is_ok()
        );
        assert_eq!(slot.get(), Some(vec![1, 2]));
        assert_eq!(slot.take(), Some(vec![1, 2]));
        assert_eq!((other.take(), other.get()), (None, None));
        assert_eq!(other.with(|_| Ok(())).unwrap_err().code, "INTERNAL");
    }
}
