//! Bytes in, text out.

use std::cell::RefCell;

use kgdump_shared::bin;
use kgdump_shared::fault::{Fault, Outcome};

thread_local! {
    static GIVEN: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    static TOLD: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Where so many bytes are to be put for the next call; null when there is no room for them.
#[unsafe(no_mangle)]
extern "C" fn reserve(length: usize) -> *mut u8 {
    GIVEN.with_borrow_mut(|given| {
        if given.len() < length {
            // What was there before is of no use any more, and need not be moved.
            given.clear();
            if given.try_reserve_exact(length).is_err() {
                return std::ptr::null_mut();
            }
            given.resize(length, 0);
        }
        given.as_mut_ptr()
    })
}

/// Where the text of the last call is.
#[unsafe(no_mangle)]
extern "C" fn told() -> *const u8 {
    TOLD.with_borrow(|told| told.as_ptr())
}

/// Bytes of it.
#[unsafe(no_mangle)]
extern "C" fn told_length() -> usize {
    TOLD.with_borrow(String::len)
}

/// Gives `work` the first bytes of what was put in.
pub fn with_given<T>(length: usize, work: impl FnOnce(&[u8]) -> Outcome<T>) -> Outcome<T> {
    GIVEN
        .with_borrow(|given| work(given.get(..length).ok_or_else(|| Fault::new("INTERNAL", "more than was reserved"))?))
}

/// Whether it went well; if not, why is told.
pub fn done(outcome: Outcome<()>) -> bool {
    outcome.map_err(|fault| tell(fault.to_json())).is_ok()
}

/// The number of what was made, or -1.
pub fn made(outcome: Outcome<usize>) -> i32 {
    outcome
        .and_then(|number| i32::try_from(number).map_err(|_| Fault::new("INTERNAL", "too many builders")))
        .unwrap_or_else(|fault| {
            tell(fault.to_json());
            -1
        })
}

/// Whether there is a text, which is told.
pub fn text(outcome: Outcome<String>) -> bool {
    done(outcome.map(tell))
}

fn tell(text: String) {
    TOLD.set(text);
}

/// Settings as a row of bins.
pub struct Fields<'a>(pub &'a [u8]);

impl<'a> Fields<'a> {
    /// The next one; none at the end.
    pub fn next(&mut self) -> Option<&'a [u8]> {
        bin::take(&mut self.0)
    }

    /// The next one, which is a text.
    ///
    /// Errors: INTERNAL.
    pub fn text(&mut self) -> Outcome<&'a str> {
        let text = self.next().and_then(|bytes| std::str::from_utf8(bytes).ok());
        text.ok_or_else(|| Fault::new("INTERNAL", "settings that are not whole"))
    }
}

/// Things by their numbers.
pub struct Numbered<T>(Vec<Option<T>>);

impl<T> Numbered<T> {
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Keeps a thing. Its number.
    pub fn add(&mut self, thing: T) -> usize {
        self.0.push(Some(thing));
        self.0.len() - 1
    }

    /// Errors: INTERNAL when there is none of this number.
    pub fn get(&mut self, number: usize) -> Outcome<&mut T> {
        self.0.get_mut(number).and_then(Option::as_mut).ok_or_else(none)
    }

    /// Two of them, of which the second may be missing.
    ///
    /// Errors: INTERNAL.
    pub fn pair(&mut self, number: usize, other: Option<usize>) -> Outcome<(&mut T, Option<&mut T>)> {
        let Some(other) = other else { return Ok((self.get(number)?, None)) };
        let [one, other] = self.0.get_disjoint_mut([number, other]).map_err(|_| none())?;
        Ok((one.as_mut().ok_or_else(none)?, Some(other.as_mut().ok_or_else(none)?)))
    }

    /// Drops a thing; its number is not used again.
    pub fn drop(&mut self, number: usize) {
        if let Some(thing) = self.0.get_mut(number) {
            *thing = None;
        }
    }
}

/// What is asked of was never made.
pub fn none() -> Fault {
    Fault::new("INTERNAL", "there is no such builder")
}
