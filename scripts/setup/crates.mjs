// @ts-check
/** The Rust crates of the project: what each one yields and where that goes. */
import { inProject } from "./paths.mjs";

/**
 * @typedef {object} Sources what is checked and tested by itself
 * @property {string} name
 * @property {string} directory absolute path
 * @property {boolean} usesRocksdb whether it is linked to the RocksDB library
 * @property {boolean} usesSledCopy whether it is compiled with the copy of sled that holds our loader
 */

/**
 * @typedef {object} Product
 * @property {string} built file name that cargo gives the product
 * @property {string} output absolute path of the directory that the product goes to
 * @property {string} product file name there
 * @property {string} [sharedSource] absolute path of the sources of another crate, which it is compiled of
 * @property {readonly Sources[]} [parts] crates that it is compiled with
 * @property {string} [target] platform that it is compiled for, if not for this one
 */

/** @typedef {Sources & Product} Crate */

const SHARED_LIBRARY = process.platform === "darwin" ? ".dylib" : ".so";

/** @param {string} name @returns {Sources} */
const sources = (name) => ({ name: `native/${name}`, directory: inProject("native", name), usesRocksdb: false, usesSledCopy: false });

/** What the addons have in common. */
export const SHARED = sources("shared");

/** What looks into blocks, for an addon and for a module of WebAssembly. */
export const LOOKING = sources("looking");

/** @param {string} name @param {readonly Sources[]} parts @returns {Crate} */
const addon = (name, parts = [SHARED]) => ({
  name: `native/${name}`,
  directory: inProject("native", name),
  built: `libkgdump_${name}${SHARED_LIBRARY}`,
  output: inProject("native", name, "build"),
  product: `kgdump_${name}.node`,
  usesRocksdb: name === "rocksdb",
  usesSledCopy: name === "sled",
  parts,
});

/** The addon that reads and writes RocksDB stores. */
export const ROCKSDB = addon("rocksdb");

/** The addon that reads and writes sled stores. */
export const SLED = addon("sled");

/** The addon that checks, hashes and compresses blocks. */
export const BLOCKS = addon("blocks", [SHARED, LOOKING]);

/** What looks into blocks, as a module of WebAssembly, for those who have no addon: for packages and tests. @type {Crate} */
export const LOOKING_WASM = {
  ...sources("looking-wasm"),
  built: "kgdump_looking.wasm",
  output: inProject("native", "looking-wasm", "build"),
  product: "kgdump_looking.wasm.br",
  parts: [SHARED, LOOKING],
  target: "wasm32-unknown-unknown",
};

/** Those that are shipped, and kept free of circles. @type {readonly Sources[]} */
export const ADDON_CRATES = [SHARED, LOOKING, SLED, ROCKSDB, BLOCKS, LOOKING_WASM];

/** The program that reads sled stores with the unmodified crate, for tests. */
export const CHECKER = {
  name: "test/checker",
  directory: inProject("test", "checker"),
  built: "sled-check",
  output: inProject("build", "checker"),
  product: "sled-check",
  usesRocksdb: false,
  usesSledCopy: false,
};

/**
 * The same with a version of sled whose stores are read, and never written.
 * @param {string} version
 * @returns {Crate}
 */
const olderChecker = (version) => ({
  ...CHECKER,
  name: `test/checker-${version}`,
  directory: inProject("test", `checker-${version}`),
  built: `sled-check-${version.replace(".", "-")}`,
  output: inProject("build", `checker-${version}`),
  sharedSource: inProject("test", "checker", "src"),
});

/** The program that makes RocksDB stores from plans and says what they must hold, over the published library, for tests. */
export const MAKER = {
  name: "test/maker",
  directory: inProject("test", "maker"),
  built: "store-maker",
  output: inProject("build", "maker"),
  product: "store-maker",
  usesRocksdb: true,
  usesSledCopy: false,
};

/** The programs that benchmarks compare kgdump with, over the published crate and the same RocksDB library. */
export const PEERS = {
  name: "bench/peers",
  directory: inProject("bench", "peers"),
  built: "kgdump-peers",
  output: inProject("build", "peers"),
  product: "kgdump-peers",
  usesRocksdb: true,
  usesSledCopy: false,
};

/** The worked example of a service: on RocksDB before a migration, on the published sled crate after it; for tests. */
export const EXAMPLE = {
  name: "examples/maya",
  directory: inProject("examples", "maya"),
  built: "maya-example",
  output: inProject("build", "maya"),
  product: "maya-example",
  usesRocksdb: true,
  usesSledCopy: false,
};

/** All of them. @type {readonly Crate[]} */
export const CRATES = [SLED, ROCKSDB, BLOCKS, LOOKING_WASM, CHECKER, olderChecker("0.32"), olderChecker("0.33"), MAKER, PEERS, EXAMPLE];

/** Those whose source is their own, to be linted and tested. @type {readonly Sources[]} */
export const OWN_CRATES = [SHARED, LOOKING, ...CRATES.filter(({ sharedSource }) => sharedSource === undefined)];
