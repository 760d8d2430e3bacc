//! Links the addon with a ready RocksDB library and compiles the small C++ shim against its headers.
//!
//! - `KGDUMP_ROCKSDB_LIB`: full path of the shared library. It is found at run time beside the addon, or in the package with it (`rpaths`).
//! - `KGDUMP_ROCKSDB_INCLUDE`: directory that holds `rocksdb/*.h`.
//!
//! With the feature `source`, RocksDB is built and linked statically by `librocksdb-sys`; only the headers are needed here.

use std::env;
use std::path::{Path, PathBuf};
use std::process::exit;

/// A C++ name that libstdc++'s old string ABI gives to a function that returns a `std::string`; the new one adds `B5cxx11`.
const OLD_ABI_SYMBOL: &[u8] = b"_ZN7rocksdb23GetRocksVersionAsStringEb";

fn main() {
    println!("cargo::rerun-if-env-changed=KGDUMP_ROCKSDB_LIB");
    println!("cargo::rerun-if-env-changed=KGDUMP_ROCKSDB_INCLUDE");
    println!("cargo::rerun-if-changed=src/shim.cc");
    napi_build::setup();

    let include = PathBuf::from(required("KGDUMP_ROCKSDB_INCLUDE", "the directory that holds rocksdb/c.h"));
    if !include.join("rocksdb/c.h").is_file() {
        fail(&format!("KGDUMP_ROCKSDB_INCLUDE: {} has no rocksdb/c.h", include.display()));
    }
    let mut shim = cc::Build::new();
    shim.cpp(true).std("c++17").file("src/shim.cc").include(&include).flag_if_supported("-fno-rtti").warnings(false);
    if env::var("CARGO_CFG_TARGET_ENV").as_deref() == Ok("musl") {
        shim.define("KGDUMP_FOR_MUSL", None);
    }

    if env::var_os("CARGO_FEATURE_SOURCE").is_none() {
        let library = PathBuf::from(required("KGDUMP_ROCKSDB_LIB", "the full path of the RocksDB shared library"));
        link(&library, &mut shim);
    }
    shim.compile("kgdump_rocksdb_shim");
}

/// Tells cargo to link with `library` by its file name, and the shim which string ABI it was built with.
fn link(library: &Path, shim: &mut cc::Build) {
    println!("cargo::rerun-if-changed={}", library.display());
    let bytes = match std::fs::read(library) {
        Ok(bytes) => bytes,
        Err(error) => fail(&format!("KGDUMP_ROCKSDB_LIB: can't read {}: {error}", library.display())),
    };
    let (Some(directory), Some(name)) = (library.parent(), library.file_name().and_then(|name| name.to_str())) else {
        fail(&format!("KGDUMP_ROCKSDB_LIB: {} is not the path of a library", library.display()));
    };
    if bytes.windows(OLD_ABI_SYMBOL.len()).any(|window| window == OLD_ABI_SYMBOL) {
        shim.define("_GLIBCXX_USE_CXX11_ABI", "0");
    }
    println!("cargo::rustc-link-search=native={}", directory.display());
    if env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("macos") {
        let stem = name.trim_start_matches("lib").split('.').next().unwrap_or(name);
        println!("cargo::rustc-link-lib=dylib={stem}");
    } else {
        println!("cargo::rustc-link-lib=dylib:+verbatim={name}");
    }
    for path in rpaths() {
        println!("cargo::rustc-link-arg=-Wl,-rpath,{path}");
    }
}

/// Where the library is, seen from the addon: beside it in a clone; in packages, in one of its own, beside that of the addon or within it.
fn rpaths() -> [String; 3] {
    let of = |name: &str| env::var(name).unwrap_or_default();
    let arch = match of("CARGO_CFG_TARGET_ARCH").as_str() {
        "x86_64" => "x64".to_owned(),
        "aarch64" => "arm64".to_owned(),
        other => other.to_owned(),
    };
    let (here, package) = match of("CARGO_CFG_TARGET_OS").as_str() {
        "macos" => ("@loader_path", format!("librocksdb-darwin-{arch}")),
        os => ("$ORIGIN", format!("librocksdb-{os}-{arch}-{}", of("CARGO_CFG_TARGET_ENV"))),
    };
    [here.to_owned(), format!("{here}/../{package}"), format!("{here}/node_modules/@kgdump/{package}")]
}

fn required(name: &str, what: &str) -> String {
    match env::var(name) {
        Ok(value) if !value.is_empty() => value,
        _ => fail(&format!("{name} is not set: it must be {what} (run `npm run setup` in the project's root)")),
    }
}

fn fail(message: &str) -> ! {
    println!("cargo::error={message}");
    exit(1)
}
