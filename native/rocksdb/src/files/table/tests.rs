//! Two witnesses: what is read here of a table, and what RocksDB's own reader gives of it.

use std::ffi::{c_char, CString};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;
use std::{fs, ptr, slice};

use super::parts::properties_block;
use super::{kind, InternalKey, TableFile};
use crate::error::take_message;
use crate::ffi;
use crate::files::table::footer::FOOTER;
use crate::files::temporary::Directory;
use crate::handle::Options;

type Entry = (Vec<u8>, Vec<u8>);

unsafe extern "C" {
    fn kgd_table_value(table: *const ffi::kgd_table, length: *mut usize) -> *const c_char;
    fn rocksdb_sstfilewriter_merge(
        writer: *mut ffi::rocksdb_sstfilewriter_t,
        key: *const c_char,
        key_length: usize,
        value: *const c_char,
        value_length: usize,
        error: *mut *mut c_char,
    );
    fn rocksdb_sstfilewriter_delete(
        writer: *mut ffi::rocksdb_sstfilewriter_t,
        key: *const c_char,
        key_length: usize,
        error: *mut *mut c_char,
    );
    fn rocksdb_sstfilewriter_delete_range(
        writer: *mut ffi::rocksdb_sstfilewriter_t,
        from: *const c_char,
        from_length: usize,
        to: *const c_char,
        to_length: usize,
        error: *mut *mut c_char,
    );
}

/// Writes a table with RocksDB: values of many lengths, removals, operands, and a range removal. Returns what it holds.
pub fn write_table(path: &Path, options: &str, count: u32) -> Vec<(Vec<u8>, Vec<u8>, u8)> {
    let options = Options::from_text(options).unwrap();
    let c_path = CString::new(path.as_os_str().as_bytes()).unwrap();
    let mut error = ptr::null_mut();
    let mut written = Vec::new();
    // SAFETY: the pointers are valid for the calls; the writer goes before what it uses.
    unsafe {
        let env = ffi::rocksdb_envoptions_create();
        let writer = ffi::rocksdb_sstfilewriter_create(env, options.as_ptr());
        ffi::rocksdb_sstfilewriter_open(writer, c_path.as_ptr(), &raw mut error);
        for number in 0..count {
            let key = format!("{}/{number:08}", ["edge", "node", "text"][(number * 3 / count) as usize]).into_bytes();
            let text = format!("value {} of {}", number.wrapping_mul(2_654_435_761), number % 7);
            let value = text.repeat((number % 13) as usize * (number % 5) as usize).into_bytes();
            let (k, v) = (key.as_ptr().cast(), value.as_ptr().cast());
            let kind = match number % 50 {
                7 => {
                    rocksdb_sstfilewriter_delete(writer, k, key.len(), &raw mut error);
                    kind::DELETION
                }
                11 => {
                    rocksdb_sstfilewriter_merge(writer, k, key.len(), v, value.len(), &raw mut error);
                    kind::MERGE
                }
                _ => {
                    ffi::rocksdb_sstfilewriter_put(writer, k, key.len(), v, value.len(), &raw mut error);
                    kind::VALUE
                }
            };
            let value = if kind == kind::DELETION { Vec::new() } else { value };
            written.push((key, value, kind));
        }
        rocksdb_sstfilewriter_delete_range(writer, c"x".as_ptr(), 1, c"xy".as_ptr(), 2, &raw mut error);
        ffi::rocksdb_sstfilewriter_finish(writer, &raw mut error);
        ffi::rocksdb_sstfilewriter_destroy(writer);
        ffi::rocksdb_envoptions_destroy(env);
        assert_eq!(take_message(error), None);
    }
    written
}

/// All entries of a table as RocksDB reads them.
pub fn read_with_rocksdb(path: &Path) -> Vec<Entry> {
    let options = Options::new();
    let c_path = CString::new(path.as_os_str().as_bytes()).unwrap();
    let mut error = ptr::null_mut();
    let mut entries = Vec::new();
    // SAFETY: the pointers are valid for the calls; views are copied before the table moves.
    unsafe {
        let table = ffi::kgd_table_open(options.as_ptr(), c_path.as_ptr(), &raw mut error);
        assert_eq!(take_message(error), None);
        loop {
            let (mut key, mut length, mut error): (*const c_char, usize, _) = (ptr::null(), 0, ptr::null_mut());
            let found = ffi::kgd_table_key(table, &raw mut key, &raw mut length, &raw mut error);
            assert_eq!(take_message(error), None);
            if found == 0 {
                break;
            }
            let internal = slice::from_raw_parts(key.cast::<u8>(), length).to_vec();
            let value = kgd_table_value(table, &raw mut length);
            entries.push((internal, slice::from_raw_parts(value.cast::<u8>(), length).to_vec()));
            ffi::kgd_table_next(table);
        }
        ffi::kgd_table_close(table);
    }
    entries
}

/// All entries of a table as they are read here.
pub fn read_here(path: &Path) -> Vec<Entry> {
    let table = TableFile::open(path, None).unwrap();
    let mut entries = Vec::new();
    table
        .for_each(|key, value| {
            entries.push((key.to_vec(), value.to_vec()));
            Ok(())
        })
        .unwrap();
    entries
}

const CHECKSUMS: [&str; 5] = ["kCRC32c", "kxxHash", "kxxHash64", "kXXH3", "kNoChecksum"];
const COMPRESSIONS: [&str; 7] = [
    "kNoCompression",
    "kSnappyCompression",
    "kZlibCompression",
    "kBZip2Compression",
    "kLZ4Compression",
    "kLZ4HCCompression",
    "kZSTD",
];
const INDEXES: [&str; 4] = ["kBinarySearch", "kHashSearch", "kTwoLevelIndexSearch", "kBinarySearchWithFirstKey"];

