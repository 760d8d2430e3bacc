/** Rolling back what was done to a store last, when that was a compaction and no migration. */
import { realpath } from "node:fs/promises";
import { resolve } from "node:path";
import { KgdumpError, withDetails } from "../../../errors.js";
import { nameStamp } from "../../disk/places.js";
import { detectEngine } from "../../disk/stores.js";
import type { RollbackOptions, RollbackResult } from "../back/rollback-options.js";
import { directionOf } from "../direction.js";
import type { Teller } from "../events.js";
import type { Journal } from "../journal.js";
import { settleInterrupted } from "./exchange.js";
import { keptOf, stampOf, undoneOf } from "./places.js";
import { undoLocked } from "./undo.js";

/**
 * Undoes the last compaction, unless a migration was begun, ended or rolled back after it. With `carryBack` a migration that can be undone goes first: what the
 * store holds is carried, whether it was compacted or not.
 * @param journal of the last migration; null when there was none
 * An earlier compaction than one that was undone stays: a rollback that is run again does not go further back.
 * @returns null when there is no compaction to undo
 * @throws {KgdumpError} USAGE for `carryBack` without a migration; what undoCompact throws
 * @throws the signal's reason when it aborts
 */
export async function rollbackCompaction(journal: Journal | null, options: RollbackOptions, teller: Teller): Promise<RollbackResult | null> {
  const target = resolve(options.target);
  const migrated = journal?.step === "done";
  if (journal !== null && !migrated && journal.step !== "rolled-back") return null;
  await settleInterrupted(target);
  const store = await realpath(target).catch(() => target);
  const kept = (await keptOf(store)).at(-1);
  const undone = (await undoneOf(store)).at(-1);
  if (kept === undefined || (undone !== undefined && stampOf(kept) < stampOf(undone))) {
    if (undone === undefined || journal !== null) return null;
    return { status: "already", undone: "compaction", engine: await detectEngine(store), source: store, aside: null, carried: false, original: null, warnings: [] };
  }
  if (journal !== null && !(await isNewer(kept, journal))) return null;
  if (options.carryBack === true) {
    if (migrated) return null;
    throw new KgdumpError("USAGE", `${store} was compacted, and not migrated: nothing has to be carried from one engine to another`, {
      path: store,
      hint: "leave out --carry-back: the original comes back when nothing was written since; with --discard-new it comes back anyway, and the store is kept aside",
    });
  }
  const { discardNew, onProgress, signal } = options;
  const { engine, aside } = await undoLocked({ store: target, discardNew, onProgress, signal }).catch((error: unknown) => { throw migrated ? withMigration(error) : error; });
  teller.tell("restore", "the store from before the compaction was put back", { path: store });
  if (migrated) teller.tell("done", "the migration before it can be rolled back, too: run this again", { path: store });
  return { status: "rolled-back", undone: "compaction", engine, source: store, aside, carried: false, original: null, warnings: [] };
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
