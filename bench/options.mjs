// @ts-check
/** What the command line of the benchmark asks for. */
import { tmpdir } from "node:os";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { inProject } from "../scripts/setup/paths.mjs";
import { SetupError } from "../scripts/setup/setup-error.mjs";
import { CONTENDERS } from "./contenders.mjs";
import { parseCount } from "./graph.mjs";

/** Where the results of whole runs are kept. */
export const RESULTS = inProject("bench", "results", "latest.json");
export const CHARTS = inProject("bench", "charts");

export const HELP = `npm run bench                          compare kgdump with its limits and its peers
npm run bench -- --growth              time and memory at 1x, 4x and 16x the records
npm run bench -- --only export --only lz4

  --records N      records of the store, or at 1x: 500K, 1M (default), 10M
  --rounds N       rounds (default 5; with --growth 3); what takes very long runs in fewer
  --only WORD      contenders with this name, of this kind (limit, peer, kgdump) or for this job (export, export-sled,
                   import, import-compressed, job, job-compressed, restore, read); may be repeated. Nothing is written without --out
  --growth         measure growth instead
  --directory DIR  where the stores are made and removed (default: ${tmpdir()})
  --out FILE       results as JSON (default: bench/results/latest.json, where the other kind of run keeps its part)
  --charts DIR     charts (default: bench/charts, when --out is not given)
  --list           names of all contenders`;

/**
 * @typedef {object} Options
 * @property {number} records
 * @property {number} rounds
 * @property {string[]} only
 * @property {boolean} growth
 * @property {string} directory
 * @property {string | undefined} out
 * @property {string | undefined} charts
 * @property {boolean} help
 * @property {boolean} list
 */

/**
 * @param {readonly string[]} args
 * @returns {Options}
 * @throws {SetupError} for what it does not understand
 */
export function parseOptions(args) {
  const { values } = parse(args);
  const rounds = Number(values.rounds ?? (values.growth ? 3 : 5));
  if (!Number.isInteger(rounds) || rounds < 1) throw new SetupError(`--rounds ${String(values.rounds)}: give a number from 1 on`);
  const only = values.only ?? [];
  const known = CONTENDERS.flatMap(({ name, kind, part }) => [name, kind, part]);
  const unknown = only.find((word) => !known.includes(word));
  if (unknown !== undefined) throw new SetupError(`--only ${unknown}: there is nothing of this name (see --list)`);
  if (values.growth && only.length > 0) throw new SetupError("--growth and --only can't be given together");
  const partial = only.length > 0;
  return {
    records: parseCount(values.records),
    rounds,
    only,
    growth: values.growth,
    directory: resolve(values.directory),
    out: values.out === undefined ? (partial ? undefined : RESULTS) : resolve(values.out),
    charts: values.charts === undefined ? (partial || values.out !== undefined ? undefined : CHARTS) : resolve(values.charts),
    help: values.help,
    list: values.list,
  };
}

/** @param {readonly string[]} args */
function parse(args) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        records: { type: "string", default: "1M" },
        rounds: { type: "string" },
        only: { type: "string", multiple: true },
        growth: { type: "boolean", default: false },
        directory: { type: "string", default: tmpdir() },
        out: { type: "string" },
        charts: { type: "string" },
        help: { type: "boolean", short: "h", default: false },
        list: { type: "boolean", default: false },
      },
    });
  } catch (error) {
    throw new SetupError(`${error instanceof Error ? error.message : String(error)} (npm run bench -- --help)`, "", 2);
  }
}
