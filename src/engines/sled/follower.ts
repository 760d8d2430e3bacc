/** Following the original of a tree that was copied: what the tree holds is learned once, and what differs later is found without reading all of it again. */
import { blockFacts, fromAddon } from "../../addon.js";
import type { Block } from "../../format/types.js";
import type { NativeFound, NativeSledFollower } from "./addon.js";

/** Changes: entries to put, and keys to remove, with nil for a value; encoded as in a delta. */
export type ChangeBlock = Block;

/** What was found to differ. */
export interface FoundChanges {
  /** In the keyspace's order. */
  readonly blocks: readonly ChangeBlock[];
  /** Groups of entries that differ. */
  readonly differing: number;
}

/**
 * Compares one tree of an open store with its original: first `learn` all that the tree holds, then `learned`, then `follow` all that the
 * original holds, then `end`. Calls are made one after the other; blocks come in the keyspace's order, and must not change until the call has ended.
 * Equal is what has the same SHA-256, group of entries by group of entries; a group that differs is read from the tree once more, unless
 * `touch` told which keys may have changed.
 */
export class SledFollower {
  readonly native: NativeSledFollower;

  constructor(native: NativeSledFollower) {
    this.native = native;
  }

  /** Takes entries of the tree. @throws {KgdumpError} STORE_UNSUPPORTED when its keys are too long to be remembered; DUMP_ORDER_BROKEN, … */
  async learn(block: Uint8Array): Promise<void> {
    await fromAddon(() => this.native.learn(block));
  }

  /** Ends learning: what the tree holds. */
  async learned(): Promise<{ entries: number; digest: Uint8Array }> {
    return fromAddon(() => this.native.learned());
  }

  /**
   * Narrows what is to be followed to where these keys are: only the groups are compared that they belong to.
   * @param keys as bins, in the keyspace's order; one at least
   * @returns how many groups that are, and of how many; and the ranges of the original's keys of which all entries are to be followed, for
   * each its first key, inclusive, and its end key, exclusive, as bins, or nil for none
   */
  async touch(keys: Uint8Array): Promise<{ groups: number; of: number; ranges: Uint8Array }> {
    return fromAddon(() => this.native.touch(keys));
  }

  /** How many groups of entries were written. */
  get writtenGroups(): number {
    return this.native.writtenGroups();
  }

  /**
   * Begins once more, with the whole original: `follow` and `end` count the groups in which it is not as the tree was left, and tell
   * nothing else. The store may have been closed.
   */
  confirm(): void {
    this.native.confirm();
  }

  /** Takes entries of the original. @throws {KgdumpError} DUMP_ORDER_BROKEN, STORE_DAMAGED, … */
  async follow(block: Uint8Array): Promise<FoundChanges> {
    return found(await fromAddon(() => this.native.follow(block)));
  }

  /** Ends following. @throws {KgdumpError} STORE_DAMAGED, … */
  async end(): Promise<FoundChanges> {
    return found(await fromAddon(() => this.native.end()));
  }
}

function found({ chunks, ...counts }: NativeFound): FoundChanges {
  const blocks = chunks.map(({ data, facts }) => ({ data, ...blockFacts(data, facts) }));
  return { ...counts, blocks };
}
