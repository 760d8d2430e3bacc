// @ts-check
/** The npm packages of the project. */
import { exists } from "./cache.mjs";
import { inProject, ROOT } from "./paths.mjs";
import { textOf } from "./fingerprint.mjs";
import { run } from "./run.mjs";
import { step } from "./steps.mjs";
import { checkNpm, npmCommand } from "./tools.mjs";

/** @typedef {{ version?: string, integrity?: string, optional?: boolean, devOptional?: boolean, peer?: boolean }} LockEntry */

/** Installs the packages of package-lock.json unless exactly these are there. */
export async function installPackages() {
  if (!(await packagesAreInstalled())) await npmInstall();
}

/** Has npm install them. @throws {import("./setup-error.mjs").SetupError} */
export async function npmInstall() {
  await checkNpm();
  const { command, args } = npmCommand();
  // No install scripts: what we depend on works without them, and `prepare` would come back here. Within
  // `npm install -g .`, npm would take this installation for a global one too.
  const options = ["--ignore-scripts", "--include=dev", "--global=false", "--location=project", "--loglevel=error"];
  // What is in npm's cache is not asked for again: without a network, npm would try that for three minutes.
  const sparing = ["--prefer-offline", "--fetch-retries=1", "--no-audit", "--no-fund"];
  await step(
    "npm packages",
    () => run(command, [...args, "ci", ...options, ...sparing], { cwd: ROOT, failure: "`npm ci` failed" }),
    () => "installed",
  );
}

/**
 * Installs the packages when there are none at all: `npm install -g .` and `npm link` leave that out in a clone, whereas
 * within `npm ci` they are there, as many of them as the user wanted.
 */
export async function installPackagesWhenNone() {
  if (!(await exists(inProject("node_modules", ".package-lock.json")))) await installPackages();
}

/**
 * Whether what is installed is what package-lock.json says. npm leaves a record of what it installed in node_modules; it is written last and goes with the directory, so it serves
 * as the stamp.
 */
export async function packagesAreInstalled() {
  const wanted = await lockEntries(inProject("package-lock.json"));
  const installed = await lockEntries(inProject("node_modules", ".package-lock.json"));
  return Object.entries(wanted).every(([path, entry]) => {
    const found = installed[path];
    if (path === "") return true;
    if (found === undefined) return entry.optional === true || entry.devOptional === true;
    return found.version === entry.version && found.integrity === entry.integrity;
  });
}

/**
 * @param {string} path
 * @returns {Promise<Record<string, LockEntry>>} by path of the package
 */
async function lockEntries(path) {
  const text = await textOf(path);
  return text === "" ? {} : JSON.parse(text).packages;
}
