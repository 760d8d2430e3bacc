/** Comparing runs of entries in the same key order with a first one, in one pass and bounded memory. */
import type { KeyOrder } from "../../format/index.js";
import { compareRuns, EntryRun, sameEntry } from "./entry-run.js";

/** How a key differs: `missing` and `changed` entries are those of the first run, `added` ones only the other has. */
export type DifferenceKind = "missing" | "changed" | "added";

/** One difference. */
export interface Difference {
  /** Which of the others differs, from 0. */
  readonly other: number;
  readonly kind: DifferenceKind;
  readonly key: Uint8Array;
}

/** Is shown each entry of the first run, and decides whether to look at it. */
export interface Sampler {
  /** Called once for each entry of the first run. */
  chooses(): boolean;
  /** Called at once when it was chosen. @param others those that are at the same key; null for those that do not have it */
  take(first: EntryRun, others: readonly (EntryRun | null)[]): void;
}

/**
 * Yields every difference between a run of encoded blocks and each of some others.
 * @param order the order that all are in
 * @param first blocks of the first run; each must stay valid until the next is asked for
 * @param others blocks of each of the others, likewise
 * @throws what any run throws
 */
export async function* compareEntries(
  order: KeyOrder,
  first: AsyncIterator<Uint8Array>,
  others: readonly AsyncIterator<Uint8Array>[],
  sampler?: Sampler,
): AsyncGenerator<Difference> {
  const a = new EntryRun(first);
  const runs = others.map((blocks) => new EntryRun(blocks));
  try {
    await a.nextBlock();
    for (const run of runs) await run.nextBlock();
    while (a.at !== null) {
      for (const [other, b] of runs.entries()) {
        while (compareRuns(order, a, b) > 0) {
          yield { other, kind: "added", key: copyKey(b) };
          if (!b.step()) await b.nextBlock();
        }
        if (compareRuns(order, a, b) < 0) yield { other, kind: "missing", key: copyKey(a) };
        else if (!sameEntry(a, b)) yield { other, kind: "changed", key: copyKey(a) };
      }
      if (sampler?.chooses() === true) sampler.take(a, runs.map((b) => (compareRuns(order, a, b) === 0 ? b : null)));
      for (const b of runs) if (compareRuns(order, a, b) === 0 && !b.step()) await b.nextBlock();
      if (!a.step()) await a.nextBlock();
    }
    for (const [other, b] of runs.entries()) {
      while (b.at !== null) {
        yield { other, kind: "added", key: copyKey(b) };
        if (!b.step()) await b.nextBlock();
      }
    }
  } finally {
    await a.close();
    for (const run of runs) await run.close();
  }
}

function copyKey({ raw, at }: EntryRun): Uint8Array {
  return Buffer.from(raw.subarray(at?.keyStart, at?.keyEnd));
}
