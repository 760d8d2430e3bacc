// @ts-check
/**
 * The Python that the second reader of the format (format-spec/reader) runs in: a virtual environment with its pinned packages.
 *
 *     node scripts/setup/python.mjs        prints the path of its interpreter; exit code 1 when there is no Python
 */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { exists, prune, publishEntry, touchEntry } from "./cache.mjs";
import { fingerprint, textOf } from "./fingerprint.mjs";
import { CACHE, inProject, ROOT } from "./paths.mjs";
import { run, tryRun } from "./run.mjs";
import { step } from "./steps.mjs";

const REQUIREMENTS = inProject("format-spec", "reader", "requirements.txt");

/** Environments that are kept, one for each version of Python and of the packages. */
const KEPT = 3;

/** @typedef {{ python: string } | { missing: string }} ReaderPython */

/**
 * The interpreter with the packages of format-spec/reader/requirements.txt, from the cache or made anew.
 * @returns {Promise<ReaderPython>} `missing` says why there is none
 * @throws {import("./setup-error.mjs").SetupError} when Python is there and the packages cannot be installed
 */
export async function readerPython() {
  const version = await tryRun("python3", ["-c", "import sys; print(sys.version, sys.base_prefix); assert sys.version_info >= (3, 9)"]);
  if (version.status === null) return { missing: version.reason };
  if (version.status !== 0) return { missing: "python3 is older than 3.9" };
  const modules = await tryRun("python3", ["-c", "import venv, ensurepip"]);
  if (modules.status !== 0) return { missing: "python3 has no venv: install it with `apt install python3-venv`" };
  const key = await fingerprint(ROOT, [], [version.stdout, await textOf(REQUIREMENTS)]);
  const entry = join(CACHE, "python", key);
  const python = join(entry, "bin", "python3");
  if (await exists(python)) await touchEntry(entry);
  else {
    await step("Python packages", () => publishEntry(entry, install), () => "installed");
    await prune(join(CACHE, "python"), KEPT);
  }
  return { python };
}

/** Makes what `readerPython` gives, and says so when there is no Python: the tests of the second reader are then skipped. */
export async function prepareReader() {
  const found = await readerPython();
  if ("missing" in found) process.stderr.write(`set-up: the second reader of the format cannot be tested: ${found.missing}\n`);
}

/** @param {string} directory */
async function install(directory) {
  await run("python3", ["-m", "venv", directory], { failure: "a virtual environment of Python cannot be made" });
  const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes", "--requirement", REQUIREMENTS];
  await run(join(directory, "bin", "python3"), pip, { failure: "the packages of format-spec/reader cannot be installed" });
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const found = await readerPython();
  if ("python" in found) process.stdout.write(`${found.python}\n`);
  else {
    process.stderr.write(`${found.missing}\n`);
    process.exitCode = 1;
  }
}
