// @ts-check
/**
 * Builds the crates of the ground with mistakes in them, and runs their own tests. Compiled is as little as can be, incrementally, for programs that need
 * not be fast, in a target directory of their own, which keeps what all runs have in common.
 */
import { copyFile, mkdir, rename } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { removeWhenLarge } from "../setup/cache.mjs";
import { CRATES, SHARED } from "../setup/crates.mjs";
import { cargoEnvironment } from "../setup/native.mjs";
import { CACHE, ROOT } from "../setup/paths.mjs";
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
  const isShared = file.startsWith(`${relative(ROOT, SHARED.directory)}/`);
  const names = isShared ? CRATES.filter(({ part }) => part === SHARED).map(({ name }) => name) : [file];
  return Promise.all(names.map((name) => quickCrate(directory, name)));
}

/**
 * The crate of the ground in `directory` that the file or the crate of that name belongs to.
 * @param {string} directory
 * @param {string} file relative to the project
 * @returns {Promise<QuickCrate>}
 */
export async function quickCrate(directory, file) {
  const crate = CRATES.find((one) => file === relative(ROOT, one.directory) || file.startsWith(`${relative(ROOT, one.directory)}/`));
  if (crate === undefined) throw new Error(`${file} belongs to no crate`);
  const target = join(CACHE, "mutants");
  /** @type {NodeJS.ProcessEnv} */
  const env = { ...(await cargoEnvironment(crate)), ...QUICK, CARGO_TARGET_DIR: target };
  const manifest = `--manifest-path=${join(directory, relative(ROOT, crate.directory), "Cargo.toml")}`;
  const product = join(directory, relative(ROOT, crate.output), crate.product);
  // What runs with the old one is not disturbed.
  const put = async (/** @type {string} */ from) => {
    await copyFile(from, `${product}.new`);
    await rename(`${product}.new`, product);
  };
  return {
    build: async () => {
      await mkdir(target, { recursive: true });
      const { status, stderr } = await tryRun("cargo", ["build", ...FLAGS, manifest], { cwd: ROOT, env });
      if (status !== 0) return `${stderr}\n`;
      await put(join(target, "release", crate.built));
      return "";
    },
    restore: () => put(join(crate.output, crate.product)),
    test: async (test, match) => {
      const name = /\/tests\/(\w+)\.rs$/.exec(test)?.[1];
      // A test's program does not lie beside the library, as the addon does.
      const library = env["KGDUMP_ROCKSDB_LIB"];
      const found = library === undefined ? {} : { LD_LIBRARY_PATH: dirname(library), DYLD_LIBRARY_PATH: dirname(library) };
      const args = ["test", ...FLAGS, manifest, ...(name === undefined ? ["--lib"] : [`--test=${name}`]), "--", ...(match === undefined ? [] : [match])];
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
