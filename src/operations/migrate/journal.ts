/**
 * The journal of a migration: a small file beside the store that says how far it got, so that it can be finished or undone
 * after any interruption. It is replaced as a whole, and durable before the step that it names begins.
 */
import { readlink, realpath } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { KgdumpError, systemError } from "../../errors.js";
import { createFile, giveDescriptor, removeFile, renameName } from "../disk/name-changes.js";
import { nameIsTaken } from "../disk/names.js";
import { isRunning, ownProcess } from "../disk/owner.js";
import { syncDirectory } from "../disk/sync.js";
import { mayDecide, readSmallFile } from "../disk/trusted.js";
import { writeAll } from "../output/output-file.js";
import { type Journal, parseJournal } from "./journal-form.js";

export { isBeforeSwitch, type Journal, type JournalKeyspace, type JournalRollback, type MigrationStep } from "./journal-form.js";

/** Path of the journal of a target. */
export function journalPath(target: string): string {
  return `${target}.kgdump-migration.json`;
}

/** Links that lead to one another are followed as far as Linux does. */
const MOST_LINKS = 40;

/**
 * The path of a store that was migrated, absolute: where a path leads when it is a symbolic link, also to where nothing is just now. A link with a journal
 * beside it was put there since, in the place of the store.
 * @throws {KgdumpError} PERMISSION_DENIED, IO_FAILED
 */
export async function placeOf(path: string): Promise<string> {
  let at = resolve(path);
  for (let links = 0; links < MOST_LINKS && !(await nameIsTaken(journalPath(at))); links++) {
    const to = await readlink(at).catch(() => null);
    if (to === null) return at;
    at = resolve(await realpath(dirname(at)).catch(() => dirname(at)), to);
  }
  return at;
}

/**
 * Reads the journal of a target.
 * @returns null when there is none
 * @throws {KgdumpError} MIGRATION_JOURNAL_DAMAGED, PERMISSION_DENIED, IO_FAILED
 */
export async function readJournal(target: string): Promise<Journal | null> {
  const path = journalPath(target);
  let read: Awaited<ReturnType<typeof readSmallFile>>;
  try {
    read = await readSmallFile(path, LONGEST);
  } catch (error) {
    if (error instanceof KgdumpError && error.code === "NOT_FOUND") return null;
    throw error;
  }
  refuseForeign(path, read.uid, target);
  const parsed = parseJournal(read.text, target);
  if (parsed !== null) return parsed;
  throw new KgdumpError("MIGRATION_JOURNAL_DAMAGED", `${path} is not the journal of a migration`, {
    path,
    hint: "nothing was touched: look at the stores beside it, put the right one in place by hand, and remove the journal",
  });
}

/** Bytes of a journal, at most: 100 for each of the keyspaces that a dump can have. */
const LONGEST = 64 * 1024 * 1024;

/** What a journal says is done: so it must come from somebody who may do as much without it. */
function refuseForeign(path: string, uid: number, target: string): void {
  if (mayDecide(uid, target)) return;
  throw new KgdumpError("PERMISSION_DENIED", `the journal ${path} belongs to another user (${uid.toString()}), who owns neither the store nor its directory`, {
    path,
    hint: "nothing was touched: find out who put it there, and remove it",
  });
}

/**
 * Writes the journal, which replaces the one before as a whole.
 * @returns what was written: the journal with its time
 * @throws {KgdumpError} NO_SPACE, PERMISSION_DENIED, IO_FAILED
 */
export async function writeJournal(journal: Omit<Journal, "owner">): Promise<Journal> {
  const path = journalPath(journal.target);
  const temporary = temporaryOf(path);
  const written: Journal = { ...journal, updatedAt: new Date().toISOString(), owner: ownProcess() };
  try {
    await removeFile(temporary);
    const handle = await createFile(temporary);
    try {
      // Whom the store belongs to reads it, too, before the service starts.
      giveDescriptor(handle.fd, [journal.target, journal.source, path]);
      await writeAll(handle, [Buffer.from(`${JSON.stringify(written, null, 2)}\n`)]);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await renameName(temporary, path);
    await syncDirectory(dirname(path));
    return written;
  } catch (error) {
    await removeFile(temporary).catch(() => undefined);
    throw systemError(error, `writing ${path}`, { path });
  }
}

/** Removes what a process that was killed while it wrote the journal left. @throws {KgdumpError} PERMISSION_DENIED, IO_FAILED */
export async function clearJournalTemporary(target: string): Promise<void> {
  const path = temporaryOf(journalPath(target));
  try {
    await removeFile(path);
  } catch (error) {
    throw systemError(error, `removing ${path}`, { path });
  }
}

/** The same name each time, so that there is one at most. */
function temporaryOf(path: string): string {
  return join(dirname(path), `.${basename(path)}.tmp`);
}

/** Whether another process that still runs wrote the journal last. */
export function isOwnedByOther({ owner }: Journal): boolean {
  return owner.pid !== process.pid && isRunning(owner) === true;
}

/**
 * Fails when another process is at work on an unfinished migration.
 * @throws {KgdumpError} STORE_IN_USE
 */
export async function refuseOtherOwner(journal: Journal): Promise<void> {
  const { id, step, owner, target } = journal;
  if (step === "done" || step === "rolled-back" || !isOwnedByOther(journal)) return;
  throw new KgdumpError("STORE_IN_USE", `process ${String(owner.pid)} is running migration ${id} of ${target}`, {
    path: target,
    hint: "wait until it is done; kgdump status shows how far it is",
  });
}
