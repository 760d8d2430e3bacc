// @ts-check
/**
 * Builds the crates, or takes what was built of the same sources before from the user's cache.
 *
 * The key of a build is made of all that decides its content: the files of the crate and of what it is compiled with, the compiler, the library that it is
 * linked to, the flags in the environment and the recipe, which is this file. The cargo target directory lies in the
 * cache too, so that another clone or another commit compiles only what changed.
 */
import { constants } from "node:fs";
import { copyFile, mkdir, readdir, rename, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { exists, prune, publishEntry, removeWhenLarge, touchEntry, withLock } from "./cache.mjs";
import { filesBelow, fingerprint, textOf } from "./fingerprint.mjs";
import { CACHE, ROOT } from "./paths.mjs";
import { builtPath, putProduct } from "./product.mjs";
import { findLibrary, headersOf, libraryRequest, linkedName } from "./rocksdb-library.mjs";
import { run, tryRun } from "./run.mjs";
import { SetupError } from "./setup-error.mjs";
import { prepareSledCopy, sledCopyScripts } from "./sled-copy.mjs";
import { step } from "./steps.mjs";
import { checkCompilers, checkRustTarget, rustCompiler } from "./tools.mjs";

/** @typedef {import("./crates.mjs").Crate} Crate */
/** @typedef {import("./crates.mjs").Sources} Sources */
/** @typedef {import("./rocksdb-library.mjs").RocksdbLibrary} RocksdbLibrary */
/** @typedef {RocksdbLibrary & { headers: string }} LibraryWithHeaders */
/** @typedef {{ text: string, host: string }} Compiler */

/** Builds of each crate, libraries of RocksDB, and target directories (one for each compiler) that are kept. */
const KEPT_BUILDS = 5;
const KEPT_LIBRARIES = 2;
const KEPT_TARGETS = 2;

/** Bytes from which on a target directory starts afresh; a new one has about a quarter of a GiB. */
const LARGEST_TARGET = 4 * 1024 ** 3;

const BUILD_VARIABLES = ["RUSTFLAGS", "CC", "CXX", "CFLAGS", "CXXFLAGS", "CARGO_BUILD_TARGET"];

/**
 * Sees that the product of each crate is in its place.
 * @param {readonly Crate[]} crates
 * @throws {SetupError} when a tool is missing or a crate does not compile
 */
export async function buildCrates(crates) {
  const compiler = await rustCompiler();
  /** @type {{ crate: Crate, sources: string }[]} */
  const missing = [];
  for (const crate of crates) {
    const sources = await sourceKey(crate, compiler);
    if (!(await isInPlace(crate, sources))) missing.push({ crate, sources });
  }
  if (missing.length === 0) return;
  // The library and the headers come while the first crate compiles; without them there is no use in compiling on.
  const rocksdb = missing.some(({ crate }) => crate.usesRocksdb) ? stepRocksdb(compiler) : undefined;
  const products = async () => {
    for (const { crate, sources } of missing) await takeOrCompile(crate, sources, rocksdb, compiler);
  };
  await Promise.all([rocksdb, products()]);
  await prune(join(CACHE, "rocksdb"), KEPT_LIBRARIES);
  await prune(join(CACHE, "target"), KEPT_TARGETS);
}

/**
 * @param {Crate} crate
 * @param {string} sources key of its sources
 * @param {Promise<LibraryWithHeaders> | undefined} rocksdb
 * @param {Compiler} compiler
 */
async function takeOrCompile(crate, sources, rocksdb, compiler) {
  const library = crate.usesRocksdb ? await rocksdb : undefined;
  const key = await fingerprint(ROOT, [], [sources, library?.identity ?? ""]);
  const entry = join(CACHE, "native", basename(crate.directory), key);
  if (await exists(entry)) await touchEntry(entry);
  else await compile(crate, library, compiler, entry);
  await place(crate, entry, sources);
  await prune(join(CACHE, "native", basename(crate.directory)), KEPT_BUILDS);
}

/**
 * The environment in which cargo compiles a crate, for the checks that do it again (clippy, cargo test).
 * @param {Sources} crate
 * @returns {Promise<NodeJS.ProcessEnv>}
 */
export async function cargoEnvironment(crate) {
  const compiler = await rustCompiler();
  if (crate.usesSledCopy) await prepareSledCopy();
  const library = crate.usesRocksdb ? await withHeaders(await findLibrary(), compiler) : undefined;
  return buildEnvironment(library, await targetDirectory(compiler));
}

/**
 * Lets cargo work on a crate while no set-up of any clone does: one may begin the directory that all compile in afresh.
 * @template T
 * @param {Sources} crate
 * @param {(env: NodeJS.ProcessEnv) => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withCargo(crate, work) {
  const env = await cargoEnvironment(crate);
  return withLock(targetLock(env["CARGO_TARGET_DIR"] ?? ""), () => work(env));
}

/** @param {string} target */
const targetLock = (target) => join(CACHE, "locks", `${basename(target)}.lock`);

/** @param {Compiler} compiler */
async function stepRocksdb(compiler) {
  return withHeaders(await step("RocksDB", findLibrary, ({ description }) => description), compiler);
}

/**
 * @param {RocksdbLibrary} library
 * @param {Compiler} compiler
 * @returns {Promise<LibraryWithHeaders>}
 */
async function withHeaders(library, compiler) {
  return { ...library, headers: await headersOf(library, compiler.host) };
}

/**
 * @param {Crate} crate
 * @param {Compiler} compiler
 */
async function sourceKey(crate, compiler) {
  const own = (/** @type {string} */ path) => /^(target|build|tests|sled-copy.*)$/.test(path);
  const files = await filesBelow(crate.directory, own);
  if (files.length === 0) throw new SetupError(`${crate.directory} is missing: take a whole clone of the project`);
  if (crate.sharedSource !== undefined) files.push(...(await filesBelow(crate.sharedSource)));
  for (const { directory } of crate.parts ?? []) files.push(...(await filesBelow(directory, own)));
  const flags = BUILD_VARIABLES.map((name) => `${name}=${process.env[name] ?? ""}`);
  const request = crate.usesRocksdb ? libraryRequest() : "";
  const recipe = [fileURLToPath(import.meta.url), ...(crate.product.endsWith(".br") ? [fileURLToPath(new URL("product.mjs", import.meta.url))] : []), ...(crate.usesSledCopy ? sledCopyScripts : [])];
  return fingerprint(ROOT, [...files, ...recipe], [compiler.text, ...flags, request]);
}

/** @param {Crate} crate */
const stampOf = (crate) => join(crate.output, ".setup-stamp.json");

/**
 * @param {Crate} crate
 * @param {string} sources
 */
async function isInPlace(crate, sources) {
  const text = await textOf(stampOf(crate));
  if (text === "") return false;
  /** @type {{ sources: string, files: string[] }} */
  const stamp = JSON.parse(text);
  if (stamp.sources !== sources) return false;
  const there = await Promise.all(stamp.files.map((file) => exists(join(crate.output, file))));
  return there.every(Boolean);
}

/** @param {Compiler} compiler */
async function targetDirectory(compiler) {
  return join(CACHE, "target", await fingerprint(ROOT, [], [compiler.text]));
}

/**
 * @param {LibraryWithHeaders | undefined} library
 * @param {string} target
 * @returns {NodeJS.ProcessEnv}
 */
function buildEnvironment(library, target) {
  return {
    CARGO_TARGET_DIR: target,
    ...(library?.path === undefined ? {} : { KGDUMP_ROCKSDB_LIB: library.path }),
    ...(library === undefined ? {} : { KGDUMP_ROCKSDB_INCLUDE: library.headers }),
  };
}

/**
 * Compiles a crate into a new entry of the cache.
 * @param {Crate} crate
 * @param {LibraryWithHeaders | undefined} library
 * @param {Compiler} compiler
 * @param {string} entry
 */
async function compile(crate, library, compiler, entry) {
  await (crate.target === undefined ? checkCompilers() : checkRustTarget(crate.target));
  if (crate.usesSledCopy) await prepareSledCopy();
  const target = await targetDirectory(compiler);
  const args = ["build", "--release", "--locked", `--manifest-path=${join(crate.directory, "Cargo.toml")}`, ...(crate.target === undefined ? [] : [`--target=${crate.target}`])];
  if (crate.usesRocksdb && library?.path === undefined) args.push("--features=source");
  const work = () =>
    // Cargo's own lock ends with the build; ours holds until the product, whose name every clone shares, is copied.
    withLock(targetLock(target), async () => {
      await removeWhenLarge(target, LARGEST_TARGET);
      // Flags for this platform are not those of another one.
      await run("cargo", args, { env: { ...buildEnvironment(library, target), ...(crate.target === undefined ? {} : { RUSTFLAGS: "" }) }, failure: `${crate.name} does not compile` });
      await publishEntry(entry, async (staging) => {
        await putProduct(crate, builtPath(crate, target), join(staging, crate.product));
        if (library?.path === undefined) return;
        const name = await linkedName(library.path);
        await copyFile(library.path, join(staging, name), constants.COPYFILE_FICLONE);
      });
      await touchEntry(target);
    });
  await step(crate.name, work, () => "compiled");
}

/**
 * Copies an entry of the cache to where the crate's product belongs. Each file is renamed into place, so that a program
 * that runs with the old one is not disturbed.
 * @param {Crate} crate
 * @param {string} entry
 * @param {string} sources
 */
async function place(crate, entry, sources) {
  await mkdir(crate.output, { recursive: true });
  const files = await readdir(entry);
  for (const file of files) {
    const staged = join(crate.output, `.${file}.${String(process.pid)}`);
    await copyFile(join(entry, file), staged, constants.COPYFILE_FICLONE);
    await rename(staged, join(crate.output, file));
  }
  for (const old of await readdir(crate.output)) {
    if (!old.startsWith(".") && !files.includes(old)) await rm(join(crate.output, old), { recursive: true, force: true });
  }
  await checkThatItLoads(crate);
  await writeFile(stampOf(crate), JSON.stringify({ sources, files }));
}

/** @param {Crate} crate */
async function checkThatItLoads(crate) {
  if (!crate.product.endsWith(".node")) return;
  const load = "try { require(process.argv[1]) } catch (error) { console.error(error.message); process.exit(1) }";
  const result = await tryRun(process.execPath, ["-e", load, join(crate.output, crate.product)]);
  if (result.status === 0) return;
  const why = (result.stderr || result.reason).trim().replaceAll("\n", " ");
  const hint = /libstdc\+\+|GLIBCXX/.test(why) ? ": install libstdc++ (`apt install libstdc++6`)" : "";
  throw new SetupError(`${crate.name} was made, but Node cannot load it (${why})${hint}`);
}
