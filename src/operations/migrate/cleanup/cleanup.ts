/**
 * Cleanup: removes what migrations, rollbacks and compactions have left of a store. Unless it is told that all of it may go, only what the store in place
 * holds, too: both are read whole and compared.
 */
import { realpath } from "node:fs/promises";
import { dirname, sep } from "node:path";
import { isEngineName } from "../../../engines/registry.js";
import { KgdumpError, systemError } from "../../../errors.js";
import { removeFile } from "../../disk/name-changes.js";
import { lockPlace } from "../../disk/place-lock.js";
import { occupantOf, removeDirectory } from "../../disk/places.js";
import { shellWord } from "../../disk/shell-word.js";
import { troubleOf } from "../../disk/trouble.js";
import { syncDirectory } from "../../disk/sync.js";
import type { WithProgress } from "../../run/progress.js";
import { verifyDump, verifyStore } from "../../verify/verify.js";
import { troubleOfMigrated } from "../back/loss.js";
import { type Journal, placeOf, readJournal, refuseOtherOwner } from "../journal.js";
import { deltaPath } from "../options.js";
import { type Remain, remainsOf } from "./remains.js";

/** What `cleanUp` does. */
export interface CleanupOptions extends WithProgress {
  /** Path of the service's store. */
  readonly target: string;
  /** Remove all that is left, whatever the store in place holds; default false. */
  readonly force?: boolean | undefined;
  /** Only tell what is left. */
  readonly dryRun?: boolean | undefined;
}

/**
 * left: nothing was done, as only a list was asked for; removed; different: the store in place holds something else, so it was kept; unreadable: it can't be
 * compared; unknown: it is not what its name says.
 */
export type RemainState = "left" | "removed" | "different" | "unreadable" | "unknown";

/** What became of something that was left. */
export interface CleanedRemain extends Remain {
  readonly state: RemainState;
  /** Why it can't be compared, or null. */
  readonly why: string | null;
}

/** What `cleanUp` did. */
export interface CleanupResult {
  readonly target: string;
  readonly remains: readonly CleanedRemain[];
  /** Bytes of what was removed. */
  readonly bytes: number;
}

/**
 * Removes what is left of a store, or tells it.
 * @throws {KgdumpError} MIGRATION_UNCLEAR while a migration is not finished, STORE_NOT_FOUND and others when no sound store is in place, STORE_IN_USE
 * when it has to be read and its service runs, PERMISSION_DENIED, IO_FAILED
 */
export async function cleanUp(options: CleanupOptions): Promise<CleanupResult> {
  const target = await realpath(options.target).catch(() => placeOf(options.target));
  using _ = options.dryRun === true ? null : await lockPlace(target, "cleanup");
  const journal = await readJournal(target);
  if (journal !== null) await refuseUnfinished(journal);
  const remains = await remainsOf(target, journal);
  if (options.dryRun === true) return { target, remains: remains.map((remain) => ({ ...remain, state: remain.isKnown ? "left" : "unknown", why: null })), bytes: 0 };
  if (remains.length > 0) await refuseWithoutStore(target, journal);
  const judged: CleanedRemain[] = [];
  for (const remain of remains) judged.push(await judge(remain, judged, target, options));
  const going = judged.filter(({ state }) => state === "removed");
  // A delta goes before its dump, without which the next call would keep it.
  const deltas = going.filter(({ kind }) => kind === "delta");
  for (const { path, kind } of [...deltas, ...going.filter(({ kind }) => kind !== "delta")]) await remove(path, kind);
  return { target, remains: judged, bytes: judged.reduce((sum, { bytes, state }) => sum + (state === "removed" ? bytes : 0), 0) };
}

async function refuseUnfinished(journal: Journal): Promise<void> {
  await refuseOtherOwner(journal);
  if (journal.step === "done" || journal.step === "rolled-back") return;
  throw new KgdumpError("MIGRATION_UNCLEAR", `a migration of ${journal.target} is not finished (${journal.step})`, {
    path: journal.target,
    hint: `finish it with \`kgdump migrate\`, or undo it with \`kgdump rollback ${shellWord(journal.target)}\`, before its traces are removed`,
  });
}

/** What was left may be all that there is. */
async function refuseWithoutStore(target: string, journal: Journal | null): Promise<void> {
  const found = await occupantOf(target);
  if (!isEngineName(found)) {
    throw new KgdumpError("STORE_NOT_FOUND", `no store is at ${target}, so that what is left may be all there is`, { path: target, hint: `\`kgdump status ${shellWord(target)}\` shows what is there` });
  }
  const trouble = (journal === null ? null : await troubleOfMigrated(journal, found)) ?? (await troubleOf(found, target));
  if (trouble !== null) throw trouble;
}

/** Whether something may go. The journal goes when all that it tells of is gone; a delta, with its dump. */
async function judge(remain: Remain, before: readonly CleanedRemain[], target: string, options: CleanupOptions): Promise<CleanedRemain> {
  const judged = (state: RemainState, why: string | null = null): CleanedRemain => ({ ...remain, state, why });
  if (!remain.isKnown) return judged("unknown");
  options.signal?.throwIfAborted();
  const { kind, path } = remain;
  if (kind === "journal") return judged(before.every(({ state }) => state === "removed" || state === "unknown") ? "removed" : "left");
  if (options.force === true) return judged("removed");
  // What has changed since a dump says nothing without it.
  if (kind === "delta") return judged(before.findLast(({ path: dump }) => deltaPath(dump) === path)?.state === "removed" ? "removed" : "different");
  try {
    return judged((await isHeld(path, kind, target, options)) ? "removed" : "different");
  } catch (error) {
    if (!(error instanceof KgdumpError) || isWithin(error.path, target) || error.code === "STORE_IN_USE") throw error;
    return judged("unreadable", error.message);
  }
}

/** Whether a path is that of a store, or of a file of it. */
function isWithin(path: string | undefined, store: string): boolean {
  return path === store || path?.startsWith(store + sep) === true;
}

/** Whether the store in place holds all that something holds, and nothing else. */
async function isHeld(path: string, kind: Remain["kind"], target: string, { onProgress, signal }: CleanupOptions): Promise<boolean> {
  const { stores } = kind === "dump"
    ? await verifyDump({ input: path, against: target, onProgress, signal })
    : await verifyStore({ store: path, against: target, onProgress, signal });
  return stores.every(({ equal }) => equal);
}

async function remove(path: string, kind: Remain["kind"]): Promise<void> {
  if (kind !== "dump" && kind !== "delta" && kind !== "journal") {
    await removeDirectory(path);
    return;
  }
  try {
    await removeFile(path);
    await syncDirectory(dirname(path));
  } catch (error) {
    throw systemError(error, `removing ${path}`, { path });
  }
}
