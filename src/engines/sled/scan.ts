/** Reading a tree, of a store that sled has open or of its files. */
import { fromAddon } from "../../addon.js";
import { scanBlocks } from "../block-scan.js";
import type { EntryBlock, ScanOptions } from "../store.js";
import type { NativeSledFiles, NativeSledStore } from "./addon.js";
import { keyRange } from "./range.js";
import { treeOf } from "./trees.js";

/**
 * Yields the entries of a keyspace, as `EntrySource.scan`.
 * @param pool buffers of all scans of the store, to be used again
 */
export async function* scanTree(store: Pick<NativeSledStore | NativeSledFiles, "scan">, keyspace: Uint8Array, options: ScanOptions, pool: Buffer[]): AsyncGenerator<EntryBlock, void, undefined> {
  options.signal?.throwIfAborted();
  const range = keyRange(options);
  const tree = treeOf(keyspace);
  if (range === null) return;
  const scan = await fromAddon(() => store.scan(tree, range.lower, range.upper, options.order === "reverse-bytewise"));
  yield* scanBlocks(
    (buffer, target, maxEntries) => fromAddon(() => scan.fill(buffer, target, maxEntries)),
    () => fromAddon(() => scan.close()),
    { ...options, pool },
  );
}
