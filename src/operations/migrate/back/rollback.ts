/**
 * Rollback: the store of before comes back to the path that the service uses, and the new store goes aside.
 *
 * What was written to the new store since is not lost unnoticed: the rollback refuses, or carries it back into a store of the old engine.
 */
import { engineTitle } from "../../../engines/registry.js";
import type { EntrySource } from "../../../engines/store.js";
import { KgdumpError } from "../../../errors.js";
import { holdStore } from "../../disk/hold.js";
import { nameIsTaken } from "../../disk/names.js";
import { lockPlace } from "../../disk/place-lock.js";
import { freeStamp, occupantOf } from "../../disk/places.js";
import { openSource } from "../../disk/stores.js";
import { closing } from "../../run/closing.js";
import { rollbackCompaction } from "../compact/rollback.js";
import { keyspacesOfOriginal } from "../confirm.js";
import { directionOf } from "../direction.js";
import { Teller } from "../events.js";
import { clearJournalTemporary, isBeforeSwitch, type Journal, placeOf, readJournal, refuseOtherOwner, writeJournal } from "../journal.js";
import { asFound, clearAway, clearCarried, clearLeftovers, finishRollback, switchOver } from "../switch/steps.js";
import { carryBack } from "./carry-back.js";
import { beginRollback, discardNew } from "./discard.js";
import { storeIsGone, withWayBack } from "./loss.js";
import { bringNear } from "./original.js";
import type { RollbackOptions, RollbackResult } from "./rollback-options.js";
import { isBack, isSwitched, isUnswitched, nothingToUndo, writtenSince } from "./standing.js";

/**
 * Undoes a migration, finished or not, or a compaction that came after it, or without any. Running it again is harmless: it undoes nothing that was written.
 * @throws {KgdumpError} NOT_FOUND when neither is known there, ROLLBACK_LOSES_DATA when the new store was written to and it was
 * not said what is to become of that, STORE_IN_USE, MIGRATION_*, NO_SPACE, …
 */
export async function rollbackStore(asked: RollbackOptions): Promise<RollbackResult> {
  const target = await placeOf(asked.target);
  using _ = await lockPlace(target, "rollback");
  using teller = new Teller(asked.onEvent);
  return await rollBack({ ...asked, target, onProgress: teller.watch(asked.onProgress) }, teller);
}

async function rollBack(options: RollbackOptions, teller: Teller): Promise<RollbackResult> {
  const { target } = options;
  // Of one that was killed while it wrote the journal, be it its first one.
  await clearJournalTemporary(target).catch(() => undefined);
  let journal = await readJournal(target);
  const compaction = await rollbackCompaction(journal, options, teller);
  if (compaction !== null) return compaction;
  if (journal === null) throw await nothingToUndo(target);
  teller.id = journal.id;
  await refuseOtherOwner(journal);
  // What is carried back takes the place of the original there.
  using _source = journal.source === target ? null : await lockPlace(journal.source, "rollback");
  await clearLeftovers(journal);
  journal = await asFound(journal);
  if (journal.step === "rolling-back") return await resultOf(await finishRollback(journal, teller), false);
  const unfinished = isBeforeSwitch(journal.step);
  const known = journal;
  if (options.discardNew === true && (await isSwitched(journal))) return await resultOf(await discardNew(journal, teller, () => refuseStale(known)), false);
  if (await isUnswitched(journal)) await clearAway(journal, teller);
  else if (journal.step === "switching") journal = await switchOver(journal, teller).catch((error: unknown) => switchedWithoutBackup(error, known));
  if (journal.step !== "done" && journal.step !== "confirming") return { status: unfinished ? "rolled-back" : "already", undone: "migration", engine: directionOf(journal).from, source: journal.source, aside: null, carried: false, original: null, warnings: [] };
  if (await isBack(journal)) {
    await writeJournal({ ...journal, step: "rolled-back" });
    return { status: "already", undone: "migration", engine: directionOf(journal).from, source: journal.source, aside: null, carried: false, original: null, warnings: [] };
  }
  journal = { ...journal, step: "done", keyspaces: journal.keyspaces ?? (await keyspacesOfOriginal(journal, options)) };
  return await undo(journal, options, teller);
}

/**
 * The journal of a switch whose last step fails, as the backup can't be copied to its file system: the original waits beside the store, and goes back from there.
 * @throws the error of all other switches
 */
async function switchedWithoutBackup(error: unknown, journal: Journal): Promise<Journal> {
  const { from, to } = directionOf(journal);
  if (journal.backup === null || (await occupantOf(journal.target)) !== to || (await occupantOf(journal.building)) !== from) throw error;
  // Another attempt at the switch was written into it.
  return { ...((await readJournal(journal.target)) ?? journal), step: "done" };
}

/** Gets ready what is to be put in place, and puts it there. The new store is locked meanwhile: nothing can be written to it unseen. */
async function undo(journal: Journal, options: RollbackOptions, teller: Teller): Promise<RollbackResult> {
  const { target } = journal;
  const { to } = directionOf(journal);
  const found = await occupantOf(target);
  if (found !== to) {
    await refuseStale(journal);
    throw storeIsGone(journal, found);
  }
  const failed = async (error: unknown): Promise<never> => {
    await refuseStale(journal);
    throw withWayBack(error, journal);
  };
  const held = await holdStore(target, to).catch(failed);
  try {
    const store = held.source ?? (await openSource(target, { ttl: journal.ttl }).catch(failed));
    const { rolling, carried } = await (held.source === null ? closing(store, () => startUndoing(store, journal, options, teller)) : startUndoing(store, journal, options, teller));
    return await resultOf(await finishRollback(rolling, teller), carried, carried ? store.info.warnings : []);
  } finally {
    await held.release();
  }
}

async function startUndoing(store: EntrySource, journal: Journal, options: RollbackOptions, teller: Teller): Promise<{ rolling: Journal; carried: boolean }> {
  const { target } = journal;
  const { from, to } = directionOf(journal);
  await refuseStale(journal);
  await clearCarried(journal);
  teller.begin("verify", `the ${engineTitle(to)} store is being read, to see whether it was written to since`);
  const carry = (await writtenSince(store, journal, options)) !== null;
  const incoming = carry ? await carryBack(store, journal, options, teller) : await bringNear(journal, teller);
  const stamp = await freeStamp(new Date(), (possible) => [`${target}.${to}-${possible}`, `${journal.source}.${from}-backup-${possible}`]);
  // With a target of its own, what is carried back goes where the service had its old store.
  const original = carry && journal.source !== target ? `${journal.source}.${from}-backup-${stamp}` : null;
  const begun: Journal = { ...journal, step: "rolling-back", rollback: { incoming, aside: `${target}.${to}-${stamp}`, original } };
  const rolling = carry ? await writeJournal(begun) : await beginRollback(begun);
  return { rolling, carried: carry };
}

/** Fails when another rollback was faster, as the journal tells before anything is moved. */
async function refuseStale({ target, updatedAt }: Journal): Promise<void> {
  if ((await readJournal(target))?.updatedAt === updatedAt) return;
  throw new KgdumpError("STORE_IN_USE", `another process has just worked on ${target}`, { path: target, hint: "kgdump status shows what is there" });
}

async function resultOf(journal: Journal, carried: boolean, warnings: readonly string[] = []): Promise<RollbackResult> {
  const { source, rollback } = journal;
  const aside = rollback !== null && (await nameIsTaken(rollback.aside)) ? rollback.aside : null;
  return { status: "rolled-back", undone: "migration", engine: directionOf(journal).from, source, aside, carried, original: rollback?.original ?? null, warnings };
}
