/** Comparing what is read of an original with a copy of it, while what differs is carried over. */
import type { ChangeBlock, FoundChanges, SledFollower } from "../../../engines/sled/follower.js";
import type { EntryBlock } from "../../../engines/store.js";
import type { ChangeCounts } from "../options.js";

/** Counts that grow. */
export type GrowingCounts = { -readonly [name in keyof ChangeCounts]: ChangeCounts[name] };

/** No change. */
export function noChanges(): GrowingCounts {
  return { added: 0, changed: 0, removed: 0 };
}

/** Adds counts to others. */
export function addTo(counts: GrowingCounts, more: ChangeCounts): void {
  for (const name of ["added", "changed", "removed"] as const) counts[name] += more[name];
}

/**
 * Compares blocks of an original with the copy, to the end of the keyspace.
 * @param take is given each run of changes; a few at the same time
 * @param onBlock is told of each block
 * @returns how many groups of entries differed
 * @throws what reading, comparing and `take` throw
 */
export async function compareBlocks(
  follower: SledFollower,
  blocks: AsyncIterable<EntryBlock>,
  take: (block: ChangeBlock) => Promise<void>,
  onBlock: (block: EntryBlock) => void,
): Promise<number> {
  let differing = 0;
  const takeAll = async (found: FoundChanges): Promise<void> => {
    for (const block of found.blocks) await take(block);
    differing += found.differing;
  };
  // While one block is compared, what differs in the two before it is taken, and the next ones are read.
  let comparing: Promise<unknown> = Promise.resolve();
  let taking: Promise<void> = Promise.resolve();
  let takingBefore = taking;
  try {
    for await (const block of blocks) {
      await comparing;
      await takingBefore;
      const found = follower.follow(block.data);
      comparing = found.finally(() => { block.release(); });
      takingBefore = taking;
      taking = found.then(takeAll);
      // Their failures are met by the blocks that follow, or at the end.
      comparing.catch(() => undefined);
      taking.catch(() => undefined);
      onBlock(block);
    }
    await Promise.all([comparing, takingBefore, taking]);
  } finally {
    await Promise.allSettled([comparing, takingBefore, taking]);
  }
  await takeAll(await follower.end());
  return differing;
}
