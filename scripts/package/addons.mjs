// @ts-check
/** The packages with native code for one platform: an addon each, and RocksDB's own library in one that changes only with RocksDB. */
import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { basename, delimiter, join } from "node:path";
import { BLOCKS, ROCKSDB, SLED } from "../setup/crates.mjs";
import { CACHE, inProject } from "../setup/paths.mjs";
import { RELEASE_VERSION, takeReleaseBinary } from "../setup/release-library.mjs";
import { headersOf } from "../setup/rocksdb-library.mjs";
import { run } from "../setup/run.mjs";
import { SetupError } from "../setup/setup-error.mjs";
import { prepareSledCopy } from "../setup/sled-copy.mjs";
import { step } from "../setup/steps.mjs";
import { checkRustTarget, rustCompiler } from "../setup/tools.mjs";
import { isNewer, neededVersions } from "./needs.mjs";
import { OLDEST_GLIBC } from "./platforms.mjs";
import { zigPrograms } from "./zig.mjs";

/** @typedef {import("./platforms.mjs").Platform} Platform */

const ADDONS = [BLOCKS, SLED, ROCKSDB];

/** What each package does, for its package.json. @type {Readonly<Record<string, string>>} */
const ABOUT = {
  blocks: "kgdump's addon for the blocks of dumps",
  sled: "kgdump's addon for sled stores",
  rocksdb: "kgdump's addon for RocksDB stores",
  librocksdb: "RocksDB's release library, for kgdump",
};

/** The addons' packages of a platform. @param {Platform} platform */
export function addonNames({ name }) {
  return ADDONS.map(({ directory }) => `@kgdump/${basename(directory)}-${name}`);
}

/**
 * Writes the packages of a platform.
 * @param {Platform} platform
 * @param {string} version of kgdump
 * @param {(name: string) => Promise<string>} place makes an empty directory for a package
 * @param {boolean} asBuilt whether they are those of this clone, which may need a newer system than published ones
 * @returns {Promise<Record<string, string>>} the addons' packages and their versions
 * @throws {SetupError} when one can't be built, or needs a newer system than it may
 */
export async function writeAddons(platform, version, place, asBuilt) {
  const library = await takeReleaseBinary(platform.rocksdb);
  if (typeof library === "string") throw new SetupError(library);
  const nameOf = (/** @type {string} */ addon) => `@kgdump/${addon}-${platform.name}`;
  const librocksdb = nameOf("librocksdb");
  await writePackage(platform, "librocksdb", library.path, { version: RELEASE_VERSION, dependencies: {}, asBuilt }, await place(librocksdb));
  // Only Linux has older systems in need of another linker; the others build on a machine of their own.
  const built = asBuilt || platform.os !== "linux" ? ownAddons(platform) : await buildAddons(platform, library.path);
  /** @type {Record<string, string>} */
  const written = {};
  for (const [addon, file] of Object.entries(built)) {
    const dependencies = addon === "rocksdb" ? { [librocksdb]: RELEASE_VERSION } : {};
    await writePackage(platform, addon, file, { version, dependencies, asBuilt }, await place(nameOf(addon)));
    written[nameOf(addon)] = version;
  }
  return written;
}

/**
 * @param {Platform} platform
 * @param {string} addon
 * @param {string} file with its native code
 * @param {{ version: string, dependencies: Record<string, string>, asBuilt: boolean }} more
 * @param {string} directory
 */
