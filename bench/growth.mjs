// @ts-check
/** How time and memory grow with the store: the same commands at 1x, 4x and 16x the records, in turns. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { CONTENDERS } from "./contenders.mjs";
import { makeDump } from "./compare.mjs";
import { makePlaces } from "./places.mjs";
import { runRounds } from "./rounds.mjs";

const STEPS = [1, 4, 16];
const NAMES = ["export-lz4", "import", "pipe", "inspect-stream"];

/** @typedef {import("./rounds.mjs").Result & { step: number }} GrowthResult */

/**
 * @param {string} directory an empty one
 * @param {{ records: number, rounds: number }} options records at 1x
 * @param {(line: string) => void} report
 * @returns {Promise<{ results: GrowthResult[], version: string }>} `version`: of RocksDB
 */
export async function measureGrowth(directory, { records, rounds }, report) {
  /** @type {{ step: number, places: import("./places.mjs").Places }[]} */
  const sizes = [];
  for (const step of STEPS) {
    const place = join(directory, `x${String(step)}`);
    await mkdir(place);
    const places = await makePlaces(place, records * step, { raw: false }, report);
    await makeDump(places, {});
    sizes.push({ step, places });
  }
  const contenders = CONTENDERS.filter(({ name }) => NAMES.includes(name));
  const entrants = contenders.flatMap((contender) => sizes.map(({ step, places }) => ({ contender, places, step })));
  const results = await runRounds(entrants, rounds, {}, report);
  return { results: results.map((result, i) => ({ ...result, step: entrants[i]?.step ?? 0 })), version: sizes[0]?.places.version ?? "" };
}
