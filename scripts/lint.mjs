#!/usr/bin/env node
// @ts-check
/** Checks the code without running it: rules, layers, types of the scripts, lengths of files, and the crates. */
import "./setup/node-version.mjs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { filesTooLong } from "./file-size.mjs";
import { runScript, setUp } from "./setup.mjs";
import { CRATES } from "./setup/crates.mjs";
import { cargoEnvironment } from "./setup/native.mjs";
import { inProject, ROOT } from "./setup/paths.mjs";
import { tryRun } from "./setup/run.mjs";

/** @typedef {{ name: string, check: () => Promise<string> }} Check `check` resolves to what is wrong, or to "" */

/**
 * A check by a package of node_modules.
 * @param {string} name
 * @param {string} program path below node_modules
 * @param {...string} args
 * @returns {Check}
 */
const byPackage = (name, program, ...args) => ({
  name,
  check: () => outcome(process.execPath, [inProject("node_modules", ...program.split("/")), ...args]),
});

/** @type {Check[]} */
const JAVASCRIPT_CHECKS = [
  byPackage("eslint", "eslint/bin/eslint.js", "--max-warnings=0", "."),
  byPackage("layers", "dependency-cruiser/bin/dependency-cruise.mjs", "src", "--config", ".dependency-cruiser.cjs"),
  byPackage("types of scripts", "typescript/bin/tsc", "-p", "scripts"),
  { name: "file lengths", check: async () => (await filesTooLong()).join("\n") },
];

/** @type {Check[]} */
const RUST_CHECKS = CRATES.flatMap((crate) => {
  const manifest = `--manifest-path=${join(crate.directory, "Cargo.toml")}`;
  return [
    { name: `rustfmt ${crate.name}`, check: () => outcome("cargo", ["fmt", "--check", manifest]) },
    {
      name: `clippy ${crate.name}`,
      check: async () =>
        outcome("cargo", ["clippy", "--locked", "--all-targets", manifest, "--", "-D", "warnings"], await cargoEnvironment(crate)),
    },
  ];
});

/**
 * @param {string} command
 * @param {readonly string[]} args
 * @param {NodeJS.ProcessEnv} [env]
 */
async function outcome(command, args, env) {
  const result = await tryRun(command, args, { cwd: ROOT, env });
  if (result.status === 0) return "";
  if (/is not installed for the toolchain|no such command/.test(result.stderr)) {
    return "rustfmt and clippy are needed: run `rustup component add rustfmt clippy`";
  }
  return `${result.stdout}${result.stderr}${result.reason}`.trim() || `exit status ${String(result.status)}`;
}

/**
 * Runs every check and prints a line for each, after what is wrong.
 * @returns {Promise<number>} how many failed
 */
export async function lint() {
  let failed = 0;
  /** @param {readonly Check[]} checks */
  const runAll = async (checks) => {
    for (const { name, check } of checks) {
      const start = performance.now();
      const complaint = await check();
      const seconds = ((performance.now() - start) / 1000).toFixed(1);
      if (complaint !== "") {
        failed++;
        process.stdout.write(`${complaint}\n`);
      }
      process.stdout.write(`lint: ${name}: ${complaint === "" ? "good" : "FAILED"} (${seconds} s)\n`);
    }
  };
  await Promise.all([runAll(JAVASCRIPT_CHECKS), runAll(RUST_CHECKS)]);
  return failed;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  await runScript("lint", async () => {
    await setUp({ tests: true });
    if ((await lint()) > 0) process.exitCode = 1;
  });
}
