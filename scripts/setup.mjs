#!/usr/bin/env node
// @ts-check
/**
 * Does what is missing before kgdump can run: npm packages, native addons, TypeScript.
 *
 *     node scripts/setup.mjs              for running it
 *     node scripts/setup.mjs --tests      for its tests too
 *     node scripts/setup.mjs --prepare    within `npm ci`: packages are npm's business
 */
import "./setup/node-version.mjs";
import { pathToFileURL } from "node:url";
import { CHECKER, ROCKSDB, SLED } from "./setup/crates.mjs";
import { buildCrates } from "./setup/native.mjs";
import { installPackages } from "./setup/packages.mjs";
import { stopAll } from "./setup/run.mjs";
import { SetupError } from "./setup/setup-error.mjs";
import { compileTypeScript } from "./setup/typescript.mjs";

/**
 * @param {{ tests?: boolean, packages?: boolean }} [options] whether tests are set up too (default: no), and packages
 *   (default: yes)
 * @throws {SetupError}
 */
export async function setUp({ tests = false, packages = true } = {}) {
  const javascript = async () => {
    if (packages) await installPackages();
    await compileTypeScript({ tests });
  };
  await Promise.all([javascript(), buildCrates(tests ? [SLED, ROCKSDB, CHECKER] : [SLED, ROCKSDB])]);
}

/**
 * Runs a script's work; a SetupError becomes one line and exit code 1.
 * @param {() => Promise<void>} work
 */
export async function runScript(work) {
  try {
    await work();
  } catch (error) {
    stopAll();
    if (!(error instanceof SetupError)) throw error;
    if (error.output !== "") process.stderr.write(`${error.output}\n`);
    process.stderr.write(`set-up failed: ${error.message}\n`);
    // Steps that are still under way must not go on behind the last line.
    process.exit(1);
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const args = process.argv.slice(2);
  await runScript(() => setUp({ tests: args.includes("--tests"), packages: !args.includes("--prepare") }));
}
