/** Putting the original of a compaction back, when nothing was written to the store since. */
import { realpath } from "node:fs/promises";
import { resolve } from "node:path";
import type { EntrySource } from "../../engines/engine.js";
import { KgdumpError } from "../../errors.js";
import { closing } from "../closing.js";
import { noStoreAt } from "../disk/missing.js";
import { nameText } from "../keyspaces.js";
import { freeStamp, renameDurably } from "../migrate/places.js";
import type { OnProgress } from "../progress.js";
import { StoreReference } from "../verify-reference.js";
import { compactedPath, keptOf, putBackInterrupted, takePlace } from "./places.js";

/** What `undoCompact` does. */
export interface UndoCompactOptions {
  readonly store: string;
  /** Put the original back whatever was written since; that is kept aside with the compacted store. Default false. */
  readonly discardNew?: boolean | undefined;
  readonly onProgress?: OnProgress | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Where the stores are then. */
export interface UndoCompactResult {
  readonly store: string;
  /** Where the compacted store is. */
  readonly aside: string;
}

/**
 * Puts the newest original that is kept in the store's place, and the compacted store aside.
 * @throws {KgdumpError} STORE_NOT_FOUND when no original is kept, ROLLBACK_LOSES_DATA when the store holds something else than it, STORE_IN_USE, STORE_*,
 * PERMISSION_DENIED, IO_FAILED
 * @throws the signal's reason when it aborts
 */
export async function undoCompact(options: UndoCompactOptions): Promise<UndoCompactResult> {
  await putBackInterrupted(resolve(options.store));
  const store = await realpath(options.store).catch(async (error: unknown) => {
    throw await noStoreAt(options.store, error);
  });
  const kept = (await keptOf(store)).at(-1);
  if (kept === undefined) {
    throw new KgdumpError("STORE_NOT_FOUND", `no original of ${store} is kept beside it`, { path: store, hint: "it was not compacted, or the original was removed or moved" });
  }
  const putBack = async (): Promise<UndoCompactResult> => {
    options.signal?.throwIfAborted();
    const aside = compactedPath(store, await freeStamp(new Date(), (stamp) => [compactedPath(store, stamp)]));
    await takePlace(kept, store, kept);
    await renameDurably(kept, aside);
    return { store, aside };
  };
  if (options.discardNew === true) {
    const { lockSled } = await import("../../engines/sled-lock.js");
    const lock = await lockSled(store);
    try {
      return await putBack();
    } finally {
      lock.release();
    }
  }
  const { openSledSource } = await import("../../engines/sled-reader.js");
  const original = await closing(await openSledSource(kept), (source) => digestsOf(source, options));
  // Its lock is held until the original is in its place.
  return closing(await openSledSource(store), async (source) => {
    refuseChanges(store, kept, original, await digestsOf(source, options));
    return putBack();
  });
}

function refuseChanges(store: string, kept: string, original: ReadonlyMap<string, string>, now: ReadonlyMap<string, string>): void {
  const other = [...new Set([...original.keys(), ...now.keys()])].find((name) => original.get(name) !== now.get(name));
  if (other === undefined) return;
  throw new KgdumpError("ROLLBACK_LOSES_DATA", `${store} holds something else in "${nameText(Buffer.from(other, "hex"))}" than the original ${kept}`, {
    path: store,
    hint: "--discard-new puts the original back all the same, and keeps the store as it is aside",
  });
}

/** What is in each tree, by its name in hexadecimal. */
async function digestsOf(source: EntrySource, options: UndoCompactOptions): Promise<Map<string, string>> {
  const reference = new StoreReference(source, options);
  for await (const { blocks } of reference.keyspaces()) while ((await blocks.next()).done !== true) continue;
  return new Map(reference.digests().map(({ name, digest }) => [Buffer.from(name).toString("hex"), digest]));
}
