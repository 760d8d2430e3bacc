/** Comparing two runs of entries in the same key order, in one pass and bounded memory. */
import { compareKeys, iterateEntries, type KeyOrder } from "../format/index.js";

/** How a key differs: `missing` and `changed` entries are those of the first run, `added` ones only the second has. */
export type DifferenceKind = "missing" | "changed" | "added";

/** One difference. */
export interface Difference {
  readonly kind: DifferenceKind;
  readonly key: Uint8Array;
}

interface Entry {
  readonly key: Uint8Array;
  readonly value: Uint8Array | null;
}

/** Entries one after the other, over the borders of blocks. */
class EntryCursor {
  readonly #blocks: AsyncIterator<Uint8Array>;
  #entries: Iterator<Entry> | null = null;
  current: Entry | null = null;

  constructor(blocks: AsyncIterator<Uint8Array>) {
    this.#blocks = blocks;
  }

  /** Moves on within the block; false when its entries are used up, and `nextBlock` has to be awaited. */
  step(): boolean {
    const next = this.#entries?.next();
    if (next === undefined || next.done === true) return false;
    this.current = next.value;
    return true;
  }

  /** Moves to the first entry of the next block; `current` is null at the end. */
  async nextBlock(): Promise<void> {
    for (;;) {
      const next = await this.#blocks.next();
      if (next.done === true) {
        this.#entries = null;
        this.current = null;
        return;
      }
      this.#entries = iterateEntries(next.value);
      if (this.step()) return;
    }
  }

  async close(): Promise<void> {
    await this.#blocks.return?.();
  }
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
  const a = new EntryCursor(first);
  const b = new EntryCursor(second);
  try {
    await a.nextBlock();
    await b.nextBlock();
    while (a.current !== null || b.current !== null) {
      const step = orderOf(order, a.current, b.current);
      if (step < 0) yield { kind: "missing", key: copyKey(a.current) };
      else if (step > 0) yield { kind: "added", key: copyKey(b.current) };
      else if (!sameValue(a.current, b.current)) yield { kind: "changed", key: copyKey(a.current) };
      if (step <= 0 && !a.step()) await a.nextBlock();
      if (step >= 0 && !b.step()) await b.nextBlock();
    }
  } finally {
    await a.close();
    await b.close();
  }
}

function orderOf(order: KeyOrder, a: Entry | null, b: Entry | null): number {
  if (a === null) return 1;
  if (b === null) return -1;
  return compareKeys(order, a.key, b.key);
}

function sameValue(a: Entry | null, b: Entry | null): boolean {
  const [left, right] = [a?.value ?? null, b?.value ?? null];
  if (left === null || right === null) return left === right;
  return left.length === right.length && Buffer.compare(left, right) === 0;
}

function copyKey(entry: Entry | null): Uint8Array {
  return Buffer.from(entry?.key ?? []);
}
