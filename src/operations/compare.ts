/** Comparing two runs of entries in the same key order, in one pass and bounded memory. */
import type { KeyOrder } from "../format/index.js";
import { compareRuns, EntryRun, sameEntry } from "./entry-run.js";

/** How a key differs: `missing` and `changed` entries are those of the first run, `added` ones only the second has. */
export type DifferenceKind = "missing" | "changed" | "added";

/** One difference. */
export interface Difference {
  readonly kind: DifferenceKind;
  readonly key: Uint8Array;
}

/**
 * Yields every difference between two runs of encoded blocks.
 * @param order the order that both are in
 * @param first blocks of the first run; each must stay valid until the next is asked for
 * @param second blocks of the second run, likewise
 * @throws what either run throws
 */
export async function* compareEntries(
  order: KeyOrder,
  first: AsyncIterator<Uint8Array>,
  second: AsyncIterator<Uint8Array>,
): AsyncGenerator<Difference> {
  const a = new EntryRun(first);
  const b = new EntryRun(second);
  try {
    await a.nextBlock();
    await b.nextBlock();
    while (a.at !== null || b.at !== null) {
      const step = compareRuns(order, a, b);
      if (step < 0) yield { kind: "missing", key: copyKey(a) };
      else if (step > 0) yield { kind: "added", key: copyKey(b) };
      else if (!sameEntry(a, b)) yield { kind: "changed", key: copyKey(a) };
      if (step <= 0 && !a.step()) await a.nextBlock();
      if (step >= 0 && !b.step()) await b.nextBlock();
    }
  } finally {
    await a.close();
    await b.close();
  }
}

function copyKey({ raw, at }: EntryRun): Uint8Array {
  return Buffer.from(raw.subarray(at?.keyStart, at?.keyEnd));
}
