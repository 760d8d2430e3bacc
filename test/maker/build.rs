//! Links the program with the RocksDB library that set-up found, and compiles the shim for what its C API lacks.
//!
//! - `KGDUMP_ROCKSDB_LIB`: full path of the shared library. At run time it lies beside the program (rpath `$ORIGIN`).
//! - `KGDUMP_ROCKSDB_INCLUDE`: directory that holds `rocksdb/*.h`.

use std::env;
use std::path::Path;

/// A C++ name that libstdc++'s old string ABI gives to a function that returns a `std::string`; the new one adds `B5cxx11`.
const OLD_ABI_SYMBOL: &[u8] = b"_ZN7rocksdb23GetRocksVersionAsStringEb";

fn main() {
    println!("cargo::rerun-if-env-changed=KGDUMP_ROCKSDB_LIB");
    println!("cargo::rerun-if-env-changed=KGDUMP_ROCKSDB_INCLUDE");
    println!("cargo::rerun-if-changed=src/shim.cc");
    let include = env::var("KGDUMP_ROCKSDB_INCLUDE").unwrap_or_default();
    if !Path::new(&include).join("rocksdb/c.h").is_file() {
        println!(
            "cargo::error=KGDUMP_ROCKSDB_INCLUDE must be the directory that holds rocksdb/c.h (`npm test` sets it)"
        );
        return;
    }
    let mut shim = cc::Build::new();
    shim.cpp(true).std("c++17").file("src/shim.cc").include(&include).flag_if_supported("-fno-rtti").warnings(false);
    if env::var_os("CARGO_FEATURE_SOURCE").is_none() && !link(&mut shim) {
        return;
    }
    shim.compile("store_maker_shim");
}

/// Tells cargo which library to link, and the shim which string ABI that was built with. Returns whether there is one.
fn link(shim: &mut cc::Build) -> bool {
    let library = env::var("KGDUMP_ROCKSDB_LIB").unwrap_or_default();
    let path = Path::new(&library);
    let (Some(directory), Some(name), Ok(bytes)) =
        (path.parent(), path.file_name().and_then(|name| name.to_str()), std::fs::read(path))
    else {
        println!("cargo::error=KGDUMP_ROCKSDB_LIB must be the full path of a RocksDB library (`npm test` sets it)");
        return false;
    };
    if bytes.windows(OLD_ABI_SYMBOL.len()).any(|window| window == OLD_ABI_SYMBOL) {
        shim.define("_GLIBCXX_USE_CXX11_ABI", "0");
    }
    println!("cargo::rerun-if-changed={library}");
    println!("cargo::rustc-link-search=native={}", directory.display());
    if env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("macos") {
        let stem = name.trim_start_matches("lib").split('.').next().unwrap_or(name);
        println!("cargo::rustc-link-lib=dylib={stem}");
        println!("cargo::rustc-link-arg=-Wl,-rpath,@loader_path");
    } else {
        println!("cargo::rustc-link-lib=dylib:+verbatim={name}");
        println!("cargo::rustc-link-arg=-Wl,-rpath,$ORIGIN");
    }
    true
}
