/** Status: what lies at a path and around it, told from files alone; no store is opened, and no lock is taken. */
import type { ErrorCode } from "../../errors.js";
import { readdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { startOfFile } from "../disk/small-file.js";
import { type Journal, type MigrationStep, readJournal } from "./journal.js";
import { troubleOfMigrated, troubleOfSled } from "./loss.js";
import { diskUseOf, type Occupant, occupantOf } from "./places.js";

/** In a word, for scripts. */
export type MigrationState = "migrated" | "to-migrate" | "unfinished" | "nothing" | "unknown" | "damaged";

/** Why a store can't be opened. */
export interface StatusTrouble {
  readonly code: ErrorCode;
  readonly message: string;
  /** What to do. */
  readonly hint: string | null;
}

/** A file or directory that a migration made or moved. */
export interface StatusPlace {
  readonly path: string;
  /** Bytes on disk; null when it is not there any more. */
  readonly bytes: number | null;
}

/** What is known about a path. */
export interface MigrationStatus {
  readonly path: string;
  readonly state: MigrationState;
  readonly found: Occupant;
  /** Version of the engine that wrote the store, when its files say. */
  readonly version: string | null;
  readonly bytes: number | null;
  /** What keeps the sled store from being opened, or that the one that a migration made is gone; null when nothing is known to. */
  readonly trouble: StatusTrouble | null;
  readonly backup: StatusPlace | null;
  readonly dump: StatusPlace | null;
  /** The journal of the last migration, or null. */
  readonly journal: { readonly id: string; readonly step: MigrationStep; readonly startedAt: string; readonly updatedAt: string } | null;
  /** When the new store was last read back and found equal. */
  readonly verifiedAt: string | null;
  /** Entries that were migrated; null when none were. */
  readonly entries: number | null;
}

/**
 * Looks at the path of a service's store.
 * @throws {KgdumpError} MIGRATION_JOURNAL_DAMAGED, PERMISSION_DENIED, IO_FAILED
 */
export async function migrationStatus(path: string): Promise<MigrationStatus> {
  const target = resolve(path);
  const [found, journal] = [await occupantOf(target), await readJournal(target)];
  const place = async (at: string | null | undefined): Promise<StatusPlace | null> => (at === null || at === undefined ? null : { path: at, bytes: await diskUseOf(at) });
  const state = stateOf(found, journal);
  const trouble = state === "unfinished" ? null : await lookAt(target, found, journal);
  return {
    path: target,
    state: trouble === null ? state : "damaged",
    trouble,
    found,
    version: await versionOf(target, found),
    bytes: await diskUseOf(target),
    backup: await place(journal?.backup),
    dump: await place(journal?.dump),
    journal: journal === null ? null : { id: journal.id, step: journal.step, startedAt: journal.startedAt, updatedAt: journal.updatedAt },
    verifiedAt: journal?.verifiedAt ?? null,
    entries: journal?.keyspaces?.reduce((total, { entries }) => total + entries, 0) ?? null,
  };
}

async function lookAt(path: string, found: Occupant, journal: Journal | null): Promise<StatusTrouble | null> {
  const known = journal === null ? null : await troubleOfMigrated(journal, found);
  const trouble = known ?? (found === "sled" ? await troubleOfSled(path) : null);
  if (trouble === null || trouble.code === "PERMISSION_DENIED") return null;
  return { code: trouble.code, message: trouble.message, hint: trouble.hint ?? null };
}

function stateOf(found: Occupant, journal: Journal | null): MigrationState {
  if (journal !== null && !["confirming", "done", "rolled-back"].includes(journal.step)) return "unfinished";
  if (found === "sled") return "migrated";
  if (found === "rocksdb") return "to-migrate";
  return found === "unknown" ? "unknown" : "nothing";
}

/** So much is read of a file that tells the version. */
const MOST_READ = 1 << 20;

async function versionOf(path: string, found: Occupant): Promise<string | null> {
  const read = async (name: string): Promise<string> => (await startOfFile(join(path, name), MOST_READ)).toString("latin1");
  if (found === "sled") return /^version: (\d+\.\d+)/m.exec(await read("conf"))?.[1] ?? null;
  if (found !== "rocksdb") return null;
  const newest = (await readdir(path)).filter((name) => /^OPTIONS-\d+$/.test(name)).sort().at(-1);
  return newest === undefined ? null : (/^[ \t]*rocksdb_version=([\w.-]{1,40})/m.exec(await read(newest))?.[1] ?? null);
}
