//! Comparators by name: which orders of keys kgdump knows, and what those are whose order it does not.
//!
//! RocksDB opens a family only with a comparator that has the name which MANIFEST tells. Some programs give RocksDB's own
//! orders names of their own. These are read with a comparator of that name over the order of bytes.
//!
//! Contract: the comparators made here live for ever, one for each name, as RocksDB's own do.

use std::cmp::Ordering;
use std::ffi::{c_char, c_int, c_void, CStr, CString};
use std::sync::OnceLock;

use crate::ffi;

/// RocksDB's own names of the order of bytes, and of its reverse.
pub const BYTEWISE: &str = "leveldb.BytewiseComparator";
pub const REVERSE_BYTEWISE: &str = "rocksdb.ReverseBytewiseComparator";

/// A name that a program gave to one of these orders.
#[derive(Debug)]
pub struct Alias {
    name: &'static CStr,
    program: &'static str,
    pub reverse: bool,
    made: OnceLock<Comparator>,
}

impl Alias {
    const fn new(name: &'static CStr, program: &'static str, reverse: bool) -> Self {
        Self { name, program, reverse, made: OnceLock::new() }
    }

    /// The comparator, which lives for ever.
    pub fn comparator(&'static self) -> *mut ffi::rocksdb_comparator_t {
        let made = self.made.get_or_init(|| {
            let state = std::ptr::from_ref(self).cast_mut().cast();
            // SAFETY: the functions take a pointer to an alias, which lives for ever and is only read.
            Comparator(unsafe { ffi::rocksdb_comparator_create(state, forget, compare, name_of) })
        });
        made.0
    }

    /// A comparator that has the name of one whose order is not known. It lives for ever, and is only good for opening what is not read.
    pub fn stand_in(name: &[u8]) -> Option<&'static Self> {
        let name: &'static CStr = Box::leak(CString::new(name).ok()?.into_boxed_c_str());
        Some(Box::leak(Box::new(Self::new(name, "", false))))
    }

    /// What is told of a family that is read by it.
    pub fn warning(&self, family: &str) -> String {
        let order = if self.reverse { REVERSE_BYTEWISE } else { BYTEWISE };
        format!(
            "{family} is ordered by the comparator {} of {}, which is read as {order}; a store that is restored from a dump has the latter name, and {} does not open it",
            self.name.to_string_lossy(),
            self.program,
            self.program
        )
    }
}

#[derive(Debug)]
struct Comparator(*mut ffi::rocksdb_comparator_t);

// SAFETY: RocksDB may call a comparator from all threads at once; ours only reads.
unsafe impl Send for Comparator {}
// SAFETY: as above.
unsafe impl Sync for Comparator {}

static ALIASES: [Alias; 4] = [
    Alias::new(c"RocksDB_SE_v3.10", "MyRocks", false),
    Alias::new(c"rev:RocksDB_SE_v3.10", "MyRocks", true),
    Alias::new(c"rocksdb.java.BytewiseComparator", "RocksDB's Java library", false),
    Alias::new(c"rocksdb.java.ReverseBytewiseComparator", "RocksDB's Java library", true),
];

/// The alias of this name, when it is one.
pub fn alias_of(name: &str) -> Option<&'static Alias> {
    ALIASES.iter().find(|alias| alias.name.to_bytes() == name.as_bytes())
}

/// What to do about a store whose order kgdump does not know.
pub fn hint_for(name: &str) -> &'static str {
    match name {
        "rocksdict" | "speedict" => "its Python library orders keys so unless a store is made in raw mode: let a script copy all entries into a store made with Options(raw_mode=True), with keys and values as bytes, and export that",
        "idb_cmp1" => "this is Chromium's IndexedDB, whose keys have an order of their own: let a page read its records by the IndexedDB interface",
        _ => "let the store's program copy its entries into a store with RocksDB's own order of keys, and export that",
    }
}

extern "C" fn forget(_state: *mut c_void) {}

extern "C" fn name_of(state: *mut c_void) -> *const c_char {
    // SAFETY: the state of our comparators is an alias, which lives for ever.
    unsafe { (*state.cast::<Alias>().cast_const()).name.as_ptr() }
}

extern "C" fn compare(state: *mut c_void, a: *const c_char, a_len: usize, b: *const c_char, b_len: usize) -> c_int {
    // SAFETY: the state of our comparators is an alias; RocksDB gives two keys of these lengths.
    let (reverse, a, b) = unsafe { ((*state.cast::<Alias>().cast_const()).reverse, slice(a, a_len), slice(b, b_len)) };
    let order = if reverse { b.cmp(a) } else { a.cmp(b) };
    match order {
        Ordering::Less => -1,
        Ordering::Equal => 0,
        Ordering::Greater => 1,
    }
}

/// The bytes of a key; an empty one may come with any pointer.
///
/// # Safety
/// `start` must point to `length` bytes that live as long as the result is used.
unsafe fn slice<'a>(start: *const c_char, length: usize) -> &'a [u8] {
    if length == 0 {
        return &[];
    }
    // SAFETY: as the caller promises.
    unsafe { std::slice::from_raw_parts(start.cast(), length) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compared(name: &str, a: &[u8], b: &[u8]) -> c_int {
        let alias = alias_of(name).map(std::ptr::from_ref).unwrap_or(std::ptr::null());
        compare(alias.cast_mut().cast(), a.as_ptr().cast(), a.len(), b.as_ptr().cast(), b.len())
    }

    #[test]
    fn bytes_are_compared_without_sign_and_shorter_first() {
        for (a, b) in [(&b""[..], &b"a"[..]), (b"a", b"ab"), (b"ab", b"b"), (b"\x7f", b"\x80"), (b"\xff", b"\xff\0")] {
            assert_eq!((compared("RocksDB_SE_v3.10", a, b), compared("RocksDB_SE_v3.10", b, a)), (-1, 1));
            assert_eq!((compared("rev:RocksDB_SE_v3.10", a, b), compared("rev:RocksDB_SE_v3.10", a, a)), (1, 0));
        }
    }

    #[test]
    fn other_names_are_none() {
        for name in ["", BYTEWISE, "RocksDB_SE_v3.1", "RocksDB_SE_v3.10.u64ts"] {
            assert!(alias_of(name).is_none());
        }
    }
}
