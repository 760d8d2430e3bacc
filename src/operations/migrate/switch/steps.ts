/** The steps that migration and rollback share: each can be done again after any interruption. */
import { engineTitle } from "../../../engines/registry.js";
import type { EngineName } from "../../../engines/store.js";
import { KgdumpError } from "../../../errors.js";
import { makeLike } from "../../disk/likeness.js";
import { removeFile } from "../../disk/name-changes.js";
import { nameIsTaken } from "../../disk/names.js";
import { clearRemoved, occupantOf, removeDirectory, renameDurably } from "../../disk/places.js";
import { clearStaging } from "../../disk/staging.js";
import { openDump } from "../../dump/open-dump.js";
import { clearTemporaries } from "../../output/output-file.js";
import { directionOf } from "../direction.js";
import type { Teller } from "../events.js";
import { clearJournalTemporary, isBeforeSwitch, type Journal, journalPath, writeJournal } from "../journal.js";
import { withSwitched } from "./in-place.js";
import { keep, putBack } from "./put-back.js";
import { isUntouched, type Switch, switchStores } from "./switch.js";

/** Stores and their places; with another target than the source, the original stays and the aside is never used. */
export function switchOf(journal: Journal): Switch {
  const { source, target, building, backup } = journal;
  const { from, to } = directionOf(journal);
  return { target, incoming: building, aside: backup, newEngine: to, oldEngine: source === target ? from : null };
}

/** Puts the new store in place; the old one's lock is held, if it is still there. */
export async function switchOver(journal: Journal, teller: Teller): Promise<Journal> {
  const { source, building } = journal;
  const { from, to } = directionOf(journal);
  if ((await occupantOf(building)) === to && (await occupantOf(source)) === from) await makeLike(building, source, from);
  const switching = await writeJournal({ ...journal, step: "switching" });
  try {
    await switchStores(switchOf(switching));
  } catch (error) {
    throw await withSwitched(error, switching);
  }
  if (journal.backup !== null) teller.tell("backup", "the original was moved aside", { backup: journal.backup });
  const live = journal.deltaId !== null;
  const inPlace = `the ${engineTitle(directionOf(journal).to)} store is in place`;
  if (live) teller.ask("switch", `start the service now: ${inPlace}`, { path: journal.target });
  else teller.tell("switch", inPlace, { path: journal.target });
  return writeJournal({ ...switching, step: live ? "confirming" : "done" }).catch(async (error: unknown) => {
    throw await withSwitched(error, switching);
  });
}

/**
 * Removes what is of no use any more beside the stores of a migration that nobody is at work on: what a kill or a failure left.
 * @throws {KgdumpError} PERMISSION_DENIED, IO_FAILED
 */
export async function clearLeftovers(journal: Journal): Promise<void> {
  await clearJournalTemporary(journal.target);
  if (journal.step === "confirming" && journal.delta !== null) await clearTemporaries(journal.delta);
  const built = !["copying", "exporting", "importing"].includes(journal.step);
  await clearStaging(journal.building, built ? "abandoned" : undefined);
  for (const path of [journal.target, journal.building, ...(journal.rollback === null ? [] : [journal.rollback.incoming])]) await clearRemoved(path);
  if (await isCarriedInVain(journal)) await clearCarried(journal);
}

/**
 * Whether what a rollback was making beside the store that it was to put back is of no use any more: that rollback was killed before anything changed places,
 * so that the new store is in place and not there.
 */
async function isCarriedInVain({ step, target, ...journal }: Journal): Promise<boolean> {
  const { to } = directionOf(journal);
  if (step !== "done" && step !== "confirming") return false;
  return (await occupantOf(target)) === to && (await occupantOf(carriedPath(journal))) !== to;
}

/** Where a rollback makes the store that it carries entries back into; the dump beside it has `.kgd` at its end. */
export function carriedPath({ source, id }: Pick<Journal, "source" | "id">): string {
  return `${source}.kgdump-back-${id}`;
}

/**
 * Removes what carrying back left that was killed or failed. The new store is locked, so that no other rollback is at work.
 * @throws {KgdumpError} PERMISSION_DENIED, IO_FAILED
 */
export async function clearCarried(journal: Pick<Journal, "source" | "id">): Promise<void> {
  const incoming = carriedPath(journal);
  await removeDirectory(incoming);
  // A copy of the backup, from another file system.
  await removeDirectory(`${incoming}.kgdump-partial`);
  await clearStaging(incoming, "abandoned");
  await clearTemporaries(`${incoming}.kgd`);
  await removeFile(`${incoming}.kgd`);
}

/**
 * The journal as the stores bear it out. Where it says that nothing was switched, and the stores have changed places, its last words were
 * lost: then it stands at the switch.
 * @throws {KgdumpError} PERMISSION_DENIED, IO_FAILED
 */
