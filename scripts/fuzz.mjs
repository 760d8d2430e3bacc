#!/usr/bin/env node
// @ts-check
/**
 * Fuzzing for as long as one likes. What breaks a property is written to a file, with the command that repeats it.
 *
 *     npm run fuzz -- --inputs 1e8                       so many inputs, spread over all targets
 *     npm run fuzz -- --seconds 600 --seed 7             for so long, from a seed
 *     npm run fuzz -- --target read --inputs 1e6         one target
 *     npm run fuzz -- --target read --seed 7 --from 93 --inputs 1      one input again
 *     npm run fuzz -- --replay FILE                      a dump, given to all that reads dumps
 *     npm run fuzz -- --collect                          adds dumps with outcomes that the corpus lacks
 */
import "./setup/node-version.mjs";
import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { parseArgs, promisify } from "node:util";
import { runScript, setUp } from "./setup.mjs";
import { inProject } from "./setup/paths.mjs";
import { SetupError } from "./setup/setup-error.mjs";

/** Inputs that a process takes before it ends, so that a leak in the harness is none of the code's. */
const SLICE = 20_000;
const DEFAULT_INPUTS = 10_000_000;
const built = (/** @type {string} */ name) => inProject("build", "test", "fuzz", name);

const { values } = parseArgs({
  options: {
    inputs: { type: "string" },
    seconds: { type: "string" },
    seed: { type: "string" },
    from: { type: "string" },
    target: { type: "string" },
    replay: { type: "string" },
    collect: { type: "boolean" },
  },
});

/**
 * @param {"inputs" | "seconds" | "seed" | "from"} name
 * @param {number} otherwise
 */
function number(name, otherwise) {
  const given = Number(values[name] ?? otherwise);
  if (!Number.isInteger(given) || given < 0) throw new SetupError(`--${name} takes a whole number`);
  return given;
}

/** @param {string} path */
async function replay(path) {
  const input = await readFile(path);
  const { TARGETS, WHOLE_DUMPS } = await import(built("targets.js"));
  const { Random } = await import(built("random.js"));
  for (const target of values.target === undefined ? WHOLE_DUMPS : [values.target]) {
    const outcome = await TARGETS[target].check(input, new Random(number("seed", 1), number("from", 0)));
    process.stdout.write(`${target}: ${outcome}\n`);
  }
}

async function fuzz() {
  const { TARGETS } = await import(built("targets.js"));
  if (values.target !== undefined && !Object.hasOwn(TARGETS, values.target)) throw new SetupError(`--target is one of ${Object.keys(TARGETS).join(", ")}`);
  const targets = values.target === undefined ? Object.keys(TARGETS) : [values.target];
  const seed = number("seed", Date.now() % 1_000_000_000);
  const end = values.seconds === undefined ? Infinity : performance.now() + number("seconds", 0) * 1000;
  const inputs = values.seconds === undefined ? number("inputs", DEFAULT_INPUTS) : Number.MAX_SAFE_INTEGER;
  process.stdout.write(`seed ${String(seed)}\n`);
  /** @type {Map<string, { inputs: number, slowest: number, memory: number, outcomes: Record<string, number> }>} */
  const tallies = new Map();
  const each = Math.ceil(inputs / targets.length);
  const starts = new Map(targets.map((target) => [target, number("from", 0)]));
  const first = number("from", 0);
  let failed = 0;
  let turn = 0;
  const lane = async () => {
    while (performance.now() < end) {
      const open = targets.filter((target) => (starts.get(target) ?? 0) < first + each);
      const target = open[turn++ % Math.max(open.length, 1)];
      if (target === undefined) return;
      const from = starts.get(target) ?? 0;
      const slice = Math.min(SLICE, first + each - from);
      starts.set(target, from + slice);
      const plan = JSON.stringify({ target, seed, from, inputs: slice, ...(end === Infinity ? {} : { seconds: (end - performance.now()) / 1000 }) });
      const { stdout } = await promisify(execFile)(process.execPath, [built("worker.js"), plan], { maxBuffer: 2 ** 30 });
      const tally = JSON.parse(stdout);
      for (const { turn: at, problem, input } of tally.failures) {
        const file = `fuzz-failure-${target}-${String(seed)}-${String(at)}.bin`;
        await writeFile(file, Buffer.from(input, "base64"));
        process.stdout.write(`\nFAILED ${target}: ${problem}\n  input: ${file}\n  again: npm run fuzz -- --target ${target} --seed ${String(seed)} --from ${String(at)} --inputs 1\n`);
        failed++;
        process.exitCode = 1;
      }
      const sum = tallies.get(target) ?? { inputs: 0, slowest: 0, memory: 0, outcomes: {} };
      for (const [code, count] of Object.entries(tally.outcomes)) sum.outcomes[code] = (sum.outcomes[code] ?? 0) + Number(count);
      tallies.set(target, { ...sum, inputs: sum.inputs + tally.inputs, slowest: Math.max(sum.slowest, tally.slowest), memory: Math.max(sum.memory, tally.memory) });
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, lane));
  let total = 0;
  for (const [target, sum] of tallies) {
    total += sum.inputs;
    process.stdout.write(`${target}: ${String(sum.inputs)} inputs, at most ${(sum.memory / 2 ** 20).toFixed(0)} MiB, slowest ${sum.slowest.toFixed(0)} ms, ${JSON.stringify(sum.outcomes)}\n`);
  }
  process.stdout.write(`${String(total)} inputs, ${String(failed)} failed\n`);
}

await runScript("fuzz", async () => {
  await setUp({ tests: true });
  if (values.replay !== undefined) return replay(values.replay);
  if (values.collect !== true) return fuzz();
  const { collect } = await import(built("corpus.js"));
  process.stdout.write(`${String(await collect(number("seed", 1), number("inputs", 60_000)))} dumps added\n`);
});
