/** Putting the original of a compaction back, when nothing was written to the store since. */
import { realpath } from "node:fs/promises";
import { resolve } from "node:path";
import { isEngineName } from "../../../engines/registry.js";
import type { EngineName } from "../../../engines/store.js";
import { KgdumpError, withDetails } from "../../../errors.js";
import { holdStore, lockOf } from "../../disk/hold.js";
import { noStoreAt } from "../../disk/missing.js";
import { nameIsTaken } from "../../disk/names.js";
import { type Occupant, occupantOf } from "../../disk/places.js";
import { lockPlace } from "../../disk/place-lock.js";
import { detectEngine, openSource } from "../../disk/stores.js";
import { closing } from "../../run/closing.js";
import type { WithProgress } from "../../run/progress.js";
import { type Digests, digestsOf, firstDifference } from "./digests.js";
import { comeBack, settleInterrupted } from "./exchange.js";
import { keptOf, stampOf } from "./places.js";

/** What `undoCompact` does. */
export interface UndoCompactOptions extends WithProgress {
  readonly store: string;
  /** Put the original back whatever was written since, and whatever became of the store: it is not read, and kept aside. Default false. */
  readonly discardNew?: boolean | undefined;
}

/** The same, or only a look at whether it would be done: nothing changes its place. */
interface Undoing extends UndoCompactOptions {
  readonly dryRun?: boolean | undefined;
}

/** Where the stores are then. */
export interface UndoCompactResult {
  readonly store: string;
  readonly engine: EngineName;
  /** Where the compacted store, or what was in its place, is; null when there was nothing. */
  readonly aside: string | null;
}

/**
 * Puts the newest original that is kept in the store's place, and the compacted store aside.
 * @throws {KgdumpError} STORE_NOT_FOUND when no original is kept, ROLLBACK_LOSES_DATA when the store holds something else than it, STORE_IN_USE, STORE_*,
 * PERMISSION_DENIED, IO_FAILED
 * @throws the signal's reason when it aborts
 */
export async function undoCompact(options: UndoCompactOptions): Promise<UndoCompactResult> {
  using _ = await lockPlace(options.store, "compact");
  return await undoLocked(options);
}

/** The same for who holds the lock of the place already. */
export async function undoLocked(options: Undoing): Promise<UndoCompactResult> {
  if (options.dryRun !== true) await settleInterrupted(options.store);
  const store = await realpath(options.store).catch(() => resolve(options.store));
  const kept = (await keptOf(store)).at(-1);
  if (kept === undefined) {
    if (!(await nameIsTaken(store))) throw await noStoreAt(options.store);
    throw new KgdumpError("STORE_NOT_FOUND", `no original of ${store} is kept beside it`, { path: store, hint: "it was not compacted, or the original was removed or moved" });
  }
  const engine = await detectEngine(kept);
  const result = { store, engine };
  if (options.discardNew === true) return { ...result, aside: await discard(store, kept, engine, options) };
  if (!(await nameIsTaken(store))) throw withWayBack(await noStoreAt(options.store), kept);
  const original = await read(kept, options);
  // It is held until the original is in its place.
  const held = await holdStore(store, engine).catch((error: unknown) => { throw withWayBack(error, kept); });
  try {
    const now = await (held.source === null ? read(store, options) : digestsOf(held.source, options)).catch((error: unknown) => { throw withWayBack(error, kept); });
    const other = firstDifference(original, now);
    if (other === null) return { ...result, aside: await putBack(store, kept, options) };
    throw new KgdumpError("ROLLBACK_LOSES_DATA", `${store} holds something else in "${other}" than the original ${kept}`, {
      path: store,
      hint: "--discard-new puts the original back anyway, and keeps the store as it is aside",
    });
  } finally {
    await held.release();
  }
}

/** Needs the lock of what is there, and nothing else. */
async function discard(store: string, kept: string, engine: EngineName, options: Undoing): Promise<string | null> {
  const at = await occupantOf(store).catch((): Occupant => "unknown");
  const lock = await lockOf(store, at, isEngineName(at) ? at : engine);
  try {
    return await putBack(store, kept, options);
  } finally {
    lock?.release();
  }
}

/** @returns where what was there is; null when nothing was, or with `dryRun` */
async function putBack(store: string, kept: string, { signal, dryRun }: Undoing): Promise<string | null> {
  signal?.throwIfAborted();
  if (dryRun === true) return null;
  return comeBack(kept, store, stampOf(kept));
}

/** An error of reading the compacted store, with the way back. */
function withWayBack(error: unknown, kept: string): unknown {
  if (!(error instanceof KgdumpError) || !error.code.startsWith("STORE_") || error.code === "STORE_IN_USE") return error;
  const own = error.hint === undefined ? "" : `${error.hint}; `;
  return withDetails(error, { cause: error, hint: `${own}--discard-new puts the original ${kept} back without reading what is there, and keeps that aside` });
}

async function read(store: string, options: UndoCompactOptions): Promise<Digests> {
  return closing(await openSource(store, { ttl: "keep" }), (source) => digestsOf(source, options));
}
