// @ts-check
/** Runs contenders in turns, A B C A B C, so that what disturbs the machine disturbs all of them. */
import { rm } from "node:fs/promises";
import { CACHE, inProject, ROOT } from "../scripts/setup/paths.mjs";
import { SetupError } from "../scripts/setup/setup-error.mjs";
import { tryRun } from "../scripts/setup/run.mjs";
import { recount } from "./contenders.mjs";
import { measure, PEERS_PROGRAM } from "./measure.mjs";
import { diskBytes } from "./places.mjs";
import { spread } from "./stats.mjs";

/** @typedef {import("./contenders.mjs").Contender} Contender */
/** @typedef {import("./places.mjs").Places} Places */

/** A contender whose first run took longer than this (s) runs in three rounds at most; a peer, in one. */
const SLOW = 20;
const SLOWEST_PEER = 60;

/**
 * @typedef {object} Result
 * @property {string} name
 * @property {string} part
 * @property {string} kind
 * @property {string} title
 * @property {string} about
 * @property {string} command as a shell would take it
 * @property {number} records
 * @property {import("./stats.mjs").Spread} seconds
 * @property {import("./stats.mjs").Spread} cpuSeconds
 * @property {import("./stats.mjs").Spread} peakBytes
 * @property {number | null} diskBytes room on disk of what it made
 * @property {{ seconds: number, cpuSeconds: number, peakBytes: number }[]} runs all of them, in the order of the rounds
 */

/** @typedef {{ contender: Contender, places: Places }} Entrant */

/**
 * @param {readonly Entrant[]} entrants
 * @param {number} rounds
 * @param {Record<string, import("./tools.mjs").Tool>} tools
 * @param {(line: string) => void} report gets a line for each run
 * @returns {Promise<Result[]>} in the order of the entrants
 * @throws {SetupError} when a command fails, or when it has not seen all records
 */
export async function runRounds(entrants, rounds, tools, report) {
  /** @type {Result[]} */
  const results = entrants.map(({ contender, places }) => emptyResult(contender, places, tools));
  for (let round = 0; round < rounds; round++) {
    for (const [i, { contender, places }] of entrants.entries()) {
      const result = results[i];
      if (result === undefined || round >= roundsOf(result, rounds)) continue;
      const run = await runOnce(contender, places, tools, result);
      result.runs.push(run);
      report(`round ${String(round + 1)}/${String(roundsOf(result, rounds))}  ${contender.name.padEnd(22)} ${String(result.records).padStart(9)} records  ${run.seconds.toFixed(2).padStart(7)} s`);
    }
  }
  for (const result of results) {
    for (const figure of /** @type {const} */ (["seconds", "cpuSeconds", "peakBytes"])) {
      result[figure] = spread(result.runs.map((run) => run[figure]));
    }
  }
  return results;
}

/**
 * @param {Result} result
 * @param {number} rounds
 */
function roundsOf({ runs, kind }, rounds) {
  const first = runs[0]?.seconds ?? 0;
  if (first > SLOWEST_PEER && kind === "peer") return 1;
  return first > SLOW ? Math.min(rounds, 3) : rounds;
}

/**
 * @param {Contender} contender
 * @param {Places} places
 * @param {Record<string, import("./tools.mjs").Tool>} tools
 * @returns {Result}
 */
function emptyResult(contender, places, tools) {
  const { name, part, kind, title, about } = contender;
  const { pipeline, stdin, stdout } = contender.command(places, tools);
  const words = pipeline.map((program) => program.join(" ")).join(" | ");
  const command = `${words}${stdin === undefined ? "" : ` < ${stdin}`}${stdout === undefined ? "" : ` > ${stdout}`}`;
  const none = { median: Number.NaN, min: Number.NaN, max: Number.NaN };
  return {
    name, part, kind, title, about, command: readable(command, places),
    records: places.records, seconds: none, cpuSeconds: none, peakBytes: none, diskBytes: null, runs: [],
  };
}

/**
 * A command without the paths of this machine.
 * @param {string} command
 * @param {Places} places
 */
function readable(command, { directory }) {
  const names = [
    [`${process.execPath} ${inProject("bin", "kgdump.js")}`, "kgdump"],
    [PEERS_PROGRAM, "kgdump-peers"],
    [directory, "WORK"],
    [`${ROOT}/`, ""],
    [`${CACHE}/`, ""],
  ];
  return names.reduce((text, [path = "", name = ""]) => text.replaceAll(path, name), command);
}

/**
 * @param {Contender} contender
 * @param {Places} places
 * @param {Record<string, import("./tools.mjs").Tool>} tools
 * @param {Result} result gets the room on disk in the first round
 */
async function runOnce(contender, places, tools, result) {
  const command = contender.command(places, tools);
  const { output } = command;
  if (output !== undefined) await rm(output, { recursive: true, force: true });
  // What others wrote before must not reach the disk at this one's expense.
  await tryRun("sync", []);
  try {
    const { output: printed, ...run } = await measure(command, places.directory);
    if (result.runs.length === 0) {
      if (output !== undefined) result.diskBytes = await diskBytes(output);
      await checkRecords(contender, places, printed, output);
    }
    return run;
  } finally {
    if (output !== undefined) await rm(output, { recursive: true, force: true });
  }
}

/**
 * @param {Contender} contender
 * @param {Places} places
 * @param {string} printed
 * @param {string | undefined} output
 */
async function checkRecords(contender, places, printed, output) {
  const counts = contender.count === undefined ? [] : [contender.count(printed)];
  const again = output === undefined ? undefined : recount(contender, output);
  if (again !== undefined) counts.push(again.count((await measure(again.command, places.directory)).output));
  for (const count of counts) {
    if (count !== places.records) {
      throw new SetupError(`${contender.name} has seen ${String(count)} records, and there are ${String(places.records)}`);
    }
  }
}
