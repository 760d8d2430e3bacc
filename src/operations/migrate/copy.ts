/** The full copy of a migration: the RocksDB store becomes a dump, or a stream, and that a sled store beside it. */
import { randomUUID } from "node:crypto";
import { PassThrough } from "node:stream";
import type { StoreMark } from "../../engines/engine.js";
import { KgdumpError } from "../../errors.js";
import { exportStore, type ExportResult } from "../export.js";
import { importDump, type ImportResult } from "../import.js";
import { byName } from "../keyspaces.js";
import type { Teller } from "./events.js";
import { type Journal, type JournalKeyspace, type MigrationStep, writeJournal } from "./journal.js";
import { deltaPath, type migrationPaths, type MigrateOptions, round } from "./options.js";
import { refusePrepared } from "./prepared.js";
import { askedNames, journalNames } from "./trees.js";

/** A full copy that was read back and found equal. */
export interface Copy {
  readonly imported: ImportResult;
  readonly keyspaces: readonly JournalKeyspace[];
  /** What the store was when it was read. */
  readonly snapshot: NonNullable<Journal["snapshot"]>;
  /** The point at which it was read. */
  readonly mark: StoreMark | undefined;
}

/** Begins a migration's journal. @throws {KgdumpError} as writeJournal */
export function beginJournal(paths: Awaited<ReturnType<typeof migrationPaths>>, id: string, step: MigrationStep, options: MigrateOptions): Promise<Journal> {
  const now = new Date().toISOString();
  const { dump } = paths;
  const delta = options.live === true && dump !== null ? deltaPath(dump) : null;
  return writeJournal({
    ...paths, version: 1, id, dumpId: randomUUID(), step, startedAt: now, updatedAt: now, delta, deltaId: options.live === true ? randomUUID() : null,
    settings: options.settings ?? {}, ...journalNames(options.map, options.excludeKeyspaces), ...(options.ttl === undefined ? {} : { ttl: options.ttl }), snapshot: null, keyspaces: null, verifiedAt: null, rollback: null,
  });
}

/**
 * Copies the store, and reads the copy back.
 * @param importing the journal's step while the copy is written
 * @throws {KgdumpError} what export and import throw; VERIFY_DIFFERENCE
 * @throws the signal's reason when it aborts
 */
export async function copyStore(journal: Journal, importing: MigrationStep, options: MigrateOptions, teller: Teller): Promise<Copy> {
  const { dump } = journal;
  const { exported, imported } = dump === null ? await streamAcross(journal, importing, options, teller) : await byDump(journal, dump, importing, options, teller);
  // Some may have come since the plan; with `live` they are looked for when the service has stopped.
  if (options.live !== true) refusePrepared(exported.store, options);
  checkEqual(exported, imported);
  const described = byName(exported.store.keyspaces);
  const keyspaces = exported.keyspaces.map(({ name, entries, digest }) => {
    const comparator = described.get(name)?.comparator ?? "bytewise";
    return { name: Buffer.from(name).toString("hex"), comparator, entries, digest };
  });
  const { databaseId, sequenceNumber, mark } = exported.store;
  teller.tell("verify", "the new store was read back and is equal", { entries: imported.entries, keyspaces: imported.keyspaces.length });
  return { imported, keyspaces, snapshot: { databaseId, sequenceNumber: sequenceNumber?.toString() ?? null }, mark };
}

interface Both {
  readonly exported: ExportResult;
  readonly imported: ImportResult;
}

async function byDump(journal: Journal, dump: string, importing: MigrationStep, options: MigrateOptions, teller: Teller): Promise<Both> {
  const { onProgress, signal, ttl, paranoid } = options;
  const { map, excludeKeyspaces } = askedNames(journal);
  const exported = await exportStore({ store: journal.source, output: dump, dumpId: journal.dumpId, target: "sled", excludeKeyspaces, ttl, paranoid, onProgress, signal });
  teller.tell("export", "the store was exported", { entries: exported.entries, bytes: exported.rawBytes, dump, dumpBytes: exported.dumpBytes, seconds: round(exported.seconds) });
  await writeJournal({ ...journal, step: importing });
  const imported = await importDump({ ...journal.settings, target: journal.building, input: dump, map, onProgress, signal, seams: options.seams });
  teller.tell("import", "the dump was imported", { entries: imported.entries, seconds: round(imported.seconds) });
  return { exported, imported };
}

async function streamAcross(journal: Journal, importing: MigrationStep, options: MigrateOptions, teller: Teller): Promise<Both> {
  const { onProgress, signal, ttl, paranoid } = options;
  const pipe = new PassThrough({ highWaterMark: 4 * 1024 * 1024 });
  await writeJournal({ ...journal, step: importing });
  const { map, excludeKeyspaces } = askedNames(journal);
  const importingNow = importDump({ ...journal.settings, target: journal.building, input: pipe, map, onProgress, signal, seams: options.seams });
  const exporting = exportStore({ store: journal.source, output: pipe, dumpId: journal.dumpId, target: "sled", excludeKeyspaces, ttl, paranoid, signal });
  const [exported, imported] = await Promise.allSettled([exporting, importingNow]);
  if (exported.status === "rejected") throw exported.reason;
  if (imported.status === "rejected") throw imported.reason;
  teller.tell("import", "the store was exported and imported", { entries: imported.value.entries, seconds: round(imported.value.seconds) });
  return { exported: exported.value, imported: imported.value };
}

/** Whether what was read and what was found in the new store are the same. */
export function holdsTheSame(exported: ExportResult, imported: ImportResult): boolean {
  const known = byName(imported.keyspaces);
  return (
    exported.keyspaces.length === imported.keyspaces.length &&
    exported.keyspaces.every(({ name, digest, entries }) => {
      const found = known.get(name);
      return found?.digest === digest && found.entries === entries;
    })
  );
}

function checkEqual(exported: ExportResult, imported: ImportResult): void {
  if (holdsTheSame(exported, imported)) return;
  throw new KgdumpError("VERIFY_DIFFERENCE", "the new store does not hold what the old one does", { hint: "nothing was switched: check the disk and the memory of this machine, then migrate again" });
}
