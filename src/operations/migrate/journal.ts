/**
 * The journal of a migration: a small file beside the store that says how far it got, so that it can be finished or undone
 * after any interruption. It is replaced as a whole, and durable before the step that it names begins.
 */
import { open, readFile, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { KeyOrder } from "../../engines/engine.js";
import { hasCode, KgdumpError, systemError } from "../../errors.js";
import type { SledSettings } from "../../settings/sled-settings.js";
import { syncDirectory } from "../output-file.js";
import { isRunning, type Owner, ownProcess } from "../staging.js";

/**
 * How far a migration got. exporting, importing: the new store is not complete, and is made again. imported: it is, and
 * waits beside the old one. switching: they may have been exchanged or not. done: the new one is in place, the old one is the
 * backup. rolling-back, rolled-back: the same on the way back.
 */
export type MigrationStep = "exporting" | "importing" | "imported" | "switching" | "done" | "rolling-back" | "rolled-back";

const STEPS: readonly string[] = ["exporting", "importing", "imported", "switching", "done", "rolling-back", "rolled-back"];

/** One keyspace as it was migrated. */
export interface JournalKeyspace {
  /** Name in hex. */
  readonly name: string;
  /** Order of its keys in the RocksDB store, and of the entries under the digest. */
  readonly comparator: KeyOrder;
  readonly entries: number;
  /** SHA-256 of its encoded entries, in hex. */
  readonly digest: string;
}

/** What the journal says. All paths are absolute. */
export interface Journal {
  /** Version of the journal's own form. */
  readonly version: 1;
  /** Random, and in the names of all that the migration makes. */
  readonly id: string;
  readonly step: MigrationStep;
  readonly startedAt: string;
  readonly updatedAt: string;
  /** Directory of the RocksDB store. */
  readonly source: string;
  /** Directory of the sled store; the source's own, or another. */
  readonly target: string;
  /** Where the new store is built and waits. */
  readonly building: string;
  /** Where the original goes; null when it stays where it is. */
  readonly backup: string | null;
  /** The dump's file; null without one. */
  readonly dump: string | null;
  /** The dump's id, by which the file is known as this migration's own. */
  readonly dumpId: string;
  readonly settings: SledSettings;
  /** What the store was when it was read: changes since would show here. */
  readonly snapshot: { readonly databaseId: string | null; readonly sequenceNumber: string | null } | null;
  readonly keyspaces: readonly JournalKeyspace[] | null;
  /** When the new store was last found equal to the dump. */
  readonly verifiedAt: string | null;
  /** Who wrote this: while it runs, nobody else goes on with the migration. */
  readonly owner: Owner;
  /** Rolling back: the RocksDB store that is put in place, and where the sled store goes. */
  readonly rollback: { readonly incoming: string; readonly aside: string } | null;
}

/** Path of the journal of a target. */
export function journalPath(target: string): string {
  return `${target}.kgdump-migration.json`;
}

/**
 * Reads the journal of a target.
 * @returns null when there is none
 * @throws {KgdumpError} MIGRATION_JOURNAL_DAMAGED, PERMISSION_DENIED, IO_FAILED
 */
export async function readJournal(target: string): Promise<Journal | null> {
  const path = journalPath(target);
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if (hasCode(error, "ENOENT")) return null;
    throw systemError(error, `reading ${path}`, { path });
  }
  const parsed = parse(text);
  if (parsed !== null) return parsed;
  throw new KgdumpError("MIGRATION_JOURNAL_DAMAGED", `${path} is not the journal of a migration`, {
    path,
    hint: "nothing was touched: look at the stores beside it, put the right one in place by hand, and remove the journal",
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
  const written: Journal = { ...journal, updatedAt: new Date().toISOString(), owner: await ownProcess() };
  try {
    await rm(temporary, { force: true });
    const handle = await open(temporary, "wx", 0o600);
    try {
      await handle.writeFile(`${JSON.stringify(written, null, 2)}\n`);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
    await syncDirectory(dirname(path));
    return written;
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw systemError(error, `writing ${path}`, { path });
  }
}

/** Removes what a process that was killed while it wrote the journal left. @throws {KgdumpError} PERMISSION_DENIED, IO_FAILED */
export async function clearJournalTemporary(target: string): Promise<void> {
  const path = temporaryOf(journalPath(target));
  try {
    await rm(path, { force: true });
  } catch (error) {
    throw systemError(error, `removing ${path}`, { path });
  }
}

/** The same name each time, so that there is one at most. */
function temporaryOf(path: string): string {
  return join(dirname(path), `.${basename(path)}.tmp`);
}

/**
 * Fails when another process is at work on an unfinished migration.
 * @throws {KgdumpError} STORE_IN_USE
 */
export async function refuseOtherOwner({ id, step, owner, target }: Journal): Promise<void> {
  if (step === "done" || step === "rolled-back" || owner.pid === process.pid) return;
  if ((await isRunning(owner)) !== true) return;
  throw new KgdumpError("STORE_IN_USE", `process ${String(owner.pid)} is at work on migration ${id} of ${target}`, {
    path: target,
    hint: "wait until it is done; kgdump status tells how far it is",
  });
}

function parse(text: string): Journal | null {
  let found: unknown;
  try {
    found = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof found !== "object" || found === null) return null;
  const journal = found as Record<string, unknown>;
  const texts = ["id", "startedAt", "updatedAt", "source", "target", "building", "dumpId"].every((name) => typeof journal[name] === "string");
  const sound =
    journal.version === 1 &&
    texts &&
    typeof journal.step === "string" &&
    STEPS.includes(journal.step) &&
    [journal.backup, journal.dump].every((path) => path === null || typeof path === "string") &&
    typeof journal.settings === "object" &&
    typeof journal.owner === "object" &&
    journal.owner !== null &&
    (journal.keyspaces === null || Array.isArray(journal.keyspaces));
  return sound ? (found as Journal) : null;
}
