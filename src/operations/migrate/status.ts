/** Status: what lies at a path and around it, told from files alone; no store is opened, and no lock is taken. */
import { readdir, realpath } from "node:fs/promises";
import { join, resolve } from "node:path";
import { engineNamed, isEngineName } from "../../engines/registry.js";
import { type ErrorCode, KgdumpError } from "../../errors.js";
import { diskUseOf, type Occupant, occupantOf } from "../disk/places.js";
import { isForeign } from "../disk/recognize.js";
import { startOfFile } from "../disk/small-file.js";
import { detectEngine } from "../disk/stores.js";
import { troubleOf } from "../disk/trouble.js";
import { troubleOfMigrated } from "./back/loss.js";
import { type Remain, remainsOf } from "./cleanup/remains.js";
import { keptOf } from "./compact/places.js";
import { directionOf } from "./direction.js";
import { isBeforeSwitch } from "./journal-form.js";
import { type Journal, type MigrationStep, placeOf, readJournal } from "./journal.js";

/** In a word, for scripts. `unsupported`: a store that is none of kgdump's engines, or of another version of sled than services open. */
export type MigrationState = "migrated" | "to-migrate" | "unfinished" | "nothing" | "unknown" | "unsupported" | "damaged";

/** Why a store can't be opened, or what is there instead of one. */
export interface StatusTrouble {
  readonly code: ErrorCode;
  readonly message: string;
  /** What to do. */
  readonly hint: string | null;
}

/** A file or directory that a migration made or moved. */
export interface StatusPlace {
  readonly path: string;
  /** Bytes on disk; null when it is not there. */
  readonly bytes: number | null;
  readonly state: PlaceState;
}

/** there; not-made: not yet, or never, as the migration was stopped; put-back: it is in its old place; gone: somebody took it away. */
export type PlaceState = "there" | "not-made" | "put-back" | "gone";

/** What is known about a path. */
export interface MigrationStatus {
  readonly path: string;
  readonly state: MigrationState;
  readonly found: Occupant;
  /** Version of the engine that wrote the store, when its files say. */
  readonly version: string | null;
  readonly bytes: number | null;
  /** What keeps a sled store from being opened, that the store which a migration made is gone, or what is there that is no store; null when nothing is known. */
  readonly trouble: StatusTrouble | null;
  readonly backup: StatusPlace | null;
  readonly dump: StatusPlace | null;
  /** What the last compaction of the store kept of it, which a rollback puts back; null when nothing is there. */
  readonly compacted: StatusPlace | null;
  /** All that migrations, rollbacks and compactions have left, the oldest first: what `cleanUp` removes. */
  readonly remains: readonly Remain[];
  /** The journal of the last migration, or null. */
  readonly journal: {
    readonly id: string;
    readonly step: MigrationStep;
    /** Whether it was interrupted or refused, and what it had made was removed: rolled-back, with nothing to undo. */
    readonly stopped: boolean;
    readonly startedAt: string;
    readonly updatedAt: string;
  } | null;
  /** When the new store was last read back and found equal. */
  readonly verifiedAt: string | null;
  /** Entries that were migrated; null when none were. */
  readonly entries: number | null;
}

/**
 * Looks at the path of a service's store; what is told is of where it leads when it is a symbolic link, but for the path itself.
 * @throws {KgdumpError} MIGRATION_JOURNAL_DAMAGED, PERMISSION_DENIED, IO_FAILED
 */
export async function migrationStatus(path: string): Promise<MigrationStatus> {
  const target = await placeOf(path);
  const [found, journal] = [await occupantOf(target), await readJournal(target)];
  const place = async (at: string | null | undefined, absent: PlaceState): Promise<StatusPlace | null> => {
    if (at === null || at === undefined) return null;
    const bytes = await diskUseOf(at);
    return { path: at, bytes, state: bytes === null ? absent : "there" };
  };
  const supposed = stateOf(found, journal);
  const { state, trouble } = supposed === "unfinished" ? { state: supposed, trouble: null } : await lookAt(target, found, journal, supposed);
  return {
    path: resolve(path),
    state,
    trouble,
    found,
    version: await versionOf(target, found),
    bytes: await diskUseOf(target),
    backup: await place(journal?.backup, journal === null ? "gone" : absentBackup(journal)),
    dump: await place(journal?.dump, journal !== null && wasNotSwitched(journal) ? "not-made" : "gone"),
    compacted: await place((await keptOf(await realpath(target).catch(() => target))).at(-1), "gone"),
    remains: await remainsOf(await realpath(target).catch(() => target), journal),
    journal: journal === null ? null : { id: journal.id, step: journal.step, stopped: journal.step === "rolled-back" && journal.rollback === null, startedAt: journal.startedAt, updatedAt: journal.updatedAt },
    verifiedAt: journal?.verifiedAt ?? null,
    entries: journal?.keyspaces?.reduce((total, { entries }) => total + entries, 0) ?? null,
  };
}

/** @param supposed what it is when nothing is wrong */
async function lookAt(path: string, found: Occupant, journal: Journal | null, supposed: MigrationState): Promise<Pick<MigrationStatus, "state" | "trouble">> {
  const lost = journal === null ? null : await troubleOfMigrated(journal, found);
  const trouble = lost ?? (isEngineName(found) ? await troubleOf(found, path) : found === "unknown" ? await whatItIs(path) : null);
  if (trouble === null || trouble.code === "PERMISSION_DENIED") return { state: supposed, trouble: null };
  const { code, message, hint = null } = trouble;
  return { state: await troubledState(path, code, lost !== null), trouble: { code, message, hint } };
}

/** @param lost whether a migration had put a store there */
async function troubledState(path: string, code: ErrorCode, lost: boolean): Promise<MigrationState> {
  if (code === "STORE_UNSUPPORTED") return "unsupported";
  // What never was a store is not a damaged one.
  if (code !== "STORE_NOT_RECOGNIZED" || lost) return "damaged";
  return (await isForeign(path)) ? "unsupported" : "unknown";
}

/** What lies at a path where no store is. */
async function whatItIs(path: string): Promise<KgdumpError | null> {
  try {
    await detectEngine(path);
  } catch (error) {
    if (error instanceof KgdumpError && error.code === "STORE_NOT_RECOGNIZED") return error;
    throw error;
  }
  // It came just now.
  return null;
}

/** Whether the stores were not exchanged, as far as the journal says: neither yet, nor by what was stopped. */
function wasNotSwitched({ step, rollback }: Journal): boolean {
  return isBeforeSwitch(step) || (step === "rolled-back" && rollback === null);
}

/** Why the backup is not there. */
function absentBackup(journal: Journal): PlaceState {
  if (wasNotSwitched(journal) || journal.step === "switching") return "not-made";
  return journal.step === "rolled-back" || journal.step === "rolling-back" ? "put-back" : "gone";
}

function stateOf(found: Occupant, journal: Journal | null): MigrationState {
  if (journal !== null && !["confirming", "done", "rolled-back"].includes(journal.step)) return "unfinished";
  const { from, to } = directionOf(journal ?? {});
  if (found === to) return "migrated";
  if (found === from) return "to-migrate";
  return found === "unknown" ? "unknown" : "nothing";
}

/** So much is read of a file that tells the version. */
const MOST_READ = 1 << 20;

async function versionOf(path: string, found: Occupant): Promise<string | null> {
  const told = isEngineName(found) ? engineNamed(found).versionIn(await readdir(path)) : undefined;
  if (told === undefined) return null;
  const start = await startOfFile(join(path, told.file), MOST_READ);
  return told.pattern.exec(start.toString("latin1"))?.[1] ?? null;
}
