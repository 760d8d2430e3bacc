//! A merge operator that refuses to merge.
//!
//! Without any merge operator RocksDB drops operands from its logs and stops, status OK. With this one it keeps them,
//! and a read that meets an operand fails loudly, while a store whose operands were all merged into values reads whole.
//!
//! Contract: the flag is set by whichever thread reads; it is shared and outlives the operator.

use std::ffi::{c_char, c_int, c_uchar, c_void};
use std::ptr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;

use crate::ffi;

/// Makes the operator; RocksDB's options own it once it is set. `met` becomes true when an operand is met.
pub fn tripwire(met: &Arc<AtomicBool>) -> *mut ffi::rocksdb_mergeoperator_t {
    let state = Arc::into_raw(Arc::clone(met)).cast_mut().cast::<c_void>();
    // SAFETY: the callbacks fit their types, and `state` is given back by `destroy`, which the library calls once.
    unsafe { ffi::rocksdb_mergeoperator_create(state, destroy, full_merge, partial_merge, None, name) }
}

extern "C" fn destroy(state: *mut c_void) {
    // SAFETY: `state` came from Arc::into_raw in `tripwire` and is given back exactly once.
    drop(unsafe { Arc::from_raw(state.cast_const().cast::<AtomicBool>()) });
}

extern "C" fn name(_state: *mut c_void) -> *const c_char {
    c"kgdump.tripwire".as_ptr()
}

extern "C" fn full_merge(
    state: *mut c_void,
    _key: *const c_char,
    _key_length: usize,
    _existing: *const c_char,
    _existing_length: usize,
    _operands: *const *const c_char,
    _operand_lengths: *const usize,
    _count: c_int,
    success: *mut c_uchar,
    length: *mut usize,
) -> *mut c_char {
    // SAFETY: `state` is the flag, alive until `destroy`.
    unsafe { &*state.cast_const().cast::<AtomicBool>() }.store(true, Ordering::SeqCst);
    refuse(success, length)
}

extern "C" fn partial_merge(
    _state: *mut c_void,
    _key: *const c_char,
    _key_length: usize,
    _operands: *const *const c_char,
    _operand_lengths: *const usize,
    _count: c_int,
    success: *mut c_uchar,
    length: *mut usize,
) -> *mut c_char {
    // Refusing to combine two operands is no error: RocksDB keeps both, and asks for the full merge when it reads.
    refuse(success, length)
}

fn refuse(success: *mut c_uchar, length: *mut usize) -> *mut c_char {
    // SAFETY: both point to locals of the library's caller.
    unsafe {
        *success = 0;
        *length = 0;
    }
    ptr::null_mut()
}
