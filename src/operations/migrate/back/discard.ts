/**
 * Going back without a look at what the new store holds: its lock is needed and nothing else, whatever became of it. It may be damaged, empty,
 * of another version, gone, or something else may be at its path; the disk may be full.
 */
import { engineNamed, isEngineName } from "../../../engines/registry.js";
import type { EngineName, StoreLock } from "../../../engines/store.js";
import { KgdumpError } from "../../../errors.js";
import { nameIsTaken } from "../../disk/names.js";
import { directionOf } from "../direction.js";
import type { Teller } from "../events.js";
import { type Journal, writeJournal } from "../journal.js";
import { freeStamp, type Occupant, occupantOf } from "../places.js";
import { finishRollback } from "../switch/steps.js";
import { findOriginal } from "./original.js";

/**
 * Puts the original in place, and what is at the target aside.
 * @param refuseStale fails when another process was at work meanwhile
 * @returns the journal; `rollback.aside` is there when something was at the target
 * @throws {KgdumpError} STORE_IN_USE; PERMISSION_DENIED when it can't be told whether the store is in use, or things may not be moved; MIGRATION_UNCLEAR
 * when the original is gone; IO_FAILED
 */
export async function discardNew(journal: Journal, teller: Teller, refuseStale: () => Promise<void>): Promise<Journal> {
  const { target } = journal;
  const at = await occupantOf(target).catch((): Occupant => "unknown");
  const kind = isEngineName(at) ? at : directionOf(journal).to;
  const lock = await lockOf(target, at, kind).catch(async (error: unknown) => {
    await refuseStale();
    throw error;
  });
  try {
    await refuseStale();
    const incoming = await findOriginal(journal, teller);
    const aside = `${target}.${kind}-${await freeStamp(new Date(), (stamp) => [`${target}.${kind}-${stamp}`])}`;
    const rolling = { ...journal, step: "rolling-back", rollback: { incoming, aside, original: null } } as const;
    return await finishRollback(await beginRollback(rolling), teller);
  } finally {
    lock?.release();
  }
}

/**
 * Writes that a rollback has begun. On a full disk the journal stays as it is: another call finds out by itself what was done before.
 * @throws {KgdumpError} PERMISSION_DENIED, IO_FAILED
 */
export async function beginRollback(rolling: Journal): Promise<Journal> {
  try {
    return await writeJournal(rolling);
  } catch (error) {
    if (error instanceof KgdumpError && error.code === "NO_SPACE") return rolling;
    throw error;
  }
}

/**
 * The lock of what is at a path; null when there is nothing that could be locked.
 * @param kind of the store that is, or was, there
 * @throws {KgdumpError} STORE_IN_USE; PERMISSION_DENIED when it can't be told whether it is
 */
export async function lockOf(path: string, at: Occupant, kind: EngineName): Promise<StoreLock | null> {
  if (at === "absent" || at === "empty" || !(await nameIsTaken(path))) return null;
  try {
    return await engineNamed(kind).lock(path);
  } catch (error) {
    if (!(error instanceof KgdumpError) || error.code === "STORE_IN_USE" || error.code === "ADDON_MISSING") throw error;
    if (error.code !== "PERMISSION_DENIED") return null;
    throw new KgdumpError("PERMISSION_DENIED", `it can't be told whether a program has ${path} open: ${error.message}`, {
      cause: error,
      path,
      hint: "run this as the user that the service runs as, or as root",
    });
  }
}
