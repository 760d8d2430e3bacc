/** Following the original of a tree that was copied: what the tree holds is learned once, and what differs later is found without reading all of it again. */
import { fromAddon } from "../addon.js";
import type { NativeFound, NativeSledFollower } from "./sled-addon.js";

/** A run of changes: entries to put, and keys to remove, with nil for a value; encoded as in a delta. */
export interface ChangeBlock {
  readonly data: Uint8Array;
  readonly entries: number;
  readonly keyBytes: number;
  readonly valueBytes: number;
  /** Views of `data`. */
  readonly firstKey: Uint8Array;
  readonly lastKey: Uint8Array;
}

/** What was found to differ. */
export interface FoundChanges {
  /** In the keyspace's order. */
  readonly blocks: readonly ChangeBlock[];
  /** Keys that only the original has, that both have with different values, that only the tree has. */
  readonly added: number;
  readonly changed: number;
  readonly removed: number;
}

/**
 * Compares one tree of an open store with its original: first `learn` all that the tree holds, then `learned`, then `follow` all that the
 * original holds, then `end`. Calls are made one after the other; blocks come in the keyspace's order, and must not change until the call has ended.
 * Equal is what has the same SHA-256, group of entries by group of entries; a group that differs is read from the tree once more.
 */
export class SledFollower {
  readonly #native: NativeSledFollower;

  constructor(native: NativeSledFollower) {
    this.#native = native;
  }

  /** Takes entries of the tree. @throws {KgdumpError} STORE_UNSUPPORTED when its keys are too long to be remembered; DUMP_ORDER_BROKEN, … */
  async learn(block: Uint8Array): Promise<void> {
    await fromAddon(() => this.#native.learn(block));
  }

  /** Ends learning: what the tree holds. */
  async learned(): Promise<{ entries: number; digest: Uint8Array }> {
    return fromAddon(() => this.#native.learned());
  }

  /** Takes entries of the original. @throws {KgdumpError} DUMP_ORDER_BROKEN, STORE_DAMAGED, … */
  async follow(block: Uint8Array): Promise<FoundChanges> {
    return found(await fromAddon(() => this.#native.follow(block)));
  }

  /** Ends following. @throws {KgdumpError} STORE_DAMAGED, … */
  async end(): Promise<FoundChanges> {
    return found(await fromAddon(() => this.#native.end()));
  }
}

function found({ chunks, ...counts }: NativeFound): FoundChanges {
  const blocks = chunks.map(({ data, entries, keyBytes, valueBytes, firstKeyStart, firstKeyEnd, lastKeyStart, lastKeyEnd }) => ({
    data,
    entries,
    keyBytes,
    valueBytes,
    firstKey: data.subarray(firstKeyStart, firstKeyEnd),
    lastKey: data.subarray(lastKeyStart, lastKeyEnd),
  }));
  return { ...counts, blocks };
}
