/** Stats: what is in a dump or a store, how much of each prefix, how large, of what kind; in one pass, off the main thread. */
import { randomInt } from "node:crypto";
import { type PassKeyspace, passOver, type PassOptions, type PassTaker } from "../dump/pass.js";
import { Counter } from "./native.js";
import { readKeyspace, readSamples } from "./read-counts.js";
import type { KeyspaceStats, StatsResult } from "./results.js";

/** What is counted, and how. */
export interface StatsOptions extends PassOptions {
  /** What parts of keys end with; found when undefined. */
  readonly separator?: Uint8Array | undefined;
  /** Look at the fields of JSON values. */
  readonly schema?: boolean | undefined;
  /** Entries to choose by chance, each as likely as any other; default 0. */
  readonly samples?: number | undefined;
  /** Which entries these are: a whole number; default: by chance. */
  readonly seed?: number | undefined;
  /** Only entries whose key or value has a match of this regular expression, in the syntax of Rust's crate regex: it takes time in proportion to what it reads. */
  readonly grep?: string | undefined;
  /** Where it is looked for; default both. */
  readonly grepIn?: "keys" | "values" | undefined;
  /** Entries that are named as the largest of each keyspace; default 10. */
  readonly largest?: number | undefined;
}

/** What looks at blocks, too: its promise settles when their bytes may be used again. */
export type Beside = Pick<PassTaker, "add">;

const LARGEST = 10;

/**
 * Counts what is in a dump or a store, which are only read. Of a dump that is damaged or cut short what comes before that is told, and `dump.problem`.
 * @param beside looks at the same blocks at the same time
 * @throws {KgdumpError} USAGE, KEYSPACE_UNKNOWN, DUMP_* when not even the header can be read, STORE_* when a store can't be read, ADDON_MISSING, NOT_FOUND, …
 */
export async function statsOf(options: StatsOptions, beside?: Beside): Promise<StatsResult> {
  const started = performance.now();
  const { schema = false, samples = 0, largest = LARGEST, seed = randomInt(2 ** 32), separator, grep, grepIn } = options;
  const counter = await Counter.start({ separator, schema, largest, sample: samples, seed, grep, grepKeys: grepIn !== "values", grepValues: grepIn !== "keys" });
  const count = new Count(counter, beside);
  const facts = await passOver(count, options);
  return { ...facts, keyspaces: count.keyspaces, samples: readSamples(counter.samples(), count.keyspaces), seed, seconds: (performance.now() - started) / 1000 };
}

/** What was counted so far. */
class Count implements PassTaker {
  /** So that the next one is read while one is counted. */
  readonly atOnce = 2;
  readonly keyspaces: KeyspaceStats[] = [];
  readonly #counter: Counter;
  readonly #beside: Beside | undefined;

  constructor(counter: Counter, beside: Beside | undefined) {
    this.#counter = counter;
    this.#beside = beside;
  }

  async add(raw: Uint8Array, stored: number): Promise<void> {
    await Promise.all([this.#counter.add(raw, stored), this.#beside?.add(raw, stored)]);
  }

  async end(keyspace: PassKeyspace, whole: boolean, isStored: boolean): Promise<void> {
    this.keyspaces.push(readKeyspace(await this.#counter.finishKeyspace(), keyspace, whole, isStored));
  }
}
