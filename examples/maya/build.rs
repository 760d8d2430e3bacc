//! Links the program with the RocksDB library that set-up found; `KGDUMP_ROCKSDB_LIB` is its full path. At run time it
//! lies beside the program (rpath `$ORIGIN`).

use std::env;
use std::path::Path;

fn main() {
    println!("cargo::rerun-if-env-changed=KGDUMP_ROCKSDB_LIB");
    if env::var_os("CARGO_FEATURE_SOURCE").is_some() {
        return;
    }
    let library = env::var("KGDUMP_ROCKSDB_LIB").unwrap_or_default();
    let path = Path::new(&library);
    let (Some(directory), Some(name)) = (path.parent(), path.file_name().and_then(|name| name.to_str())) else {
        println!("cargo::error=KGDUMP_ROCKSDB_LIB must be the full path of a RocksDB library (`npm test` sets it)");
        return;
    };
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
}
