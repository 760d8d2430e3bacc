#!/usr/bin/env node
// @ts-check
/**
 * Compares kgdump with its limits and its peers on a store of its own making, writes the figures and draws their charts.
 *
 *     npm run bench -- --help
 *
 * A run that is not limited by --only is kept in bench/results/latest.json: a comparison and a growth, each with the
 * machine and the time at which it was made.
 */
import "../scripts/setup/node-version.mjs";
import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { runScript, setUp } from "../scripts/setup.mjs";
import { PEERS } from "../scripts/setup/crates.mjs";
import { buildCrates } from "../scripts/setup/native.mjs";
import { drawCharts } from "./charts.mjs";
import { compare } from "./compare.mjs";
import { CONTENDERS } from "./contenders.mjs";
import { measureGrowth } from "./growth.mjs";
import { checkInterrupted, listenForSignals } from "./interrupt.mjs";
import { describeMachine, describeVersions } from "./machine.mjs";
import { HELP, parseOptions } from "./options.mjs";
import { readResults, summary, writeResults } from "./results.mjs";

/** @typedef {import("./options.mjs").Options} Options */

/** @param {string} line */
const report = (line) => {
  process.stderr.write(`bench: ${line}\n`);
};

/**
 * @param {Options} options
 * @param {string} directory
 * @returns {Promise<import("./results.mjs").Results>} of this run alone
 */
async function runAll(options, directory) {
  const { records, rounds, growth } = options;
  const args = process.argv.slice(2);
  const run = { date: new Date().toISOString(), command: ["npm run bench", ...(args.length > 0 ? ["--", ...args] : [])].join(" "), rounds };
  const machine = await describeMachine(directory);
  if (growth) {
    const { results, version } = await measureGrowth(directory, options, report);
    return { growth: { ...run, machine, versions: await describeVersions(version, {}), records, results } };
  }
  const { places, results, skipped, tools } = await compare(directory, options, report);
  const versions = await describeVersions(places.version, tools);
  const { contentBytes, rawBytes } = places;
  return { comparison: { ...run, machine, versions, records: places.records, contentBytes, rawBytes, skipped, results } };
}

async function main() {
  const options = parseOptions(process.argv.slice(2));
  if (options.help || options.list) {
    const lines = CONTENDERS.map(({ name, about }) => `${name.padEnd(24)} ${about}`);
    process.stdout.write(`${options.help ? HELP : lines.join("\n")}\n`);
    return;
  }
  await setUp();
  await buildCrates([PEERS]);
  listenForSignals();
  const started = performance.now();
  const directory = await mkdtemp(join(options.directory, "kgdump-bench-"));
  /** @type {import("./results.mjs").Results} */
  let results;
  try {
    results = await runAll(options, directory).catch((/** @type {unknown} */ error) => {
      // What fails because it was ended has not failed.
      checkInterrupted();
      throw error;
    });
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
  checkInterrupted();
  if (options.out !== undefined) results = await writeResults(options.out, { ...(await readResults(options.out)), ...results });
  process.stdout.write(`\n${summary(results)}`);
  if (options.out !== undefined) report(`figures: ${options.out}`);
  if (options.charts !== undefined) for (const chart of await drawCharts(results, options.charts)) report(`chart: ${chart}`);
  report(`${((performance.now() - started) / 60_000).toFixed(1)} minutes`);
}

await runScript("bench", main);
