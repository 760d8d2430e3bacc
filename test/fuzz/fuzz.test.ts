/**
 * 600,000 mutated inputs, and the corpus. The long version is `npm run fuzz`; SEED=n repeats a run of this one.
 */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import test from "ava";
import { outcomeOf, readCorpus } from "./corpus.js";
import { Random } from "./random.js";
import { LIMITS, TARGETS, WHOLE_DUMPS } from "./targets.js";
import type { SentTally } from "./worker.js";
import { SEED } from "../support/seed.js";

const WORKER = fileURLToPath(new URL("worker.js", import.meta.url));
const PROCESSES = 2;
const MOST_MEMORY = 256 * 2 ** 20 + 2 * LIMITS.rawBlock;

/** Together 600,000; more of those that take microseconds. */
const INPUTS: Readonly<Record<keyof typeof TARGETS, number>> = {
  read: 10_000,
  file: 5_000,
  inspect: 5_000,
  recover: 1_000,
  journal: 25_000,
  settings: 12_000,
  options: 100,
  header: 25_000,
  lz4: 10_000,
  zstd: 10_000,
  totals: 40_000,
  index: 40_000,
  small: 50_000,
  frame: 120_000,
  entries: 140_000,
  walk: 110_000,
};

/** Lets so many run at a time as there are processors to be used. */
const waiting: (() => void)[] = [];
let running = 0;
async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  if (running >= PROCESSES) await new Promise<void>((go) => waiting.push(go));
  running += 1;
  try {
    return await work();
  } finally {
    running -= 1;
    waiting.shift()?.();
  }
}

test("there are 600,000 inputs, some for each target", (t) => {
  t.deepEqual(Object.keys(INPUTS).sort(), Object.keys(TARGETS).sort());
  t.true(Object.values(INPUTS).reduce((sum, inputs) => sum + inputs, 0) >= 600_000);
});

for (const [target, inputs] of Object.entries(INPUTS)) {
  test(`${target}: ${inputs} mutated inputs are sound or refused by a code`, async (t) => {
    t.timeout(600_000);
    const plan = JSON.stringify({ target, seed: SEED, from: 0, inputs, patience: 10_000 });
    const { stdout } = await inTurn(() => promisify(execFile)(process.execPath, [WORKER, plan], { maxBuffer: 2 ** 28 }));
    const { failures, outcomes, seconds, memory, ...tally } = JSON.parse(stdout) as SentTally;
    t.log(`seed ${SEED}: ${seconds.toFixed(1)} s, ${(memory / 2 ** 20).toFixed(0)} MiB, ${JSON.stringify(outcomes)}`);
    const [first] = failures;
    if (first !== undefined) t.fail(`npm run fuzz -- --target ${target} --seed ${SEED} --from ${first.turn} --inputs 1\n${first.problem}\n${first.input}`);
    t.is(tally.inputs, inputs);
    t.true(memory < MOST_MEMORY);
    // Of a header's options, those that can't be are left out: the dump is restored all the same.
    if (target !== "options") t.true((outcomes.sound ?? 0) < inputs);
  });
}

const corpus = readCorpus();

test("the corpus has each code that a dump can end with", (t) => {
  t.true(corpus.length >= 60);
  t.true(corpus.reduce((sum, { input }) => sum + input.length, 0) < 1_000_000);
});

test("each dump of the corpus is read as its name says, whatever reads it", async (t) => {
  for (const { name, expected, input } of corpus) {
    t.is((await outcomeOf(input)).code, expected, name);
    for (const target of WHOLE_DUMPS) {
      for (let turn = 0; turn < 4; turn += 1) await t.notThrowsAsync(async () => TARGETS[target]?.check(input, new Random(SEED, turn)), `${name} by ${target}, seed ${SEED}`);
    }
  }
});
