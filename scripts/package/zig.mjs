// @ts-check
/** Zig, which links for another platform, or for an older glibc than that of this machine: from PyPI, in the cache. */
import { delimiter, join } from "node:path";
import { exists, publishEntry, touchEntry } from "../setup/cache.mjs";
import { fingerprint, textOf } from "../setup/fingerprint.mjs";
import { CACHE, inProject, ROOT } from "../setup/paths.mjs";
import { run } from "../setup/run.mjs";
import { step } from "../setup/steps.mjs";

const REQUIREMENTS = inProject("scripts", "package", "zig.txt");

/**
 * The directories with `cargo-zigbuild` and `zig`, for PATH.
 * @returns {Promise<string>}
 * @throws {import("../setup/setup-error.mjs").SetupError} when it can't be installed
 */
export async function zigPrograms() {
  const entry = join(CACHE, "zig", await fingerprint(ROOT, [], [await textOf(REQUIREMENTS)]));
  if (await exists(entry)) await touchEntry(entry);
  else await step("zig", () => publishEntry(entry, install), () => "installed");
  return [join(entry, "bin"), join(entry, "ziglang")].join(delimiter);
}

/** @param {string} directory */
async function install(directory) {
  const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes", "--no-deps", "--target", directory, "--requirement", REQUIREMENTS];
  await run("python3", pip, { failure: "zig cannot be installed" });
}
