// @ts-check
/**
 * The programs of others that kgdump is compared with. What is missing is installed where that is possible; what can't be
 * had is left out, and the reason is told.
 */
import { join } from "node:path";
import { exists, prune, publishEntry, touchEntry } from "../scripts/setup/cache.mjs";
import { filesBelow, fingerprint } from "../scripts/setup/fingerprint.mjs";
import { CACHE, ROOT } from "../scripts/setup/paths.mjs";
import { run, tryRun } from "../scripts/setup/run.mjs";
import { step } from "../scripts/setup/steps.mjs";
import { SetupError } from "../scripts/setup/setup-error.mjs";
import { PEERS } from "../scripts/setup/crates.mjs";

/** Packages of the Python script, pinned so that another day compares with the same. */
const PYTHON_PACKAGES = { rocksdict: "0.3.29", msgpack: "1.2.4", lz4: "4.4.5" };

/** Environments for Python that are kept. */
const KEPT = 2;

/** @type {Record<string, { package: string, version: string }>} programs, Debian's package of each, and how to ask for its version */
const PROGRAMS = {
  ldb: { package: "rocksdb-tools", version: "--version" },
  lz4: { package: "lz4", version: "--version" },
  zstd: { package: "zstd", version: "--version" },
};

/**
 * @typedef {object} Tool
 * @property {string} command how it is started; "" when it can't be had
 * @property {string} version
 * @property {string} missing why it can't be had, or ""
 */

/**
 * Finds the tools, and installs what is missing.
 * @param {readonly string[]} wanted of ldb, lz4, zstd, python, rocksdb (the library for plain programs)
 * @returns {Promise<Record<string, Tool>>}
 */
export async function prepareTools(wanted) {
  /** @type {Record<string, Tool>} */
  const tools = {};
  for (const name of wanted) {
    try {
      tools[name] = await prepare(name);
    } catch (error) {
      if (!(error instanceof SetupError)) throw error;
      tools[name] = { command: "", version: "", missing: error.message };
    }
  }
  return tools;
}

/** @param {string} name @returns {Promise<Tool>} */
async function prepare(name) {
  if (name === "python") return preparePython();
  if (name === "rocksdb") return checkLibrary();
  const program = PROGRAMS[name];
  if (program === undefined) throw new SetupError(`${name} is no tool that the benchmark knows`);
  let found = await tryRun(name, [program.version]);
  if (found.status === null) {
    await install(name, program.package);
    found = await tryRun(name, [program.version]);
  }
  if (found.status !== 0) throw new SetupError(`\`${name} ${program.version}\` does not work (${found.reason || found.stderr.trim()})`);
  return { command: name, version: /\d+\.\d+(?:\.\d+)*/.exec(found.stdout)?.[0] ?? "unknown", missing: "" };
}

/**
 * @param {string} program
 * @param {string} name of Debian's package
 */
async function install(program, name) {
  if ((await tryRun("apt-get", ["--version"])).status === null) {
    throw new SetupError(`${program} is not installed, and there is no apt-get to install ${name} with`);
  }
  if (process.getuid?.() !== 0) throw new SetupError(`${program} is not installed: \`sudo apt-get install ${name}\``);
  const env = { DEBIAN_FRONTEND: "noninteractive" };
  await step(name, async () => {
    const args = ["install", "-y", "-q", "--no-install-recommends", name];
    if ((await tryRun("apt-get", args, { env })).status === 0) return;
    // The lists of packages may be old or absent.
    await run("apt-get", ["update", "-q"], { env, failure: `${program} is not installed, and apt-get can't load its lists` });
    await run("apt-get", args, { env, failure: `${program} is not installed, and apt-get can't install ${name}` });
  }, () => "installed");
}

/** A Python environment of its own in the cache. @returns {Promise<Tool>} */
async function preparePython() {
  const found = await tryRun("python3", ["-c", "import platform, sys; print(platform.python_version()); print(sys.prefix)"]);
  if (found.status !== 0) throw new SetupError(`there is no python3 (${found.reason || found.stderr.trim()})`);
  const pins = Object.entries(PYTHON_PACKAGES).map(([name, version]) => `${name}==${version}`);
  const entry = join(CACHE, "python", await fingerprint(ROOT, [], [found.stdout, ...pins]));
  if (await exists(entry)) await touchEntry(entry);
  else {
    await step("Python", () => publishEntry(entry, async (staging) => {
      await run("python3", ["-m", "venv", staging], { failure: "Python can't make an environment (`apt install python3-venv`)" });
      const pip = ["-m", "pip", "install", "-q", "--disable-pip-version-check", ...pins];
      await run(join(staging, "bin", "python"), pip, { failure: `pip can't install ${pins.join(" ")}` });
    }), () => pins.join(", "));
    await prune(join(CACHE, "python"), KEPT);
  }
  return { command: join(entry, "bin", "python"), version: [found.stdout.split("\n")[0], ...pins].join(", "), missing: "" };
}

/** Without a shared library of RocksDB the plain programs can't scan. @returns {Promise<Tool>} */
async function checkLibrary() {
  const library = (await filesBelow(PEERS.output)).find((path) => /\.(so|dylib)(\.|$)/.test(path));
  if (library === undefined) throw new SetupError("RocksDB was compiled into the addon, and there is no library to link a plain program to");
  return { command: library, version: "", missing: "" };
}
