// @ts-check
/** The comparison: all contenders on one store. */
import { rename } from "node:fs/promises";
import { CONTENDERS } from "./contenders.mjs";
import { measure } from "./measure.mjs";
import { makePlaces } from "./places.mjs";
import { runRounds } from "./rounds.mjs";
import { prepareTools } from "./tools.mjs";

/** @typedef {import("./contenders.mjs").Contender} Contender */
/** @typedef {import("./places.mjs").Places} Places */
/** @typedef {import("./tools.mjs").Tool} Tool */

/**
 * @typedef {object} Comparison
 * @property {Places} places
 * @property {import("./rounds.mjs").Result[]} results
 * @property {{ name: string, why: string }[]} skipped
 * @property {Record<string, Tool>} tools
 */

/**
 * @param {string} directory an empty one
 * @param {{ records: number, rounds: number, only: readonly string[] }} options `only`: names or parts of names; none for all
 * @param {(line: string) => void} report
 * @returns {Promise<Comparison>}
 */
export async function compare(directory, { records, rounds, only }, report) {
  const chosen = CONTENDERS.filter(({ name, kind, part }) => only.length === 0 || only.some((word) => [name, kind, part].includes(word)));
  const tools = await prepareTools([...new Set(chosen.flatMap(({ tools: needed }) => needed ?? []))]);
  const skipped = chosen.flatMap(({ name, tools: needed }) => {
    const why = (needed ?? []).map((tool) => tools[tool]?.missing ?? "").find((reason) => reason !== "");
    return why === undefined ? [] : [{ name, why }];
  });
  for (const { name, why } of skipped) report(`SKIPPED ${name}: ${why}`);
  const able = chosen.filter(({ name }) => !skipped.some((other) => other.name === name));
  const places = await makePlaces(directory, records, { raw: able.some(({ raw }) => raw) }, report);
  const needsSled = able.some(({ sled }) => sled);
  if (needsSled || able.some(({ dump }) => dump)) await makeDump(places, tools);
  if (needsSled) await makeSled(places, tools);
  if (able.some(({ text }) => text)) {
    const ldb = find("ldb-dump").command(places, tools);
    await measure({ pipeline: ldb.pipeline, stdout: places.text }, places.directory);
  }
  const results = await runRounds(able.map((contender) => ({ contender, places })), rounds, tools, report);
  return { places, results, skipped, tools };
}

/** @param {string} name @returns {Contender} */
function find(name) {
  const found = CONTENDERS.find((contender) => contender.name === name);
  if (found === undefined) throw new TypeError(`${name} is no contender`);
  return found;
}

/**
 * Makes the sled store that is exported.
 * @param {Places} places
 * @param {Record<string, Tool>} tools
 */
async function makeSled(places, tools) {
  const { pipeline, output = "" } = find("import-load").command(places, tools);
  await measure({ pipeline }, places.directory);
  await rename(output, places.sled);
}

/**
 * Makes the dump that is imported and read.
 * @param {Places} places
 * @param {Record<string, Tool>} tools
 */
export async function makeDump(places, tools) {
  const { pipeline } = find("export-lz4").command(places, tools);
  const words = (pipeline[0] ?? []).slice(0, -1);
  await measure({ pipeline: [[...words, places.dump]] }, places.directory);
}
