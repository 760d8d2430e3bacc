/**
 * Rollback: the RocksDB store of before comes back to the path that the service uses, and the sled store goes aside.
 *
 * What was written to sled since is not lost unnoticed: the rollback refuses, or carries it back into a new RocksDB store.
 */
import { basename, dirname, join, resolve } from "node:path";
import { readdir } from "node:fs/promises";
import { KgdumpError } from "../../errors.js";
import { openSource } from "../load-engine.js";
import { nameIsTaken } from "../output-file.js";
import { carryBack, type CarryOptions, changedKeyspace, refuseLevelDb } from "./carry-back.js";
import { keyspacesOfOriginal } from "./confirm.js";
import { beginRollback, discardNew } from "./discard.js";
import { type OnEvent, Teller } from "./events.js";
import { isBeforeSwitch, type Journal, journalPath, readJournal, refuseOtherOwner, writeJournal } from "./journal.js";
import { lossOf, storeIsGone, withWayBack } from "./loss.js";
import { bringNear } from "./original.js";
import { freeStamp, occupantOf } from "./places.js";
import { asFound, clearAway, clearCarried, clearLeftovers, finishRollback, switchOf, switchOver } from "./steps.js";
import { isUntouched } from "./switch.js";

/** What `rollbackStore` does. */
export interface RollbackOptions extends CarryOptions {
  /** Directory of the sled store. */
  readonly target: string;
  /** Go back whatever the sled store holds, and whatever became of it: it is not read, and kept aside. */
  readonly discardNew?: boolean | undefined;
  /** Put a RocksDB store in place that holds what the sled store holds now. */
  readonly carryBack?: boolean | undefined;
  readonly onEvent?: OnEvent | undefined;
}

/** How a rollback ended. */
export interface RollbackResult {
  /** rolled-back: now; already: the RocksDB store was in place. */
  readonly status: "rolled-back" | "already";
  /** Where the RocksDB store is. */
  readonly source: string;
  /** Where the sled store, or what was in its place, is now; null when there was none. */
  readonly aside: string | null;
  /** Whether what was written to sled was carried back. */
  readonly carried: boolean;
  /** Where the original is, when the store that was carried back took its place; null when it is in its place, or is the backup still. */
  readonly original: string | null;
}

/**
 * Undoes a migration, finished or not. Running it again is harmless.
 * @throws {KgdumpError} NOT_FOUND when no migration is known there, ROLLBACK_LOSES_DATA when the sled store was written to and it was
 * not said what is to become of that, STORE_IN_USE, MIGRATION_*, NO_SPACE, …
 */
export async function rollbackStore(options: RollbackOptions): Promise<RollbackResult> {
  const teller = new Teller(options.onEvent);
  const target = resolve(options.target);
  let journal = await readJournal(target);
  if (journal === null) {
    throw new KgdumpError("NOT_FOUND", `no migration to ${target} is known: ${journalPath(target)} is not there`, {
      path: target,
      hint: await withoutJournal(target),
    });
  }
  teller.id = journal.id;
  await refuseOtherOwner(journal);
  await clearLeftovers(journal);
  journal = await asFound(journal);
  if (journal.step === "rolling-back") return resultOf(await finishRollback(journal, teller), false);
  const unfinished = isBeforeSwitch(journal.step);
  const known = journal;
  if (options.discardNew === true && (await isSwitched(journal))) return resultOf(await discardNew(journal, teller, () => refuseStale(known)), false);
  if (unfinished || (journal.step === "switching" && (await isUntouched(switchOf(journal))))) await clearAway(journal, teller);
  else if (journal.step === "switching") journal = await switchOver(journal, teller);
  if (journal.step !== "done" && journal.step !== "confirming") return { status: unfinished ? "rolled-back" : "already", source: journal.source, aside: null, carried: false, original: null };
  if (await isBack(journal)) {
    await writeJournal({ ...journal, step: "rolled-back" });
    return { status: "already", source: journal.source, aside: null, carried: false, original: null };
  }
  journal = { ...journal, step: "done", keyspaces: journal.keyspaces ?? (await keyspacesOfOriginal(journal, options)) };
  const { rolling, carried } = await startUndoing(journal, options, teller);
  return resultOf(await finishRollback(rolling, teller), carried);
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
  if (journal.step === "switching") return !(await isUntouched(switchOf(journal)));
  // The last words of a journal may be lost, as `asFound` knows.
  if (isBeforeSwitch(journal.step)) return journal.backup !== null && ((await occupantOf(journal.building)) === "rocksdb" || ((await occupantOf(journal.backup)) === "rocksdb" && (await occupantOf(journal.target)) !== "rocksdb"));
  return journal.step === "confirming" || (journal.step === "done" && !(await isBack(journal)));
}

/** Whether the original is where the service had it, and nothing waits to be moved: a rollback on a full disk could not say so in the journal. */
async function isBack({ source, target, backup }: Journal): Promise<boolean> {
  return backup !== null && source === target && (await occupantOf(target)) === "rocksdb" && !(await nameIsTaken(backup));
}

/** Gets ready what is to be put in place. The sled store is open and so locked meanwhile: nothing can be written to it unseen. */
async function startUndoing(journal: Journal, options: RollbackOptions, teller: Teller): Promise<{ rolling: Journal; carried: boolean }> {
  const { target } = journal;
  const found = await occupantOf(target);
  if (found !== "sled") {
    await refuseStale(journal);
    throw storeIsGone(journal, found);
  }
  await using store = await openSource(target, {}).catch(async (error: unknown) => {
    await refuseStale(journal);
    throw withWayBack(error, journal);
  });
  await refuseStale(journal);
  await clearCarried(journal);
  const changed = await changedKeyspace(store, journal, options).catch((error: unknown) => {
    throw withWayBack(error, journal);
  });
  if (changed !== null && options.carryBack !== true) {
    throw new KgdumpError("ROLLBACK_LOSES_DATA", `the sled store was written to since it was made (in "${changed}"), and the RocksDB store does not have that`, {
      path: target,
      hint: "--carry-back brings it into a new RocksDB store; --discard-new leaves it in the sled store, which is kept aside",
      loss: lossOf(journal),
    });
  }
  const carry = changed !== null && options.carryBack === true;
  if (carry) await refuseLevelDb(journal);
  const incoming = carry ? await carryBack(store, journal, options, teller) : await bringNear(journal, teller);
  const stamp = await freeStamp(new Date(), (possible) => [`${target}.sled-${possible}`, `${journal.source}.rocksdb-backup-${possible}`]);
  // With a target of its own, what is carried back goes where the service had its RocksDB store.
  const original = carry && journal.source !== target ? `${journal.source}.rocksdb-backup-${stamp}` : null;
  const begun: Journal = { ...journal, step: "rolling-back", rollback: { incoming, aside: `${target}.sled-${stamp}`, original } };
  const rolling = carry ? await writeJournal(begun) : await beginRollback(begun);
  return { rolling, carried: carry };
}

/** Fails when another rollback was faster, as the journal tells before anything is moved. */
async function refuseStale({ target, updatedAt }: Journal): Promise<void> {
  if ((await readJournal(target))?.updatedAt === updatedAt) return;
  throw new KgdumpError("STORE_IN_USE", `another process was at work on ${target} just now`, { path: target, hint: "kgdump status tells what is there" });
}

async function resultOf({ source, rollback }: Journal, carried: boolean): Promise<RollbackResult> {
  const aside = rollback !== null && (await nameIsTaken(rollback.aside)) ? rollback.aside : null;
  return { status: "rolled-back", source, aside, carried, original: rollback?.original ?? null };
}
