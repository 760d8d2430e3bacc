/**
 * Migrate: a RocksDB store becomes a sled store at the path that the service uses, and the original becomes the backup.
 *
 * The new store is built beside the old one, read back and compared; then the two change places at once. The journal makes each
 * step repeatable: after any interruption, another call finishes what is to be finished, or begins again where that is safer.
 */
import { randomBytes, randomUUID } from "node:crypto";
import { rm } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { PassThrough } from "node:stream";
import { KgdumpError } from "../../errors.js";
import type { SledSettings } from "../../settings/sled-settings.js";
import { exportStore, type ExportResult } from "../export.js";
import { importDump, type ImportResult } from "../import.js";
import { sameName } from "../keyspaces.js";
import { openSource, type TtlMode } from "../load-engine.js";
import type { OnProgress } from "../progress.js";
import { type OnEvent, Teller } from "./events.js";
import { type Journal, readJournal, refuseOtherOwner, writeJournal } from "./journal.js";
import { nameStamp, occupantOf } from "./places.js";
import { type MigrationPaths, type MigrationPlan, planMigration } from "./preflight.js";
import { clearAway, clearLeftovers, finishRollback, switchOf, switchOver } from "./steps.js";
import { isUntouched } from "./switch.js";

/** What `migrateStore` does. */
export interface MigrateOptions {
  /** Directory of the RocksDB store. */
  readonly source: string;
  /** Directory of the sled store; default: the source's own, where the new store takes the old one's place. */
  readonly target?: string | undefined;
  readonly settings?: SledSettings | undefined;
  /** Directory that the original is moved into; default: beside it. Only when source and target are the same. */
  readonly backupDirectory?: string | undefined;
  /** The dump's file; default: beside the target. */
  readonly dump?: string | undefined;
  /** Keep the dump when it is done; default true. */
  readonly keepDump?: boolean | undefined;
  /** No dump: entries go straight from store to store. */
  readonly stream?: boolean | undefined;
  /** What to do with the timestamps of a RocksDB TTL store. */
  readonly ttl?: TtlMode | undefined;
  /** Begin although the disk may be too small. */
  readonly force?: boolean | undefined;
  readonly onEvent?: OnEvent | undefined;
  readonly onProgress?: OnProgress | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** How a migration ended. */
export interface MigrateResult {
  /** migrated: now; already: a sled store is in place; nothing: there is no store at all. */
  readonly status: "migrated" | "already" | "nothing";
  readonly target: string;
  readonly backup: string | null;
  readonly dump: string | null;
  readonly entries: number;
  /** With which `sled::Config` the store is opened; null when nothing was imported now. */
  readonly reopen: ImportResult["reopen"] | null;
  readonly seconds: number;
  readonly warnings: readonly string[];
}

/** Where a new migration puts everything. */
export function migrationPaths(options: MigrateOptions, now: Date, id: string): MigrationPaths & { readonly building: string } {
  const source = resolve(options.source);
  const target = resolve(options.target ?? options.source);
  const stamp = nameStamp(now);
  const backupName = `${basename(source)}.rocksdb-backup-${stamp}`;
  return {
    source,
    target,
    building: `${target}.kgdump-new-${id}`,
    backup: source === target ? join(resolve(options.backupDirectory ?? dirname(source)), backupName) : null,
    dump: options.stream === true ? null : resolve(options.dump ?? `${target}.${stamp}.kgd`),
  };
}

/**
 * Says what a migration would do. Nothing is changed.
 * @throws {KgdumpError} STORE_*, NO_SPACE, PERMISSION_DENIED, …
 */
export async function previewMigration(options: MigrateOptions): Promise<MigrationPlan> {
  return planMigration(migrationPaths(options, new Date(), newId()), { ...options, force: true });
}

/**
 * Migrates a store, or finishes a migration that was interrupted. Running it again is harmless.
 * @throws {KgdumpError} STORE_IN_USE while the service runs, STORE_*, NO_SPACE, VERIFY_DIFFERENCE, MIGRATION_*, …: the old store
 * is in place then, or the new one, and a further call goes on
 * @throws the signal's reason when it aborts
 */
export async function migrateStore(options: MigrateOptions): Promise<MigrateResult> {
  const started = performance.now();
  const teller = new Teller(options.onEvent);
  const target = resolve(options.target ?? options.source);
  let journal = await readJournal(target);
  if (journal !== null) {
    await refuseOtherOwner(journal);
    await clearLeftovers(journal);
  }
  if (journal?.step === "rolling-back") journal = await finishRollback(journal, teller);
  if (journal !== null) {
    teller.id = journal.id;
    const resumed = await resume(journal, teller);
    if (resumed !== null) return finish(resumed, null, teller, started, options);
    await clearAway(journal, teller);
  }

  const source = resolve(options.source);
  const found = await occupantOf(source);
  teller.tell("detect", describeOccupant(source, found), { path: source, found });
  const nothing = { target, backup: journal?.backup ?? null, dump: journal?.dump ?? null, entries: 0, reopen: null, warnings: [] };
  if (found === "sled") return { ...nothing, status: "already", seconds: secondsSince(started) };
  if (found === "absent" || found === "empty") {
    const status = (await occupantOf(target)) === "sled" ? "already" : "nothing";
    return { ...nothing, status, seconds: secondsSince(started) };
  }
  if (found === "unknown") {
    throw new KgdumpError("STORE_NOT_RECOGNIZED", `${source} is neither a RocksDB store nor a sled store`, { path: source, hint: "name the directory that holds the store's own files" });
  }
  return migrateNow(options, teller, started);
}

async function migrateNow(options: MigrateOptions, teller: Teller, started: number): Promise<MigrateResult> {
  const id = newId();
  teller.id = id;
  const paths = migrationPaths(options, new Date(), id);
  await refuseOccupiedTarget(paths);
  const { lockRocksdb } = await import("../../engines/rocksdb-place.js");
  // From here to the end no program can open the store for writing.
  const lock = await lockRocksdb(paths.source);
  try {
    const plan = await planMigration(paths, options);
    for (const warning of plan.warnings) teller.tell("preflight", warning);
    teller.tell("preflight", "there is room, and nobody has the store open", { entries: plan.estimatedEntries, bytes: plan.estimatedBytes, free: plan.freeBytes, needed: plan.neededBytes });
    const { journal, imported } = await build(paths, id, options, teller);
    return await finish(await switchOver(journal, teller), imported, teller, started, options);
  } finally {
    lock.release();
  }
}

/** Exports and imports; the new store then waits beside the old one. */
async function build(
  paths: ReturnType<typeof migrationPaths>,
  id: string,
  options: MigrateOptions,
  teller: Teller,
): Promise<{ journal: Journal; imported: ImportResult }> {
  const now = new Date().toISOString();
  const { source, target, building, backup, dump } = paths;
  const begun: Omit<Journal, "owner"> = {
    version: 1, id, dumpId: randomUUID(), step: "exporting", startedAt: now, updatedAt: now, source, target, building, backup, dump,
    settings: options.settings ?? {}, snapshot: null, keyspaces: null, verifiedAt: null, rollback: null,
  };
  let journal = await writeJournal(begun);
  try {
    const { exported, imported } = dump === null ? await streamAcross(journal, options, teller) : await byDump(journal, dump, options, teller);
    checkEqual(exported, imported);
    const keyspaces = exported.keyspaces.map(({ name, entries, digest }) => {
      const comparator = exported.store.keyspaces.find((keyspace) => sameName(keyspace.name, name))?.comparator ?? "bytewise";
      return { name: Buffer.from(name).toString("hex"), comparator, entries, digest };
    });
    const { databaseId, sequenceNumber } = exported.store;
    journal = await writeJournal({
      ...journal, step: "imported", keyspaces, verifiedAt: new Date().toISOString(),
      snapshot: { databaseId, sequenceNumber: sequenceNumber?.toString() ?? null },
    });
    teller.tell("verify", "the new store was read back and is equal", { entries: imported.entries, keyspaces: imported.keyspaces.length });
    return { journal, imported };
  } catch (error) {
    await clearAway(journal, teller).catch(() => undefined);
    throw error;
  }
}

async function byDump(journal: Journal, dump: string, options: MigrateOptions, teller: Teller): Promise<{ exported: ExportResult; imported: ImportResult }> {
  const { onProgress, signal, ttl } = options;
  const exported = await exportStore({ store: journal.source, output: dump, dumpId: journal.dumpId, ttl, onProgress, signal });
  teller.tell("export", "the store was exported", { entries: exported.entries, bytes: exported.rawBytes, dump, dumpBytes: exported.dumpBytes, seconds: round(exported.seconds) });
  await writeJournal({ ...journal, step: "importing" });
  const imported = await importDump({ ...journal.settings, target: journal.building, input: dump, onProgress, signal });
  teller.tell("import", "the dump was imported", { entries: imported.entries, seconds: round(imported.seconds) });
  return { exported, imported };
}

async function streamAcross(journal: Journal, options: MigrateOptions, teller: Teller): Promise<{ exported: ExportResult; imported: ImportResult }> {
  const { onProgress, signal, ttl } = options;
  const pipe = new PassThrough({ highWaterMark: 4 * 1024 * 1024 });
  await writeJournal({ ...journal, step: "importing" });
  const importing = importDump({ ...journal.settings, target: journal.building, input: pipe, onProgress, signal });
  const exporting = exportStore({ store: journal.source, output: pipe, dumpId: journal.dumpId, ttl, signal });
  const [exported, imported] = await Promise.allSettled([exporting, importing]);
  if (exported.status === "rejected") throw exported.reason;
  if (imported.status === "rejected") throw imported.reason;
  teller.tell("import", "the store was exported and imported", { entries: imported.value.entries, seconds: round(imported.value.seconds) });
  return { exported: exported.value, imported: imported.value };
}

/** The last check before the switch: what was read and what was found in the new store are the same. */
function checkEqual(exported: ExportResult, imported: ImportResult): void {
  const same =
    exported.keyspaces.length === imported.keyspaces.length &&
    exported.keyspaces.every(({ name, digest, entries }) =>
      imported.keyspaces.some((found) => sameName(found.name, name) && found.digest === digest && found.entries === entries),
    );
  if (same) return;
  throw new KgdumpError("VERIFY_DIFFERENCE", "the new store does not hold what the old one does", { hint: "nothing was switched: check the disk and the memory of this machine, then migrate again" });
}

async function finish(journal: Journal, imported: ImportResult | null, teller: Teller, started: number, options: MigrateOptions): Promise<MigrateResult> {
  let { dump } = journal;
  if (dump !== null && options.keepDump === false) {
    await rm(dump, { force: true });
    dump = null;
    await writeJournal({ ...journal, dump });
  }
  const entries = (journal.keyspaces ?? []).reduce((total, keyspace) => total + keyspace.entries, 0);
  teller.tell("done", "the service can be started on sled", { entries, seconds: round(secondsSince(started)) });
  return {
    status: "migrated",
    target: journal.target,
    backup: journal.backup,
    dump,
    entries,
    reopen: imported === null ? null : { ...imported.reopen, rust: imported.reopen.rust.replaceAll(journal.building, journal.target) },
    seconds: secondsSince(started),
    warnings: imported?.warnings ?? [],
  };
}

/** Finishes a migration whose new store is complete; null when it has to begin again, as it is not, or as the old one was changed. */
async function resume(journal: Journal, teller: Teller): Promise<Journal | null> {
  if (journal.step !== "imported" && journal.step !== "switching") return null;
  const tell = (): void => {
    teller.tell("resume", `the migration that was begun at ${journal.startedAt} goes on`, { step: journal.step });
  };
  if (!(await isUntouched(switchOf(journal)))) {
    tell();
    return switchOver(journal, teller);
  }
  if ((await occupantOf(journal.building)) !== "sled" || (await occupantOf(journal.source)) !== "rocksdb") return null;
  const { lockRocksdb } = await import("../../engines/rocksdb-place.js");
  const lock = await lockRocksdb(journal.source);
  try {
    if (!(await isUnchanged(journal))) return null;
    tell();
    return await switchOver(journal, teller);
  } finally {
    lock.release();
  }
}

/** Whether the old store is as it was when it was read. */
async function isUnchanged({ source, snapshot }: Journal): Promise<boolean> {
  await using opened = await openSource(source, { ttl: "keep" });
  const { databaseId, sequenceNumber } = opened.info;
  return databaseId === snapshot?.databaseId && (sequenceNumber?.toString() ?? null) === snapshot.sequenceNumber;
}

async function refuseOccupiedTarget({ source, target }: MigrationPaths): Promise<void> {
  if (source === target) return;
  const found = await occupantOf(target);
  if (found === "absent" || found === "empty") return;
  throw new KgdumpError("TARGET_EXISTS", `${target} exists already`, { path: target, hint: "choose another path for the sled store" });
}

function describeOccupant(path: string, found: string): string {
  const texts: Readonly<Record<string, string>> = {
    rocksdb: `${path} is a RocksDB store`,
    sled: `${path} is a sled store: there is nothing to migrate`,
    empty: `${path} is empty: there is nothing to migrate`,
    absent: `there is nothing at ${path}`,
  };
  return texts[found] ?? `${path} is something else`;
}

function newId(): string {
  return randomBytes(4).toString("hex");
}

function secondsSince(started: number): number {
  return (performance.now() - started) / 1000;
}

function round(seconds: number): number {
  return Math.round(seconds * 1000) / 1000;
}