export async function asFound(journal: Journal): Promise<Journal> {
  const { newEngine, oldEngine, target, incoming, aside } = switchOf(journal);
  if (!isBeforeSwitch(journal.step) || oldEngine === null || (await occupantOf(target)) !== newEngine) return journal;
  const left = [incoming, ...(aside === null ? [] : [aside])];
  for (const path of left) if ((await occupantOf(path)) === oldEngine) return { ...journal, step: "switching" };
  return journal;
}

/**
 * Removes what an unfinished migration left; the old store is in place. What is finished stays as it is.
 * @throws {KgdumpError} MIGRATION_UNCLEAR when something else than the new store is where that is built; PERMISSION_DENIED, IO_FAILED
 */
export async function clearAway(journal: Journal, teller: Teller): Promise<void> {
  if (["done", "confirming", "rolled-back"].includes(journal.step)) return;
  if (journal.step === "switching" && !(await isUntouched(switchOf(journal)))) return;
  const { from } = directionOf(journal);
  if ((await occupantOf(journal.building)) === from) {
    throw new KgdumpError("MIGRATION_UNCLEAR", `a ${engineTitle(from)} store is where the new store was to be built: ${journal.building}`, {
      path: journal.building,
      hint: "nothing was touched: move it to where it belongs, then run this again",
    });
  }
  await removeDirectory(journal.building);
  // Whoever imported into it is dead, or has failed.
  await clearStaging(journal.building, "abandoned");
  // The export of this migration is dead, as its owner is.
  if (journal.dump !== null) await removeOwnDump(journal.dump, journal.dumpId);
  if (journal.delta !== null && journal.deltaId !== null) await removeOwnDump(journal.delta, journal.deltaId);
  await writeJournal({ ...journal, step: "rolled-back" });
  teller.tell("resume", "what an unfinished migration had made was removed; the old store is in place", { path: journal.source });
}

/** Removes a dump that the migration made, and what a killed export of it left; a file with another id stays. */
export async function removeOwnDump(path: string, dumpId: string): Promise<void> {
  await clearTemporaries(path);
  if (await isOwnDump(path, dumpId)) await removeFile(path);
}

/** Whether a dump with this id is at a path. */
export async function isOwnDump(path: string, dumpId: string): Promise<boolean> {
  try {
    await using dump = await openDump(path);
    return dump.header.dumpId === dumpId;
  } catch {
    return false;
  }
}

/** Puts a store in the place of the original, which is kept. No service uses that path: it has its data in the new store elsewhere. */
async function replaceOriginal(engine: EngineName, source: string, incoming: string, original: string): Promise<void> {
  const [at, coming, kept] = [await occupantOf(source), await occupantOf(incoming), await occupantOf(original)];
  if (at === engine && coming === "absent" && kept === engine) return;
  if (at === engine && coming === engine && kept === "absent") await renameDurably(source, original);
  else if (!(at === "absent" && coming === engine && kept === engine)) {
    throw new KgdumpError("MIGRATION_UNCLEAR", `the stores are not where a rollback left them (${source}: ${at}; ${incoming}: ${coming}; ${original}: ${kept})`, {
      path: source,
      hint: "nothing was touched: something moved them; put them back, or put the right one in place by hand and remove the journal",
    });
  }
  await renameDurably(incoming, source);
}

/** Writes that a rollback is done. On a full disk that is left to another call, which finds everything in its place. */
async function endRollback(journal: Journal, teller: Teller): Promise<Journal> {
  const ended = { ...journal, step: "rolled-back" } as const;
  try {
    return await writeJournal(ended);
  } catch (error) {
    if (!(error instanceof KgdumpError) || error.code !== "NO_SPACE") throw error;
    teller.tell("switch", "the disk is full: the journal does not say yet that the rollback is done", { path: journalPath(journal.target) });
    return ended;
  }
}

/**
 * Does what is left of a rollback.
 * @throws {KgdumpError} MIGRATION_UNCLEAR, PERMISSION_DENIED, IO_FAILED
 */
export async function finishRollback(journal: Journal, teller: Teller): Promise<Journal> {
  const { source, target, rollback } = journal;
  if (rollback === null) throw new KgdumpError("MIGRATION_JOURNAL_DAMAGED", `${journalPath(target)} does not say what is rolled back`, { path: journalPath(target) });
  const original = rollback.original ?? null;
  const { from: engine } = directionOf(journal);
  if (original !== null) await replaceOriginal(engine, source, rollback.incoming, original);
  if (original === null && rollback.incoming !== source) await putBack({ target, incoming: rollback.incoming, aside: rollback.aside, engine });
  // With a target of its own, the original never left its place; only the new store goes.
  else if ((await nameIsTaken(target)) && !(await nameIsTaken(rollback.aside))) await keep(target, rollback.aside);
  teller.tell("switch", `the ${engineTitle(engine)} store is in place`, { path: source, aside: rollback.aside, ...(original === null ? {} : { original }) });
  const ended = await endRollback(journal, teller);
  teller.tell("done", `the service can be started on ${engineTitle(engine)}`, { path: source });
  return ended;
}
