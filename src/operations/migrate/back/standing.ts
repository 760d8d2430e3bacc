/** What a rollback finds: where the stores of a migration are, and whether the new one was written to since. */
import { readdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { engineTitle } from "../../../engines/registry.js";
import type { EntrySource } from "../../../engines/store.js";
import { KgdumpError } from "../../../errors.js";
import { nameIsTaken } from "../../disk/names.js";
import { occupantOf } from "../../disk/places.js";
import { directionOf } from "../direction.js";
import { isBeforeSwitch, type Journal, journalPath } from "../journal.js";
import { switchOf } from "../switch/steps.js";
import { isUntouched } from "../switch/switch.js";
import { changedKeyspace, refuseUncarriable } from "./carry-back.js";
import { lossOf, withWayBack } from "./loss.js";
import type { RollbackOptions } from "./rollback-options.js";

/** The error for a path of which no migration and no compaction is known. */
export async function nothingToUndo(target: string): Promise<KgdumpError> {
  return new KgdumpError("NOT_FOUND", `no migration to ${target} is known: ${journalPath(target)} is not there; nor is an original of a compaction beside it`, {
    path: target,
    hint: await withoutJournal(target),
  });
}

/** What to do about a path that has no journal. */
async function withoutJournal(target: string): Promise<string> {
  const end = basename(journalPath("x")).slice(1);
  const beside = (await readdir(dirname(target)).catch((): string[] => [])).filter((name) => name.endsWith(end)).map((name) => join(dirname(target), name.slice(0, -end.length)));
  if (beside.length > 0) return `name the path that was migrated; beside it these were: ${beside.slice(0, 5).join(", ")}`;
  return "name the path that was migrated; without its journal, put the backup in place by hand";
}

/** Whether nothing was switched, so that what was made is only to be removed. @throws {KgdumpError} PERMISSION_DENIED, IO_FAILED */
export async function isUnswitched(journal: Journal): Promise<boolean> {
  return isBeforeSwitch(journal.step) || (journal.step === "switching" && (await isUntouched(switchOf(journal))));
}

/** Whether the new store was put in place, and not taken away again. @throws {KgdumpError} PERMISSION_DENIED, IO_FAILED */
export async function isSwitched(journal: Journal): Promise<boolean> {
  const { from } = directionOf(journal);
  if (journal.step === "switching") return !(await isUntouched(switchOf(journal)));
  // The last words of a journal may be lost, as `asFound` knows.
  if (isBeforeSwitch(journal.step)) return journal.backup !== null && ((await occupantOf(journal.building)) === from || ((await occupantOf(journal.backup)) === from && (await occupantOf(journal.target)) !== from));
  return journal.step === "confirming" || (journal.step === "done" && !(await isBack(journal)));
}

/**
 * Whether the original is where the service had it, and nothing waits to be moved: a rollback on a full disk could not say so in the journal.
 * @throws {KgdumpError} PERMISSION_DENIED, IO_FAILED
 */
export async function isBack(journal: Journal): Promise<boolean> {
  const { source, target, backup } = journal;
  return backup !== null && source === target && (await occupantOf(target)) === directionOf(journal).from && !(await nameIsTaken(backup));
}

/**
 * Reads the new store, and compares it with what was migrated.
 * @returns the name of a keyspace that was written to since, which is to be carried back; null when there is none
 * @throws {KgdumpError} ROLLBACK_LOSES_DATA when it is not to be carried back; STORE_UNSUPPORTED when it can't be; what reading the store throws, with the way back
 */
export async function writtenSince(store: EntrySource, journal: Journal, options: RollbackOptions): Promise<string | null> {
  const { from, to } = directionOf(journal);
  const changed = await changedKeyspace(store, journal, options).catch((error: unknown) => {
    throw withWayBack(error, journal);
  });
  if (changed === null) return null;
  if (options.carryBack === true) {
    await refuseUncarriable(journal);
    return changed;
  }
  throw new KgdumpError("ROLLBACK_LOSES_DATA", `the ${engineTitle(to)} store was written to since it was made (in "${changed}"), and the ${engineTitle(from)} store lacks those changes`, {
    path: journal.target,
    hint: await waysOf(journal),
    loss: lossOf(journal),
  });
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
