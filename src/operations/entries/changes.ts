/** What changed between two states of a keyspace, and one state from another and its changes: each in one ordered pass. */
import type { Block, KeyOrder } from "../../format/index.js";
import { BlockBuilder, compareRuns, EntryRun, sameEntry } from "./entry-run.js";

/** Two runs of encoded blocks in the same key order, and how the blocks that are made of them are to be. */
export interface TwoRuns {
  readonly order: KeyOrder;
  /** Encoded blocks; each must stay valid until the next is asked for. */
  readonly first: AsyncIterator<Uint8Array>;
  readonly second: AsyncIterator<Uint8Array>;
  /** Bytes that a block has at most, unless one entry alone is bigger. */
  readonly blockSize: number;
}

/**
 * Yields what leads from the first state to the second: entries to put, and keys to remove (with nil for a value).
 * @throws what either run throws
 */
export function changesBetween(runs: TwoRuns): AsyncGenerator<Block, void, undefined> {
  return mergeRuns(runs, (step, before, after, builder) => {
    if (step < 0) builder.remove(before);
    else if (step > 0 || !sameEntry(before, after)) builder.put(after);
  });
}

/**
 * Yields the state to which changes (entries to put, keys to remove) lead.
 * @param runs `first` is the state before, `second` the changes
 * @throws what either run throws
 */
export function withChanges(runs: TwoRuns): AsyncGenerator<Block, void, undefined> {
  return mergeRuns(runs, (step, before, changes, builder) => {
    if (step < 0) builder.put(before);
    else if (changes.at?.deleted === false) builder.put(changes);
  });
}

/** What to do at a key that only the first run has (step < 0), only the second has (step > 0), or both have (0). */
type AtKey = (step: number, first: EntryRun, second: EntryRun, builder: BlockBuilder) => void;

async function* mergeRuns({ order, first, second, blockSize }: TwoRuns, atKey: AtKey): AsyncGenerator<Block, void, undefined> {
  const [a, b] = [new EntryRun(first), new EntryRun(second)];
  const builder = new BlockBuilder(blockSize);
  try {
    await a.nextBlock();
    await b.nextBlock();
    while (a.at !== null || b.at !== null) {
      const step = compareRuns(order, a, b);
      if (builder.isFullFor(step < 0 ? a : b)) yield builder.take();
      atKey(step, a, b, builder);
      if (step <= 0 && !a.step()) await a.nextBlock();
      if (step >= 0 && !b.step()) await b.nextBlock();
    }
    if (!builder.empty) yield builder.take();
  } finally {
    await a.close();
    await b.close();
  }
}
