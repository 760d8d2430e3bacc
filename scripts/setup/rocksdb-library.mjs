// @ts-check
/**
 * Which RocksDB the addon is linked to: the one that KGDUMP_ROCKSDB_LIB names, else RocksDB's release binary, else the
 * system's library. Compiling it from source takes about half an hour, so that is done only when KGDUMP_ROCKSDB=source
 * asks for it.
 */
import { realpath, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { exists } from "./cache.mjs";
import { ignoreAbsent } from "./fingerprint.mjs";
import { inProject } from "./paths.mjs";
import { RELEASE_VERSION, releaseBinary, takeReleaseBinary } from "./release-library.mjs";
import { run, tryRun } from "./run.mjs";
import { MissingTool, SetupError } from "./setup-error.mjs";

/** The oldest RocksDB that reads today's stores. */
const OLDEST_MAJOR = 8;

/**
 * @typedef {object} RocksdbLibrary
 * @property {string} description what was taken, for the user
 * @property {string} identity changes when another library is taken
 * @property {string | undefined} path the shared library; undefined when RocksDB is compiled into the addon
 * @property {string | undefined} include directory with rocksdb/*.h, when the library brings its own
 */

/** What the user asked for; when it changes, the addon is made anew. */
export function libraryRequest() {
  const { KGDUMP_ROCKSDB_LIB: library = "", KGDUMP_ROCKSDB_INCLUDE: include = "", KGDUMP_ROCKSDB: kind = "" } = process.env;
  return JSON.stringify({ library, include, kind });
}

/**
 * @returns {Promise<RocksdbLibrary>}
 * @throws {SetupError} when there is none
 */
export async function findLibrary() {
  const kind = process.env["KGDUMP_ROCKSDB"] ?? "";
  if (!["", "release", "system", "source"].includes(kind)) {
    throw new SetupError(`KGDUMP_ROCKSDB is ${JSON.stringify(kind)}: it can be release, system or source`);
  }
  if (kind === "source") {
    return { description: "compiled from source", identity: "source", path: undefined, include: undefined };
  }
  const explicit = process.env["KGDUMP_ROCKSDB_LIB"];
  if (explicit) return explicitLibrary(explicit);
  const reasons = [];
  if (kind !== "system") {
    const found = await releaseLibrary();
    if (typeof found !== "string") return found;
    reasons.push(found);
  }
  if (kind !== "release") {
    const found = await systemLibrary();
    if (typeof found !== "string") return found;
    reasons.push(found);
  }
  throw new MissingTool(
    `RocksDB is needed, and none was found: ${reasons.join("; ")}. Install Maven (\`${process.platform === "darwin" ? "brew" : "apt"} install maven\`) ` +
      "or set KGDUMP_ROCKSDB_LIB to a RocksDB library; KGDUMP_ROCKSDB=source compiles it in about half an hour",
  );
}

/** @param {string} given */
async function explicitLibrary(given) {
  const path = resolve(given);
  const info = await stat(path).catch(ignoreAbsent);
  if (!info?.isFile()) throw new SetupError(`KGDUMP_ROCKSDB_LIB names ${path}, which is not a file`);
  const include = process.env["KGDUMP_ROCKSDB_INCLUDE"];
  if (include) await checkHeaders(resolve(include), "KGDUMP_ROCKSDB_INCLUDE names");
  return {
    description: `${path}, by KGDUMP_ROCKSDB_LIB`,
    identity: `${path} ${String(info.size)} ${String(info.mtimeMs)}`,
    path,
    include: include ? resolve(include) : undefined,
  };
}

/** @returns {Promise<RocksdbLibrary | string>} */
async function releaseLibrary() {
  const binary = releaseBinary();
  if (typeof binary === "string") return binary;
  const taken = await takeReleaseBinary(binary);
  if (typeof taken === "string") return taken;
  return {
    description: `release binary ${RELEASE_VERSION} (${binary.file}), ${taken.how}`,
    identity: `release ${RELEASE_VERSION} ${binary.file}`,
    path: taken.path,
    include: undefined,
  };
}

/** @returns {Promise<RocksdbLibrary | string>} */
async function systemLibrary() {
  /** @param {string} variable */
  const ask = async (variable) => (await tryRun("pkg-config", [variable, "rocksdb"])).stdout.trim();
  const version = await ask("--modversion");
  if (version === "") return "pkg-config knows no librocksdb";
  if (Number(version.split(".")[0]) < OLDEST_MAJOR) {
    return `the system's librocksdb is ${version}, and ${String(OLDEST_MAJOR)} or newer is needed`;
  }
  const [directory, include] = await Promise.all([ask("--variable=libdir"), ask("--variable=includedir")]);
  const path = join(directory, process.platform === "darwin" ? "librocksdb.dylib" : "librocksdb.so");
  if (!(await exists(path))) return `pkg-config names librocksdb ${version}, but ${path} is missing`;
  const info = await stat(path);
  await checkHeaders(include, "pkg-config names");
  return {
    description: `system library ${version} (${path})`,
    identity: `system ${version} ${path} ${String(info.size)} ${String(info.mtimeMs)}`,
    path,
    include,
  };
}

/**
 * The name under which an addon that was linked to the library looks for it: its SONAME, else its file name.
 * @param {string} path
 */
export async function linkedName(path) {
  const { stdout } = await tryRun("readelf", ["-d", path]);
  return /\(SONAME\).*\[(.+)\]/.exec(stdout)?.[1] ?? basename(path);
}

/**
 * The directory of the library's headers: its own, or those in the source of the crate `librocksdb-sys`, which is
 * fetched for them and not compiled.
 * @param {RocksdbLibrary} library
 * @param {string} host Rust's name of this platform
 */
export async function headersOf(library, host) {
  if (library.include !== undefined) return library.include;
  const args = ["metadata", "--locked", "--format-version=1", "--features=source", `--filter-platform=${host}`];
  const text = await run("cargo", [...args, `--manifest-path=${inProject("native", "rocksdb", "Cargo.toml")}`], {
    failure: "cargo could not fetch RocksDB's headers, which are in the crate librocksdb-sys",
  });
  /** @type {{ packages: { name: string, manifest_path: string }[] }} */
  const { packages } = JSON.parse(text);
  const manifest = packages.find(({ name }) => name === "librocksdb-sys")?.manifest_path;
  if (manifest === undefined) throw new SetupError("native/rocksdb/Cargo.lock does not name librocksdb-sys");
  const include = join(await realpath(dirname(manifest)), "rocksdb", "include");
  await checkHeaders(include, "the crate librocksdb-sys is in");
  return include;
}

/**
 * @param {string} include
 * @param {string} who
 */
async function checkHeaders(include, who) {
  if (await exists(join(include, "rocksdb", "db.h"))) return;
  throw new SetupError(`${who} ${include}, and there is no rocksdb/db.h in it: install librocksdb-dev, or set KGDUMP_ROCKSDB_INCLUDE`);
}
