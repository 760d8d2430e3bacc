/** What a rollback would do, without doing it. */
import { stat } from "node:fs/promises";
import { dirname } from "node:path";
import { isEngineName } from "../../../engines/registry.js";
import type { EntrySource } from "../../../engines/store.js";
import { holdStore, lockOf } from "../../disk/hold.js";
import { diskUseOf, type Occupant, occupantOf } from "../../disk/places.js";
import { type Space, spacesFor } from "../../disk/space.js";
import { openSource } from "../../disk/stores.js";
import { closing } from "../../run/closing.js";
import { previewCompaction } from "../compact/rollback.js";
import { keyspacesOfOriginal } from "../confirm.js";
import { directionOf } from "../direction.js";
import { type Journal, placeOf, readJournal, refuseOtherOwner } from "../journal.js";
import { asFound } from "../switch/steps.js";
import { storeIsGone, withWayBack } from "./loss.js";
import { whereOriginal } from "./original.js";
import type { RollbackOptions, RollbackPreview } from "./rollback-options.js";
import { isBack, isSwitched, isUnswitched, nothingToUndo, writtenSince } from "./standing.js";

/**
 * Says what `rollbackStore` would do, and reads the new store to know whether it was written to. Nothing is changed. That the disk is too small is no error here: the preview says it.
 * @throws {KgdumpError} what would keep `rollbackStore` from it: NOT_FOUND, ROLLBACK_LOSES_DATA, STORE_*, MIGRATION_*, …
 */
export async function previewRollback(asked: RollbackOptions): Promise<RollbackPreview> {
  const target = await placeOf(asked.target);
  const options = { ...asked, target };
  const written = await readJournal(target);
  const compaction = await previewCompaction(written, options);
  if (compaction !== null) return compaction;
  if (written === null) throw await nothingToUndo(target);
  await refuseOtherOwner(written);
  const journal = await asFound(written);
  const engine = directionOf(journal).from;
  const preview = { undone: "migration", engine, source: journal.source, original: null, changed: null, carried: false, spaces: [] } as const;
  if (journal.step === "rolling-back") return { ...preview, status: "unfinished" };
  if (options.discardNew === true && (await isSwitched(journal))) return { ...preview, status: "to-roll-back", ...(await discarding(journal)) };
  if (await isUnswitched(journal)) return { ...preview, status: "to-clear" };
  if (journal.step === "switching") return { ...preview, status: "unfinished" };
  if ((journal.step !== "done" && journal.step !== "confirming") || (await isBack(journal))) return { ...preview, status: "already" };
  const known: Journal = { ...journal, keyspaces: journal.keyspaces ?? (await keyspacesOfOriginal(journal, options)) };
  return { ...preview, status: "to-roll-back", ...(await undoing(known, options)) };
}

type Undoing = Pick<RollbackPreview, "original" | "changed" | "carried" | "spaces">;

/** With `discardNew` the new store is locked, and not read. */
async function discarding(journal: Journal): Promise<Undoing> {
  const { target } = journal;
  const at = await occupantOf(target).catch((): Occupant => "unknown");
  const lock = await lockOf(target, at, isEngineName(at) ? at : directionOf(journal).to);
  lock?.release();
  return await comingBack(journal);
}

async function undoing(journal: Journal, options: RollbackOptions): Promise<Undoing> {
  const { target } = journal;
  const { to } = directionOf(journal);
  const found = await occupantOf(target);
  if (found !== to) throw storeIsGone(journal, found);
  const failed = (error: unknown): never => {
    throw withWayBack(error, journal);
  };
  const held = await holdStore(target, to).catch(failed);
  try {
    const read = (store: EntrySource): Promise<string | null> => writtenSince(store, journal, options);
    const changed = await (held.source === null ? closing(await openSource(target, { ttl: journal.ttl }).catch(failed), read) : read(held.source));
    return changed === null ? await comingBack(journal) : { original: null, changed, carried: true, spaces: await carrying(journal) };
  } finally {
    await held.release();
  }
}

/** The original as it is; one on another file system is copied first. */
async function comingBack(journal: Journal): Promise<Undoing> {
  const original = await whereOriginal(journal);
  const near = dirname(journal.target);
  const copied = original !== journal.source && (await stat(dirname(original))).dev !== (await stat(near)).dev;
  return { original, changed: null, carried: false, spaces: copied ? await spacesFor([{ at: near, bytes: (await diskUseOf(original)) ?? 0 }]) : [] };
}

/** A dump and a store of what the new store holds, each about as large as that is. */
async function carrying({ source, target }: Journal): Promise<Space[]> {
  return await spacesFor([{ at: dirname(source), bytes: 2 * ((await diskUseOf(target)) ?? 0) }]);
}
