/**
 * Rollback: the store of before comes back to the path that the service uses, and the new store goes aside.
 *
 * What was written to the new store since is not lost unnoticed: the rollback refuses, or carries it back into a store of the old engine.
 */
import { readdir } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
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
import { clearJournalTemporary, isBeforeSwitch, type Journal, journalPath, readJournal, refuseOtherOwner, writeJournal } from "../journal.js";
import { asFound, clearAway, clearCarried, clearLeftovers, finishRollback, switchOf, switchOver } from "../switch/steps.js";
import { isUntouched } from "../switch/switch.js";
import { carryBack, changedKeyspace, refuseUncarriable } from "./carry-back.js";
import { beginRollback, discardNew } from "./discard.js";
import { lossOf, storeIsGone, withWayBack } from "./loss.js";
import { bringNear } from "./original.js";
import type { RollbackOptions, RollbackResult } from "./rollback-options.js";

/**
 * Undoes a migration, finished or not, or a compaction that came after it, or without any. Running it again is harmless: it undoes nothing that was written.
 * @throws {KgdumpError} NOT_FOUND when neither is known there, ROLLBACK_LOSES_DATA when the new store was written to and it was
 * not said what is to become of that, STORE_IN_USE, MIGRATION_*, NO_SPACE, …
 */
export async function rollbackStore(asked: RollbackOptions): Promise<RollbackResult> {
  using _ = await lockPlace(asked.target, "rollback");
  using teller = new Teller(asked.onEvent);
  return await rollBack({ ...asked, onProgress: teller.watch(asked.onProgress) }, teller);
}

async function rollBack(options: RollbackOptions, teller: Teller): Promise<RollbackResult> {
  const target = resolve(options.target);
  let journal = await readJournal(target);
  const compaction = await rollbackCompaction(journal, options, teller);
  if (compaction !== null) return compaction;
  if (journal === null) {
    // Of a migration that was killed while it wrote its first one.
    await clearJournalTemporary(target).catch(() => undefined);
    throw new KgdumpError("NOT_FOUND", `no migration to ${target} is known: ${journalPath(target)} is not there; nor is an original of a compaction beside it`, {
      path: target,
      hint: await withoutJournal(target),
    });
  }
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
  if (unfinished || (journal.step === "switching" && (await isUntouched(switchOf(journal))))) await clearAway(journal, teller);
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

/** What to do about a path that has no journal. */
async function withoutJournal(target: string): Promise<string> {
  const end = basename(journalPath("x")).slice(1);
  const beside = (await readdir(dirname(target)).catch((): string[] => [])).filter((name) => name.endsWith(end)).map((name) => join(dirname(target), name.slice(0, -end.length)));
  if (beside.length > 0) return `name the path that was migrated; beside it these were: ${beside.slice(0, 5).join(", ")}`;
  return "name the path that was migrated; without its journal, put the backup in place by hand";
}

/** Whether the new store was put in place, and not taken away again. */
async function isSwitched(journal: Journal): Promise<boolean> {
  const { from } = directionOf(journal);
  if (journal.step === "switching") return !(await isUntouched(switchOf(journal)));
  // The last words of a journal may be lost, as `asFound` knows.
  if (isBeforeSwitch(journal.step)) return journal.backup !== null && ((await occupantOf(journal.building)) === from || ((await occupantOf(journal.backup)) === from && (await occupantOf(journal.target)) !== from));
  return journal.step === "confirming" || (journal.step === "done" && !(await isBack(journal)));
}

/** Whether the original is where the service had it, and nothing waits to be moved: a rollback on a full disk could not say so in the journal. */
async function isBack(journal: Journal): Promise<boolean> {
  const { source, target, backup } = journal;
  return backup !== null && source === target && (await occupantOf(target)) === directionOf(journal).from && !(await nameIsTaken(backup));
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

/** What can be done about a new store that was written to. */
async function waysOf(journal: Journal): Promise<string> {
  const { from, to } = directionOf(journal);
  const discard = `--discard-new leaves it in the ${engineTitle(to)} store, which is kept aside`;
  // What keeps the original from being read is told when that is asked for.
  const refused = await refuseUncarriable(journal).then(() => null, (error: unknown) => (error instanceof KgdumpError && error.code === "STORE_UNSUPPORTED" ? error : null));
  if (refused !== null) return `${discard}; it can't be carried back (${refused.message})`;
  return `--carry-back brings it into a new ${engineTitle(from)} store; ${discard}`;
}

async function startUndoing(store: EntrySource, journal: Journal, options: RollbackOptions, teller: Teller): Promise<{ rolling: Journal; carried: boolean }> {
  const { target } = journal;
  const { from, to } = directionOf(journal);
  await refuseStale(journal);
  await clearCarried(journal);
  teller.begin("verify", `the ${engineTitle(to)} store is being read, to see whether it was written to since`);
  const changed = await changedKeyspace(store, journal, options).catch((error: unknown) => {
    throw withWayBack(error, journal);
  });
  if (changed !== null && options.carryBack !== true) {
    throw new KgdumpError("ROLLBACK_LOSES_DATA", `the ${engineTitle(to)} store was written to since it was made (in "${changed}"), and the ${engineTitle(from)} store lacks those changes`, {
      path: target,
      hint: await waysOf(journal),
      loss: lossOf(journal),
    });
  }
  const carry = changed !== null && options.carryBack === true;
  if (carry) await refuseUncarriable(journal);
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
