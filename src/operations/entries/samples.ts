/** A few entries, chosen by chance, with their values from all sides: something for a person to look at. */
import type { Sampler } from "./compare.js";
import type { EntryRun } from "./entry-run.js";

/** Bytes of a value that are kept. */
const KEPT_BYTES = 4096;

/** A value as one side has it. */
export interface SampledValue {
  /** Length of the whole. */
  readonly bytes: number;
  /** Its first bytes: 4096 at most. */
  readonly start: Uint8Array;
}

/** One key from all sides. */
export interface Sample {
  readonly keyspace: Uint8Array;
  readonly key: Uint8Array;
  /** Whether all sides have the same value. */
  readonly equal: boolean;
  /** First that of the dump (or of the store that is compared), then of each store; null where the key is not. */
  readonly values: readonly (SampledValue | null)[];
}

/** Chooses entries of one keyspace, each with the same chance however many come (reservoir sampling; Vitter, algorithm R). */
export class SampleTaker implements Sampler {
  readonly #keyspace: Uint8Array;
  readonly #count: number;
  readonly #random: () => number;
  readonly #kept: { readonly number: number; readonly sample: Sample }[] = [];
  #seen = 0;
  #place = 0;

  /**
   * @param count entries to choose at most
   * @param random numbers from 0 to below 1
   */
  constructor(keyspace: Uint8Array, count: number, random: () => number) {
    this.#keyspace = keyspace;
    this.#count = count;
    this.#random = random;
  }

  /** As Sampler says. */
  chooses(): boolean {
    this.#seen += 1;
    this.#place = this.#seen <= this.#count ? this.#seen - 1 : Math.floor(this.#random() * this.#seen);
    return this.#place < this.#count;
  }

  /** As Sampler says. */
  take(first: EntryRun, others: readonly (EntryRun | null)[]): void {
    const key = Buffer.from(first.raw.subarray(first.at?.keyStart, first.at?.keyEnd));
    const equal = others.every((other) => other !== null && sameValue(first, other));
    const values = [first, ...others].map((run) => (run === null ? null : sampledValue(run)));
    this.#kept[this.#place] = { number: this.#seen, sample: { keyspace: this.#keyspace, key, equal, values } };
  }

  /** What was chosen, in the order of the keyspace. */
  samples(): Sample[] {
    return this.#kept.sort((a, b) => a.number - b.number).map(({ sample }) => sample);
  }
}

function valueOf({ raw, at }: EntryRun): Buffer {
  return raw.subarray(at?.valueStart, at?.valueEnd);
}

function sameValue(a: EntryRun, b: EntryRun): boolean {
  return valueOf(a).equals(valueOf(b));
}

function sampledValue(run: EntryRun): SampledValue {
  const value = valueOf(run);
  return { bytes: value.length, start: Buffer.from(value.subarray(0, KEPT_BYTES)) };
}

/** Numbers from 0 to below 1 that look random and are the same for the same seed (xorshift32; Marsaglia 2003). */
export function seededRandom(seed: number): () => number {
  let state = (seed ^ 0x9e3779b9) >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}
