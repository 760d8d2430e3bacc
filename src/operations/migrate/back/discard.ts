/**
 * Going back without a look at what the new store holds: its lock is needed and nothing else, whatever became of it. It may be damaged, empty,
 * of another version, gone, or something else may be at its path; the disk may be full.
 */
import { isEngineName } from "../../../engines/registry.js";
import { KgdumpError } from "../../../errors.js";
import { lockOf } from "../../disk/hold.js";
import { freeStamp, type Occupant, occupantOf } from "../../disk/places.js";
import { directionOf } from "../direction.js";
import type { Teller } from "../events.js";
import { type Journal, writeJournal } from "../journal.js";
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
