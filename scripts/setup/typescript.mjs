// @ts-check
/** Compiles src/ to dist/ and test/ to build/test/, when something changed. */
import { rm, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { removeBundle } from "./bundle.mjs";
import { exists } from "./cache.mjs";
import { filesBelow, fingerprint, textOf } from "./fingerprint.mjs";
import { inProject, ROOT } from "./paths.mjs";
import { run } from "./run.mjs";
import { SetupError } from "./setup-error.mjs";
import { step } from "./steps.mjs";

const COMPILER = inProject("node_modules", "typescript", "bin", "tsc");

/** @typedef {{ source: string, output: string, config: string }} Part */

/** @type {Part} */
const LIBRARY = { source: "src", output: "dist", config: "tsconfig.json" };
/** @type {Part} */
const TESTS = { source: "test", output: "build/test", config: "test/tsconfig.json" };

/**
 * @param {{ tests: boolean }} what
 * @returns {Promise<string>} key of what is compiled in dist/
 * @throws {SetupError} when TypeScript finds an error, or is not installed
 */
export async function compileTypeScript({ tests }) {
  const parts = tests ? [LIBRARY, TESTS] : [LIBRARY];
  const keys = await Promise.all(parts.map((_, i) => sourceKey(parts.slice(0, i + 1))));
  const upToDate = await Promise.all(parts.map((part, i) => isCompiled(part, keys[i] ?? "")));
  const library = keys[0] ?? "";
  if (upToDate.every(Boolean)) return library;
  if (!(await exists(COMPILER))) {
    // Without packages for development, what was compiled before will do.
    if (!tests && (await exists(inProject("dist", "index.js")))) return library;
    throw new SetupError("TypeScript is missing, as packages for development were left out: run `npm run setup`, which adds them");
  }
  await removeBundle();
  await step("TypeScript", () => compile(parts), () => "compiled");
  for (const [i, part] of parts.entries()) await writeFile(stampOf(part), keys[i] ?? "");
  return library;
}

/** @param {Part} part */
const stampOf = (part) => inProject(part.output, ".setup-stamp.json");

/**
 * @param {Part} part
 * @param {string} key
 */
async function isCompiled(part, key) {
  return (await textOf(stampOf(part))) === key && (await exists(inProject(part.output, ".tsbuildinfo")));
}

/** @param {readonly Part[]} parts */
async function compile(parts) {
  for (const part of parts) await removeStale(part);
  const projects = parts.map(({ config }) => config);
  await run(process.execPath, [COMPILER, "-b", ...projects], { cwd: ROOT, failure: "TypeScript does not compile" });
}

/** @param {readonly Part[]} parts */
async function sourceKey(parts) {
  const files = [inProject("package-lock.json"), ...parts.map(({ config }) => inProject(config))];
  for (const { source } of parts) files.push(...(await filesBelow(inProject(source), isNotSource)));
  return fingerprint(ROOT, files);
}

/** @param {string} path */
function isNotSource(path) {
  return /(^|\/)(target|node_modules|fixtures)$/.test(path) || (/\.[a-z]+$/.test(path) && !/\.(ts|json)$/.test(path));
}

/**
 * Removes what was compiled from sources that are gone; the test runner would still find it.
 * @param {Part} part
 */
async function removeStale({ source, output }) {
  for (const file of await filesBelow(inProject(output))) {
    const name = relative(inProject(output), file);
    const match = /^(.*)\.(?:js|js\.map|d\.ts|d\.ts\.map)$/.exec(name);
    if (match === null) continue;
    if (await exists(join(inProject(source), `${match[1] ?? ""}.ts`))) continue;
    await rm(file);
  }
}