/// Options that differ in one or two things from each other, so that each value of each meets some of the others.
fn combinations() -> Vec<String> {
    let mut all = Vec::new();
    let mut add = |compression: &str, dictionary: &str, table: String| {
        all.push(format!(
            "compression={compression};{dictionary}prefix_extractor=fixed:4;block_based_table_factory={{block_size=1024;metadata_block_size=512;{table}}}"
        ));
    };
    for version in 2..=7 {
        for checksum in CHECKSUMS {
            for index in INDEXES {
                add("kLZ4Compression", "", format!("format_version={version};checksum={checksum};index_type={index}"));
            }
        }
        for compression in COMPRESSIONS {
            for dictionary in [
                "",
                "compression_opts={max_dict_bytes=8192};",
                "compression_opts={max_dict_bytes=8192;zstd_max_train_bytes=65536};",
            ] {
                add(compression, dictionary, format!("format_version={version}"));
            }
        }
    }
    for other in [
        "data_block_index_type=kDataBlockBinaryAndHash",
        "block_restart_interval=1",
        "index_block_restart_interval=8",
        "enable_index_compression=false",
        "block_align=true",
        "filter_policy=bloomfilter:10:false;partition_filters=true;index_type=kTwoLevelIndexSearch",
        "index_shortening=kNoShortening;index_block_restart_interval=16",
        "use_delta_encoding=false",
        "block_size=1000000",
    ] {
        let compression = if other.starts_with("block_align") { "kNoCompression" } else { "kZSTD" };
        add(compression, "", other.to_owned());
    }
    all
}

#[test]
fn every_option_is_read_as_rocksdb_reads_it() {
    let directory = Directory::new("table-options");
    for (number, options) in combinations().iter().enumerate() {
        let path = directory.0.join(format!("{number}.sst"));
        let written = write_table(&path, options, 600);
        let here = read_here(&path);
        assert!(here == read_with_rocksdb(&path), "{options}");
        assert_eq!(here.len(), written.len(), "{options}");
        for ((internal, value), (key, expected, kind)) in here.iter().zip(&written) {
            let parsed = InternalKey::parse(internal).unwrap();
            assert_eq!((parsed.user, parsed.sequence, parsed.kind), (key.as_slice(), 0, *kind), "{options}");
            assert_eq!(value, expected, "{options}");
        }
        let table = TableFile::open(&path, None).unwrap();
        let properties = table.properties();
        assert_eq!(properties.entries(), Some(601), "{options}");
        assert_eq!((properties.range_deletions(), properties.deletions()), (Some(1), Some(13)), "{options}");
        assert_eq!(properties.merge_operands(), Some(12), "{options}");
        // RocksDB forgets to count them when it gathers a dictionary.
        let blocks = properties.data_blocks().unwrap();
        assert!(blocks == 0 || blocks == table.blocks().unwrap().len() as u64, "{options}");
        assert_eq!(properties.comparator(), Some(&b"leveldb.BytewiseComparator"[..]));
        let mut removed = Vec::new();
        table
            .for_each_range_deletion(|from, to| {
                removed.push((from[..from.len() - 8].to_vec(), to.to_vec()));
                Ok(())
            })
            .unwrap();
        assert_eq!(removed, [(b"x".to_vec(), b"xy".to_vec())], "{options}");
        fs::remove_file(&path).unwrap();
    }
}

/// Damage of any byte is an error or changes nothing that is read; never a panic, never another entry.
#[test]
fn damage_is_an_error() {
    let directory = Directory::new("table-damage");
    let path = directory.0.join("1.sst");
    for (version, compression) in [(5, "kZSTD"), (6, "kSnappyCompression")] {
        let options =
            format!("compression={compression};block_based_table_factory={{format_version={version};block_size=512}}");
        write_table(&path, &options, 90);
        let sound = read_here(&path);
        let bytes = fs::read(&path).unwrap();
        let hostile = directory.0.join("2.sst");
        // The metadata at the end byte by byte, the rest here and there.
        let tail = bytes.len() - 400;
        for at in (0..tail).step_by(41).chain(tail..bytes.len()) {
            let mut odd = bytes.clone();
            odd[at] ^= 1_u8 << (at % 8);
            fs::write(&hostile, &odd).unwrap();
            let mut entries = Vec::new();
            let read = TableFile::open(&hostile, Some(0)).map(|table| {
                table.for_each(|key, value| {
                    entries.push((key.to_vec(), value.to_vec()));
                    Ok(())
                })
            });
            if matches!(read, Ok(Ok(()))) {
                assert!(entries == sound, "byte {at} of version {version}");
                // Since then a footer has a checksum of its own.
                assert!(version < 6 || at < bytes.len() - FOOTER, "byte {at} of version {version}");
            } else {
                assert!(sound.starts_with(&entries), "byte {at} of version {version}");
            }
        }
        for length in (0..bytes.len()).step_by(23) {
            fs::write(&hostile, &bytes[..length]).unwrap();
            assert!(TableFile::open(&hostile, None).is_err(), "{length}");
        }
    }
}

#[test]
fn a_damaged_block_of_properties_is_not_taken_for_being_written_anew() {
    let directory = Directory::new("properties");
    let path = directory.0.join("table.sst");
    write_table(&path, "", 90);
    let block = || properties_block(&Arc::new(fs::File::open(&path).unwrap()));
    let (handle, ..) = block().ok().flatten().unwrap();
    let sound = fs::read(&path).unwrap();
    for at in handle.offset..handle.offset + handle.size {
        let mut damaged = sound.clone();
        damaged[at as usize] ^= 1;
        fs::write(&path, damaged).unwrap();
        assert!(block().is_err(), "byte {at}");
    }
}
