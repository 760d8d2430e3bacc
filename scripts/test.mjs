#!/usr/bin/env node
// @ts-check
/**
 * Sets up what is missing and runs all tests: those in TypeScript, then those of the crates. The last lines have the sums; a test that says "SKIPPED: …" has
 * not passed.
 *
 *     node scripts/test.mjs                               everything
 *     node scripts/test.mjs --lint                        the checks of `npm run lint` before
 *     node scripts/test.mjs --new-seed                    with other random cases than usual
 *     node scripts/test.mjs build/test/format/*.test.js   these only
 */
import "./setup/node-version.mjs";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { lint } from "./lint.mjs";
import { runScript, setUp } from "./setup.mjs";
import { OWN_CRATES } from "./setup/crates.mjs";
import { withCargo } from "./setup/native.mjs";
import { inProject, ROOT } from "./setup/paths.mjs";
import { stream } from "./setup/stream.mjs";

/** Longer than any test, or crate that is compiled for one, is silent. AVA ends nothing by itself once a test has asked for more time than that. */
const SILENCE_MS = 12 * 60_000;

/** What random tests of an ordinary run draw from: the same each time, so that what fails is what a change broke. */
const USUAL_SEED = 20271117;

/** One file more than there are processors: tests wait for processes, locks and clocks. */
const FILES_AT_ONCE = availableParallelism() + 1;

/** @typedef {{ passed: number, failed: number, skipped: number, names: readonly string[] }} Counts names: of what failed, as far as it has one */

/**
 * @param {string} output
 * @param {RegExp} pattern its first group is a number
 */
function sum(output, pattern) {
  let total = 0;
  for (const match of stripVTControlCharacters(output).matchAll(pattern)) total += Number(match[1]);
  return total;
}

/**
 * @param {boolean} ok whether the program itself ended well
 * @param {Counts} counts
 * @returns {Counts} with one failure at least when it did not
 */
function settle(ok, { failed, ...counts }) {
  return { ...counts, failed: ok ? failed : Math.max(1, failed) };
}

/**
 * @param {string} output
 * @param {RegExp} pattern its first group is a name
 */
function namesIn(output, pattern) {
  return [...new Set([...stripVTControlCharacters(output).matchAll(pattern)].map((match) => match[1] ?? ""))];
}

/**
 * @param {readonly string[]} files
 * @returns {Promise<Counts>}
 */
async function testTypeScript(files) {
  const { ok, output } = await stream(process.execPath, [inProject("node_modules", "ava", "entrypoints", "cli.mjs"), `--concurrency=${String(FILES_AT_ONCE)}`, ...files], { cwd: ROOT, silenceMs: SILENCE_MS });
  // The summary has the number of passed tests only when none failed, so their lines are counted.
  const plain = stripVTControlCharacters(output);
  const skipped = [...plain.matchAll(/^ {4,}ℹ SKIPPED: /gm)].length;
  const passed = [...plain.matchAll(/^ {2}✔ /gm)].length - skipped;
  const names = namesIn(output, /^ {2}(?:✘|✖) (?:\[fail\]: )?(.*)$/gm);
  return settle(ok, { passed, skipped, names, failed: sum(output, /^ {2}(\d+) (?:(?:tests?|hooks?) failed|uncaught exceptions?|unhandled rejections?)/gm) });
}

/**
 * @param {import("./setup/crates.mjs").Sources} crate
 * @returns {Promise<Counts>}
 */
async function testCrate(crate) {
  return withCargo(crate, (env) => testCrateIn(crate, env));
}

/**
 * @param {import("./setup/crates.mjs").Sources} crate
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<Counts>}
 */
async function testCrateIn(crate, env) {
  const library = env["KGDUMP_ROCKSDB_LIB"];
  // The test program does not lie beside the library, as the addon does.
  if (library) env["LD_LIBRARY_PATH"] = env["DYLD_LIBRARY_PATH"] = dirname(library);
  const args = ["test", "--quiet", "--locked", `--manifest-path=${join(crate.directory, "Cargo.toml")}`];
  const { ok, output } = await stream("cargo", args, { cwd: ROOT, env, silenceMs: SILENCE_MS });
  return settle(ok, {
    passed: sum(output, /^test result: .*? (\d+) passed;/gm),
    failed: sum(output, /^test result: .*? (\d+) failed;/gm),
    skipped: sum(output, /^test result: .*? (\d+) ignored;/gm),
    names: namesIn(output, /^---- (.*) stdout ----$/gm),
  });
}

/** @param {readonly string[]} args */
async function main(args) {
  const files = args.filter((arg) => arg !== "--lint" && arg !== "--new-seed");
  process.env["KGDUMP_USUAL_SEED"] = String(args.includes("--new-seed") ? Math.floor(Math.random() * 2 ** 30) : USUAL_SEED);
  await setUp({ tests: true });
  /** @type {Counts[]} */
  const counts = [];
  if (args.includes("--lint")) {
    const names = await lint();
    counts.push({ passed: 0, failed: names.length, skipped: 0, names });
  }
  const begun = performance.now();
  counts.push(await testTypeScript(files));
  if (files.length === 0) for (const crate of OWN_CRATES) counts.push(await testCrate(crate));
  const seconds = Math.round((performance.now() - begun) / 1000);
  const total = (/** @type {"passed" | "failed" | "skipped"} */ key) => counts.reduce((sum, part) => sum + part[key], 0);
  const [passed, failed, skipped] = [total("passed"), total("failed"), total("skipped")];
  // The end of a long output is what is seen of it, so that the names are told once more there.
  const names = counts.flatMap((part) => part.names).map((name) => `failed: ${name}\n`);
  const left = skipped > 0 ? `${String(skipped)} skipped: "SKIPPED" and "ignored" above\n` : "";
  const time = `the tests took ${String(Math.floor(seconds / 60))} min ${String(seconds % 60)} s\n`;
  closing = `${names.join("")}${left}${time}${String(passed)} passed, ${String(failed)} failed\n`;
  if (failed > 0) process.exitCode = 1;
}

let closing = "0 passed, 1 failed\n";
process.on("exit", () => {
  process.stdout.write(closing);
});
await runScript("test", () => main(process.argv.slice(2)));
