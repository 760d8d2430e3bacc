//! RocksDB's options, made of the texts of a plan, with comparators and merge operators of our own.

use std::ffi::{CString, c_char, c_int, c_uchar, c_void};
use std::path::{Path, PathBuf};
use std::ptr::null_mut;
use std::slice::from_raw_parts;

use crate::Outcome;
use crate::ffi::*;
use crate::model::{Family, Model};
use crate::operators::Operator;
use crate::plan::Order;
use crate::session::{c_path, call, failure};

/// What every store begins with: it is made when it isn't there, no thread reports statistics, and no room is taken ahead for logs, which in memory
/// takes more time than all else.
const ALWAYS: &str = "create_if_missing=true;create_missing_column_families=true;info_log_level=FATAL_LEVEL;\
    stats_dump_period_sec=0;stats_persist_period_sec=0;max_open_files=-1;allow_fallocate=false;";

/// Where options that aren't text come from.
#[derive(Clone)]
pub struct Texts {
    /// The store's own directory.
    pub store: PathBuf,
    /// Other directories for tables, with the bytes that each may take.
    pub tables_in: Vec<(PathBuf, u64)>,
}

impl Texts {
    /// A path beside the store.
    pub fn outside(&self, name: &str) -> PathBuf {
        let mut path = self.store.clone().into_os_string();
        path.push(".");
        path.push(name);
        path.into()
    }

    /// Options with nothing of the plan in them.
    pub fn plain(&self) -> Outcome<Pointer> {
        from_text("")
    }

    /// The options of the store.
    pub fn store(&self, model: &Model) -> Outcome<Pointer> {
        let options = from_text(&model.options)?;
        if !self.tables_in.is_empty() {
            let paths: Vec<CString> = self.tables_in.iter().map(|(path, _)| c_path(path)).collect::<Outcome<_>>()?;
            // SAFETY: the library copies the paths.
            unsafe {
                let made: Vec<Pointer> = (paths.iter().zip(&self.tables_in))
                    .map(|(path, (_, bytes))| rocksdb_dbpath_create(path.as_ptr(), *bytes))
                    .collect();
                rocksdb_options_set_db_paths(options, made.as_ptr(), made.len());
            }
        }
        Ok(options)
    }

    /// The options of a family.
    pub fn family(&self, model: &Model, family: &Family) -> Outcome<Pointer> {
        let options = from_text(&format!("{};{}", model.options, family.options))?;
        if let Some((order, name)) = &family.order {
            let state = Box::new(State { what: order.clone(), name: CString::new(name.as_str())? });
            // SAFETY: the library owns the state until it calls `destroy`, which the process's end may come before.
            unsafe {
                let state = Box::into_raw(state).cast();
                let made = rocksdb_comparator_create(state, destroy::<Order>, compare, name_of::<Order>);
                rocksdb_options_set_comparator(options, made);
            }
        }
        if let Some(name) = &family.operator {
            let state = Box::new(State { what: Operator::Concat, name: CString::new(name.as_str())? });
            // SAFETY: as above.
            unsafe {
                let (state, destroy) = (Box::into_raw(state).cast(), destroy::<Operator>);
                let made = rocksdb_mergeoperator_create(state, destroy, full, partial, free_value, name_of::<Operator>);
                rocksdb_options_set_merge_operator(options, made);
            }
        }
        Ok(options)
    }
}

/// A path that must be there before the store is opened.
pub fn make_directory(path: &Path) -> Outcome<()> {
    Ok(std::fs::create_dir_all(path)?)
}

fn from_text(text: &str) -> Outcome<Pointer> {
    let text = CString::new(format!("{ALWAYS}{}", text.trim_matches(';').replace(";;", ";")))?;
    // SAFETY: makes something new.
    let (base, options) = unsafe { (rocksdb_options_create(), rocksdb_options_create()) };
    call!(rocksdb_get_options_from_string(base, text.as_ptr(), options))
        .map_err(|error| format!("options {}: {error}", text.to_string_lossy()))?;
    Ok(options)
}

/// What our functions are given back by RocksDB.
#[repr(C)]
struct State<T> {
    what: T,
    name: CString,
}

unsafe extern "C" fn destroy<T>(state: *mut c_void) {
    // SAFETY: it was made by Box::into_raw in `family`, and RocksDB calls this once.
    drop(unsafe { Box::from_raw(state.cast::<State<T>>()) });
}

unsafe extern "C" fn name_of<T>(state: *mut c_void) -> *const c_char {
    // SAFETY: the state lives until `destroy`.
    unsafe { (*state.cast::<State<T>>()).name.as_ptr() }
}

/// # Safety
/// `length` bytes stand at `bytes`.
unsafe fn view<'a>(bytes: *const c_char, length: usize) -> &'a [u8] {
    if length == 0 {
        return &[];
    }
    // SAFETY: by the contract of this function.
    unsafe { from_raw_parts(bytes.cast(), length) }
}

unsafe extern "C" fn compare(
    state: *mut c_void,
    left: *const c_char,
    left_length: usize,
    right: *const c_char,
    right_length: usize,
) -> c_int {
    // SAFETY: RocksDB gives the state back, and two keys.
    unsafe {
        let order = &(*state.cast::<State<Order>>()).what;
        order.compare(view(left, left_length), view(right, right_length)) as c_int
    }
}

unsafe extern "C" fn full(
    state: *mut c_void,
    _key: *const c_char,
    _key_length: usize,
    existing: *const c_char,
    existing_length: usize,
    operands: *const *const c_char,
    lengths: *const usize,
    count: c_int,
    success: *mut c_uchar,
    new_length: *mut usize,
) -> *mut c_char {
    // SAFETY: RocksDB gives the state back, a value or null, `count` operands with their lengths, and room for two results.
    unsafe {
        let operator = &(*state.cast::<State<Operator>>()).what;
        let mut value = (!existing.is_null()).then(|| view(existing, existing_length).to_vec());
        for at in 0..usize::try_from(count).unwrap_or(0) {
            value = Some(operator.merge(value.as_deref(), view(*operands.add(at), *lengths.add(at))));
        }
        *success = 1;
        given(value.unwrap_or_default(), new_length)
    }
}

unsafe extern "C" fn partial(
    _state: *mut c_void,
    _key: *const c_char,
    _key_length: usize,
    _operands: *const *const c_char,
    _lengths: *const usize,
    _count: c_int,
    success: *mut c_uchar,
    new_length: *mut usize,
) -> *mut c_char {
    // SAFETY: RocksDB gives room for both. Operands are left as they are.
    unsafe {
        *success = 0;
        *new_length = 0;
    }
    null_mut()
}

/// # Safety
/// `length` may be written.
unsafe fn given(value: Vec<u8>, length: *mut usize) -> *mut c_char {
    // SAFETY: as the contract says; `free_value` makes the box again.
    unsafe { *length = value.len() };
    Box::into_raw(value.into_boxed_slice()).cast()
}

unsafe extern "C" fn free_value(_state: *mut c_void, value: *const c_char, length: usize) {
    if !value.is_null() {
        // SAFETY: `given` made it of a box of this length.
        drop(unsafe { Box::from_raw(std::ptr::slice_from_raw_parts_mut(value.cast_mut().cast::<u8>(), length)) });
    }
}
