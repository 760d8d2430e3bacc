/** Running targets over many inputs, several at a time. */
import { crc32 } from "node:zlib";
import { Random } from "./random.js";
import { makeSeeds, type Seeds } from "./seeds.js";
import { TARGETS } from "./targets.js";

/** Inputs under way at the same time: what waits for a codec's thread lets others go on. */
const AT_ONCE = 24;

/** Inputs that are run again alone because they took long. */
const MOST_SLOW = 32;

/** An input that breaks a property, and how to make it again. */
export interface Failure {
  readonly target: string;
  readonly seed: number;
  readonly turn: number;
  readonly problem: string;
  readonly input: Uint8Array;
}

/** What a run over one target gave. */
export interface Tally {
  readonly target: string;
  readonly inputs: number;
  /** How often each code, or "sound", was the outcome. */
  readonly outcomes: Record<string, number>;
  readonly seconds: number;
  /** Milliseconds of processor time that the slowest input took alone; 0 when none took long. */
  readonly slowest: number;
  /** The greatest resident memory seen, in bytes. */
  readonly memory: number;
  readonly failures: Failure[];
}

/** What to run. */
export interface Plan {
  readonly target: string;
  readonly seed: number;
  /** Number of the first input. */
  readonly from: number;
  readonly inputs: number;
  /** Seconds after which no further input is begun. */
  readonly seconds?: number;
  /** Milliseconds that an input may take; one that takes longer is run again alone, and its processor time counts. */
  readonly patience?: number;
  /** Called with each input and its outcome. */
  readonly onInput?: (input: Uint8Array, outcome: string) => void;
}

let seeds: Seeds | undefined;

/** The seeds, made once. */
export async function allSeeds(): Promise<Seeds> {
  return (seeds ??= await makeSeeds());
}

/** The input of a turn, and the random numbers that its check goes on with. */
async function inputOf(target: string, seed: number, turn: number): Promise<[Uint8Array, Random]> {
  const random = new Random(seed ^ crc32(target), turn);
  const made = TARGETS[target]?.make(await allSeeds(), random);
  if (made === undefined) throw new TypeError(`no target ${target}`);
  return [made, random];
}

/** Gives one input to a target. @returns its outcome, or what is wrong */
async function once(target: string, seed: number, turn: number): Promise<{ outcome: string; input: Uint8Array; problem?: string }> {
  const [input, random] = await inputOf(target, seed, turn);
  try {
    return { outcome: (await TARGETS[target]?.check(input, random)) ?? "", input };
  } catch (error) {
    const problem = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { outcome: "failed", input, problem };
  }
}

/**
 * Runs a target.
 * @returns what it gave; with failures it stops early
 */
export async function run(plan: Plan): Promise<Tally> {
  const { target, seed, from, inputs, seconds = Infinity, patience = 1000 } = plan;
  await allSeeds();
  const [outcomes, failures]: [Record<string, number>, Failure[]] = [{}, []];
  const slow: number[] = [];
  const started = performance.now();
  let [turn, slowest, memory] = [from, 0, 0];
  const one = async (number: number): Promise<void> => {
    const start = performance.now();
    const { outcome, input, problem } = await once(target, seed, number);
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
    plan.onInput?.(input, outcome);
    if (problem !== undefined) failures.push({ target, seed, turn: number, problem, input });
    else if (performance.now() - start > patience && slow.length < MOST_SLOW) slow.push(number);
    if (number % 1024 === 0) memory = Math.max(memory, process.memoryUsage.rss());
  };
  const lane = async (): Promise<void> => {
    while (turn < from + inputs && failures.length === 0 && performance.now() - started < seconds * 1000) await one(turn++);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  for (const number of slow) {
    const before = process.cpuUsage();
    const { input } = await once(target, seed, number);
    const { user, system } = process.cpuUsage(before);
    const taken = (user + system) / 1000;
    slowest = Math.max(slowest, taken);
    if (taken > patience) failures.push({ target, seed, turn: number, problem: `it takes ${taken.toFixed(0)} ms`, input });
  }
  return { target, inputs: turn - from, outcomes, seconds: (performance.now() - started) / 1000, slowest, memory, failures };
}
