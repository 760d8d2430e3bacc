// @ts-check
/** Programs from PyPI that only packages are made with: pinned in a file of requirements each, installed into the cache. */
import { join } from "node:path";
import { exists, publishEntry, touchEntry } from "../setup/cache.mjs";
import { fingerprint, textOf } from "../setup/fingerprint.mjs";
import { CACHE, inProject, ROOT } from "../setup/paths.mjs";
import { run } from "../setup/run.mjs";
import { step } from "../setup/steps.mjs";

/**
 * The directory with what `scripts/package/NAME.txt` asks for.
 * @param {string} name
 * @returns {Promise<string>} absolute path
 * @throws {import("../setup/setup-error.mjs").SetupError} when it can't be installed
 */
export async function fromPypi(name) {
  const requirements = inProject("scripts", "package", `${name}.txt`);
  const entry = join(CACHE, name, await fingerprint(ROOT, [], [await textOf(requirements)]));
  const install = async (/** @type {string} */ directory) => {
    const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes", "--no-deps", "--target", directory, "--requirement", requirements];
    await run("python3", pip, { failure: `${name} cannot be installed` });
  };
  if (await exists(entry)) await touchEntry(entry);
  else await step(name, () => publishEntry(entry, install), () => "installed");
  return entry;
}
