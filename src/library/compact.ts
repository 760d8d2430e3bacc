/** Making the same store smaller, in its place. */
import { compactStore as compact, type CompactOptions as InnerOptions, type CompactPlan as InnerPlan, type CompactResult as InnerResult, planCompact as plan } from "../operations/migrate/compact/compact.js";
import type { CompactSettings } from "../operations/migrate/compact/old-store.js";
import { undoCompact as undo, type UndoCompactOptions as InnerUndo, type UndoCompactResult as InnerUndone } from "../operations/migrate/compact/undo.js";
import { argumentsOf, type Checks, group } from "./call.js";
import { flag, optional, path } from "./checks.js";
import { PROGRESS, SLED } from "./common.js";
import { type Options, type Public, publish } from "./public.js";

type InnerPlanOptions = Parameters<typeof plan>[0];

/** What `compactStore` does. */
export type CompactOptions = Options<InnerOptions, "store">;
/** What `planCompact` looks at. */
export type CompactPlanOptions = Options<InnerPlanOptions, "store">;
/** What compacting would do. */
export type CompactPlan = Public<InnerPlan>;
/** What was compacted. */
export type CompactResult = Public<InnerResult>;
/** What `undoCompact` does. */
export type UndoCompactOptions = Options<InnerUndo, "store">;
/** Where the stores are when a compaction was undone. */
export type UndoCompactResult = Public<InnerUndone>;

const SETTINGS: Checks<CompactSettings> = { compression: SLED.compression, compressionLevel: SLED.compressionLevel, segmentSize: SLED.segmentSize };
const PLAN = { store: path, settings: optional(group<CompactSettings>(SETTINGS)), ...PROGRESS };
const planArguments = argumentsOf<InnerPlanOptions>("planCompact", "store", PLAN);
const compactArguments = argumentsOf<InnerOptions>("compactStore", "store", { ...PLAN, removeOriginal: optional(flag) });
const undoArguments = argumentsOf<InnerUndo>("undoCompact", "store", { ...PROGRESS, store: path, discardNew: optional(flag) });

/**
 * Tells what compacting would gain. Nothing is changed; all entries are read.
 * @param store directory of the store
 * @throws {KgdumpError} STORE_NOT_FOUND, STORE_NOT_RECOGNIZED, STORE_UNSUPPORTED for a store that is not all in its directory, or of LevelDB, STORE_IN_USE for sled,
 * STORE_PREPARED, STORE_DAMAGED, MIGRATION_UNCLEAR when a migration of it is not finished, USAGE, also for settings that are none of its engine's, …
 * @throws the signal's reason when it aborts
 */
export async function planCompact(store: string, options?: CompactPlanOptions): Promise<CompactPlan> {
  return publish(await plan(planArguments(store, options)));
}

/**
 * Compacts a store: a new one with the same entries takes its place.
 * @param store directory of the store; no program may have it open
 * @throws {KgdumpError} as planCompact, STORE_IN_USE; NO_SPACE, VERIFY_DIFFERENCE, …: the store is as it was, unless all but making its name durable was done
 * @throws the signal's reason when it aborts
 */
export async function compactStore(store: string, options?: CompactOptions): Promise<CompactResult> {
  return publish(await compact(compactArguments(store, options)));
}

/**
 * Puts the newest original that is kept in the store's place, and the compacted store aside.
 * @param store directory of the store
 * @throws {KgdumpError} USAGE, STORE_NOT_FOUND when no original is kept, ROLLBACK_LOSES_DATA when the store holds something else than it, STORE_IN_USE, STORE_*,
 * PERMISSION_DENIED, IO_FAILED
 * @throws the signal's reason when it aborts
 */
export async function undoCompact(store: string, options?: UndoCompactOptions): Promise<UndoCompactResult> {
  return publish(await undo(undoArguments(store, options)));
}
