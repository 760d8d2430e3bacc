#!/usr/bin/env node
// @ts-check
/**
 * Does what is missing before kgdump can run: npm packages, native addons, TypeScript.
 *
 *     node scripts/setup.mjs              for running it
 *     node scripts/setup.mjs --tests      for its tests too
 *     node scripts/setup.mjs --prepare    within `npm ci`, `npm link` and `npm install -g .`
 */
import "./setup/node-version.mjs";
import { pathToFileURL } from "node:url";
import { bundleProgram } from "./setup/bundle.mjs";
import { refuseForeignCache } from "./setup/cache.mjs";
import { CRATES, BLOCKS, ROCKSDB, SLED } from "./setup/crates.mjs";
import { buildCrates } from "./setup/native.mjs";
import { installPackages, installPackagesWhenNone, packagesAreInstalled } from "./setup/packages.mjs";
import { CACHE } from "./setup/paths.mjs";
import { prepareReader } from "./setup/python.mjs";
import { needsMaven } from "./setup/release-library.mjs";
import { stopAll } from "./setup/run.mjs";
import { MissingTool, SetupError } from "./setup/setup-error.mjs";
import { allMissing, checkCompilers, checkMaven, checkNpm, rustCompiler } from "./setup/tools.mjs";
import { compileTypeScript } from "./setup/typescript.mjs";

/**
 * @param {{ tests?: boolean, prepare?: boolean }} [options] whether tests are set up too, and whether npm runs this while
 *   it installs
 * @throws {SetupError}
 */
export async function setUp({ tests = false, prepare = false } = {}) {
  await refuseForeignCache(CACHE);
  const javascript = async () => {
    await (prepare ? installPackagesWhenNone() : installPackages());
    await bundleProgram(await compileTypeScript({ tests }));
  };
  // An exit by the front door gives the cache's lock back.
  const quit = (/** @type {NodeJS.Signals} */ signal) => {
    stopAll();
    process.exit(signal === "SIGINT" ? 130 : 143);
  };
  process.on("SIGINT", quit).on("SIGTERM", quit);
  try {
    await Promise.all([javascript(), buildCrates(tests ? CRATES : [SLED, ROCKSDB, BLOCKS]), tests ? prepareReader() : undefined]);
  } catch (error) {
    if (!(error instanceof MissingTool)) throw error;
    stopAll();
    throw await allMissing(error, [rustCompiler, checkCompilers, ...((await packagesAreInstalled()) ? [] : [checkNpm]), ...((await needsMaven()) ? [checkMaven] : [])]);
  } finally {
    process.off("SIGINT", quit).off("SIGTERM", quit);
  }
}

/**
 * Runs a script's work. What the user can do something about becomes one line and an exit code.
 * @param {string} name of the script
 * @param {() => Promise<void>} work
 */
export async function runScript(name, work) {
  try {
    await work();
  } catch (error) {
    stopAll();
    if (!(error instanceof SetupError) && !(error instanceof Error && (error.name === "KgdumpError" || "syscall" in error))) throw error;
    const { output, exitCode } = { output: "", exitCode: 1, ...error };
    if (output !== "") process.stderr.write(`${output}\n`);
    process.stderr.write(`${name} failed: ${error.message}\n`);
    // Steps that are still under way must not go on behind the last line.
    process.exit(exitCode);
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const args = process.argv.slice(2);
  await runScript("set-up", () => setUp({ tests: args.includes("--tests"), prepare: args.includes("--prepare") }));
}