async function writePackage(platform, addon, file, { version, dependencies, asBuilt }, directory) {
  const { os, cpu, libc } = platform;
  const needs = os === "linux" ? await neededVersions(file, platform.tools) : new Map();
  const glibc = needs.get("GLIBC") ?? "0";
  if (!asBuilt && libc === "glibc" && isNewer(glibc, OLDEST_GLIBC)) throw new SetupError(`${basename(file)} needs glibc ${glibc}, and ${OLDEST_GLIBC} is the oldest that packages are made for`);
  if (needs.size > 0) process.stderr.write(`package: ${addon} for ${platform.name} needs ${[...needs].map((need) => need.join(" ")).join(", ")}\n`);
  const main = addon === "librocksdb" ? basename(file) : `kgdump_${addon}.node`;
  await copyFile(file, join(directory, main));
  // Its table of symbols is a fourteenth of all that is downloaded, and nothing of it is used to run it.
  if (addon === "librocksdb" && os === "linux") await run(`${platform.tools}strip`, ["--strip-unneeded", join(directory, main)], { failure: `strip can't make ${main} smaller` });
  await copyFile(inProject("LICENSE"), join(directory, "LICENSE"));
  await writeFile(join(directory, "THIRD_PARTY_LICENSES.md"), nativeLicenses(await readFile(inProject("THIRD_PARTY_LICENSES.md"), "utf8")));
  // RocksDB's library is no module of Node's: the linker finds it.
  const entry = { type: "commonjs", ...(addon === "librocksdb" ? {} : { main }) };
  const text = { name: `@kgdump/${addon}-${platform.name}`, version, description: `${ABOUT[addon] ?? ""}, on ${platform.name}`, license: "MIT", os: [os], cpu: [cpu], ...(libc === null ? {} : { libc: [libc] }), ...entry, dependencies };
  await writeFile(join(directory, "package.json"), `${JSON.stringify(text, null, 2)}\n`);
}

/**
 * The licences of what may be in native code: all but those of npm's packages, of which nothing is.
 * @param {string} text of THIRD_PARTY_LICENSES.md
 */
export function nativeLicenses(text) {
  const [head = "", ...sections] = text.split(/^(?=## )/m);
  return head.replaceAll(/^\|[^\n]*\(npm\)[^\n]*\n/gm, "") + sections.filter((section) => !/^## [^\n]*\(npm\)/.test(section)).join("");
}

/** The addons as this clone built them. @param {Platform} platform @returns {Record<string, string>} */
function ownAddons({ name, os, cpu }) {
  if (os !== process.platform || cpu !== process.arch) throw new SetupError(`packages for ${name} are made on such a machine`);
  return Object.fromEntries(ADDONS.map(({ directory, output, product }) => [basename(directory), join(output, product)]));
}

/**
 * Builds the addons, linked by zig for the oldest glibc.
 * @param {Platform} platform
 * @param {string} library RocksDB's
 * @returns {Promise<Record<string, string>>} the file of each
 */
async function buildAddons(platform, library) {
  const { host } = await rustCompiler();
  await checkRustTarget(platform.target);
  await prepareSledCopy();
  const target = join(CACHE, "target-packages");
  await mkdir(target, { recursive: true });
  const env = {
    CARGO_TARGET_DIR: target,
    KGDUMP_ROCKSDB_LIB: library,
    KGDUMP_ROCKSDB_INCLUDE: await headersOf({ description: "", identity: "", path: library, include: undefined }, host),
    PATH: `${await zigPrograms()}${delimiter}${process.env["PATH"] ?? ""}`,
    // The shim calls RocksDB's C++, whose strings are those of libstdc++: zig's own compiler has others. RocksDB's library brings libstdc++.
    [`CXX_${platform.target.replaceAll("-", "_")}`]: `${platform.tools}g++`,
    [`CXXSTDLIB_${platform.target.replaceAll("-", "_")}`]: "",
    // A twentieth smaller, for two minutes more, which a clone need not wait for.
    CARGO_PROFILE_RELEASE_LTO: "fat",
    CARGO_PROFILE_RELEASE_CODEGEN_UNITS: "1",
    ...(platform.libc === "musl" ? { RUSTFLAGS: "-C target-feature=-crt-static" } : {}),
  };
  /** @type {Record<string, string>} */
  const built = {};
  for (const crate of ADDONS) {
    const args = ["zigbuild", "--release", "--locked", "--target", `${platform.target}${platform.libc === "glibc" ? `.${OLDEST_GLIBC}` : ""}`, `--manifest-path=${join(crate.directory, "Cargo.toml")}`];
    await step(`${crate.name} for ${platform.name}`, () => run("cargo", args, { env, failure: `${crate.name} does not compile for ${platform.name}` }), () => "compiled");
    built[basename(crate.directory)] = join(target, platform.target, "release", crate.built.replace(/\.dylib$/, ".so"));
  }
  return built;
}
