// @ts-check
/**
 * Builds the crates of the ground with mistakes in them, and runs their own tests. Compiled is as little as can be, incrementally, for programs that need
 * not be fast, in a target directory of their own, which keeps what all runs have in common.
 */
import { copyFile, mkdir, rename } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { removeWhenLarge } from "../setup/cache.mjs";
import { CRATES, LOOKING, SHARED } from "../setup/crates.mjs";
import { cargoEnvironment } from "../setup/native.mjs";
import { CACHE, ROOT } from "../setup/paths.mjs";
import { builtPath, putProduct } from "../setup/product.mjs";
import { tryRun } from "../setup/run.mjs";

/** Bytes from which on the target directory starts afresh. */
const LARGEST_TARGET = 2 * 1024 ** 3;
/** Tests are done in less, those of a crate compiled, too. What hangs by a mistake is noticed. */
export const LIMIT_MS = 8 * 60_000;
const QUICK = {
  CARGO_PROFILE_RELEASE_OPT_LEVEL: "1",
  CARGO_PROFILE_RELEASE_LTO: "off",
  CARGO_PROFILE_RELEASE_CODEGEN_UNITS: "16",
  CARGO_PROFILE_RELEASE_INCREMENTAL: "true",
};
const FLAGS = ["--release", "--locked"];

/**
 * @typedef {object} QuickCrate
 * @property {() => Promise<string>} build what the compiler says when it fails, else ""
 * @property {() => Promise<void>} restore puts the product of the sound source back
 * @property {(test: string, match: string | undefined) => Promise<{ status: number | null, output: string }>} test runs the unit tests (`native/NAME`) or
 * those of a file (`native/NAME/tests/FILE.rs`), those only whose names have `match` in them
 */

/**
 * The crates of the ground in `directory` that the file is compiled into: its own, or all that are compiled with it.
 * @param {string} directory
 * @param {string} file relative to the project
 * @returns {Promise<QuickCrate[]>}
 */
export async function cratesWith(directory, file) {
  const part = [SHARED, LOOKING].find(({ directory: own }) => file.startsWith(`${relative(ROOT, own)}/`));
  // The module is left as it is: what tests compare with it differs then, too.
  const names = part === undefined ? [file] : CRATES.filter(({ parts, target }) => target === undefined && parts?.includes(part) === true).map(({ name }) => name);
  return Promise.all(names.map((name) => quickCrate(directory, name)));
}

/**
 * The crate of the ground in `directory` that the file or the crate of that name belongs to.
 * @param {string} directory
 * @param {string} path of the file or the crate, relative to the project
 * @returns {Promise<QuickCrate>}
 */
export async function quickCrate(directory, path) {
  /** @type {(import("../setup/crates.mjs").Sources & Partial<import("../setup/crates.mjs").Product>) | undefined} */
  const crate = [...CRATES, SHARED, LOOKING].find((one) => path === relative(ROOT, one.directory) || path.startsWith(`${relative(ROOT, one.directory)}/`));
  if (crate === undefined) throw new Error(`${path} belongs to no crate`);
  const target = join(CACHE, "mutants");
  /** @type {NodeJS.ProcessEnv} */
  const env = { ...(await cargoEnvironment(crate)), ...QUICK, CARGO_TARGET_DIR: target };
  const manifest = `--manifest-path=${join(directory, relative(ROOT, crate.directory), "Cargo.toml")}`;
  // What is only a part of others has none, and is only tested.
  const own = { output: crate.directory, product: "", built: "", ...crate };
  const product = join(directory, relative(ROOT, own.output), own.product);
  // What runs with the old one is not disturbed.
  const put = async (/** @type {(path: string) => Promise<void>} */ write) => {
    await write(`${product}.new`);
    await rename(`${product}.new`, product);
  };
  // Flags for this platform are not those of another one.
  const platform = own.target === undefined ? { args: [], flags: {} } : { args: [`--target=${own.target}`], flags: { RUSTFLAGS: "" } };
  return {
    build: async () => {
      await mkdir(target, { recursive: true });
      const { status, stderr } = await tryRun("cargo", ["build", ...FLAGS, manifest, ...platform.args], { cwd: ROOT, env: { ...env, ...platform.flags } });
      if (status !== 0) return `${stderr}\n`;
      await put((path) => putProduct(own, builtPath(own, target), path));
      return "";
    },
    restore: () => put((path) => copyFile(join(own.output, own.product), path)),
    test: async (test, match) => {
      const file = /\/tests\/(\w+)\.rs$/.exec(test)?.[1];
      // A test's program does not lie beside the library, as the addon does.
      const library = env["KGDUMP_ROCKSDB_LIB"];
      const found = library === undefined ? {} : { LD_LIBRARY_PATH: dirname(library), DYLD_LIBRARY_PATH: dirname(library) };
      const args = ["test", ...FLAGS, manifest, ...(file === undefined ? ["--lib"] : [`--test=${file}`]), "--", ...(match === undefined ? [] : [match])];
      const { status, stdout, stderr } = await tryRun("cargo", args, { cwd: ROOT, env: { ...env, ...found }, limitMs: LIMIT_MS });
      // A name that no test has would be a test that passes always.
      const none = status === 0 && !/^test result: ok\. [1-9]/m.test(stdout);
      return { status: none ? 1 : status, output: none ? `no test of ${test} has such a name\n` : stdout + stderr };
    },
  };
}

/** Makes what the crates of a ground are compiled with; before the ground is made. */
export async function prepareCrates() {
  for (const crate of CRATES) await cargoEnvironment(crate);
  await removeWhenLarge(join(CACHE, "mutants"), LARGEST_TARGET);
}
