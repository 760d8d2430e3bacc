/** Rolling back what was done to a store last, when that was a compaction and no migration. */
import { realpath } from "node:fs/promises";
import { resolve } from "node:path";
import { KgdumpError, withDetails } from "../../../errors.js";
import { nameStamp } from "../../disk/places.js";
import { detectEngine } from "../../disk/stores.js";
import type { RollbackOptions, RollbackPreview, RollbackResult } from "../back/rollback-options.js";
import { directionOf } from "../direction.js";
import type { Teller } from "../events.js";
import type { Journal } from "../journal.js";
import { isInterrupted, settleInterrupted } from "./exchange.js";
import { keptOf, stampOf, undoneOf } from "./places.js";
import { undoLocked, type UndoCompactResult } from "./undo.js";

/**
 * Undoes the last compaction, unless a migration was begun, ended or rolled back after it. With `carryBack` a migration that can be undone goes first: what the
 * store holds is carried, whether it was compacted or not.
 * An earlier compaction than one that was undone stays: a rollback that is run again does not go further back.
 * @param journal of the last migration; null when there was none
 * @returns null when there is no compaction to undo
 * @throws {KgdumpError} USAGE for `carryBack` without a migration; what undoCompact throws
 * @throws the signal's reason when it aborts
 */
export async function rollbackCompaction(journal: Journal | null, options: RollbackOptions, teller: Teller): Promise<RollbackResult | null> {
  if (!mayUndo(journal)) return null;
  await settleInterrupted(resolve(options.target));
  const last = await lastCompaction(journal, options);
  if (last === null) return null;
  const { store } = last;
  const result = { undone: "compaction", source: store, carried: false, original: null, warnings: [] } as const;
  if (last.kept === null) return { ...result, status: "already", engine: await detectEngine(store), aside: null };
  const migrated = journal?.step === "done";
  const { engine, aside } = await undoLast(store, journal, options, false);
  teller.tell("restore", "the store from before the compaction was put back", { path: store });
  if (migrated) teller.tell("done", "the migration before it can be rolled back, too: run this again", { path: store });
  return { ...result, status: "rolled-back", engine, aside };
}

/** What `rollbackCompaction` would do; it is not brought to an end what was interrupted. @throws as rollbackCompaction */
export async function previewCompaction(journal: Journal | null, options: RollbackOptions): Promise<RollbackPreview | null> {
  if (!mayUndo(journal)) return null;
  const last = await lastCompaction(journal, options);
  const store = last?.store ?? (await storeAt(options));
  const preview = { undone: "compaction", source: store, original: null, changed: null, carried: false, spaces: [] } as const;
  // The name of the original is known when the exchange has come to its end.
  if (await isInterrupted(store)) return { ...preview, status: "unfinished", engine: null };
  if (last === null) return null;
  if (last.kept === null) return { ...preview, status: "already", engine: await detectEngine(store) };
  const { engine } = await undoLast(store, journal, options, true);
  return { ...preview, status: "to-roll-back", engine, original: last.kept };
}

async function undoLast(store: string, journal: Journal | null, { discardNew, onProgress, signal }: RollbackOptions, dryRun: boolean): Promise<UndoCompactResult> {
  return await undoLocked({ store, discardNew, onProgress, signal, dryRun }).catch((error: unknown) => { throw journal?.step === "done" ? withMigration(error) : error; });
}

/** Whether a compaction may have come after what a journal tells of. */
function mayUndo(journal: Journal | null): boolean {
  return journal === null || journal.step === "done" || journal.step === "rolled-back";
}

function storeAt({ target }: RollbackOptions): Promise<string> {
  return realpath(resolve(target)).catch(() => resolve(target));
}

/** The store and its original that would come back; null for that when the compaction was undone already. Null when no compaction is the last that was done. */
async function lastCompaction(journal: Journal | null, options: RollbackOptions): Promise<{ store: string; kept: string | null } | null> {
  const store = await storeAt(options);
  const kept = (await keptOf(store)).at(-1);
  const undone = (await undoneOf(store)).at(-1);
  if (kept === undefined || (undone !== undefined && stampOf(kept) < stampOf(undone))) return undone === undefined || journal !== null ? null : { store, kept: null };
  if (journal !== null && !(await isNewer(kept, journal))) return null;
  if (options.carryBack !== true) return { store, kept };
  if (journal?.step === "done") return null;
  throw new KgdumpError("USAGE", `${store} was compacted, and not migrated: nothing has to be carried from one engine to another`, {
    path: store,
    hint: "leave out --carry-back: the original comes back when nothing was written since; with --discard-new it comes back anyway, and the store is kept aside",
  });
}

/** Whether a compaction came after a migration, or after its rollback. Its original is of the engine that the store had then. */
async function isNewer(kept: string, journal: Journal): Promise<boolean> {
  const ended = nameStamp(new Date(journal.updatedAt));
  if (journal.step === "rolled-back") return stampOf(kept) > ended;
  return stampOf(kept) >= ended && (await detectEngine(kept)) === directionOf(journal).to;
}

function withMigration(error: unknown): unknown {
  if (!(error instanceof KgdumpError) || error.code !== "ROLLBACK_LOSES_DATA") return error;
  return withDetails(error, { cause: error, hint: `${error.hint ?? ""}; --carry-back undoes the migration before the compaction, with all that the store holds` });
}
