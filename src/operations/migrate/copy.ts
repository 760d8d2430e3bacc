/** The full copy of a migration: the old store becomes a dump, or a stream, and that the new store beside it. */
import { randomUUID } from "node:crypto";
import type { StoreMark } from "../../engines/store.js";
import { KgdumpError } from "../../errors.js";
import type { Held } from "../disk/hold.js";
import { openSource } from "../disk/stores.js";
import type { DumpInputs } from "../dump/events.js";
import { byName } from "../entries/keyspaces.js";
import { holdSame } from "../entries/store-scan.js";
import { exportSource, type ExportOptions, type ExportResult } from "../export/export.js";
import { selectionOf } from "../export/selection.js";
import { type Loaded, makeStore } from "../import/make.js";
import { closing } from "../run/closing.js";
import { throughPipe } from "../run/pipe.js";
import { through } from "../run/seams.js";
import { directionOf, isUsual } from "./direction.js";
import type { Teller } from "./events.js";
import { type Journal, type JournalKeyspace, type MigrationStep, writeJournal } from "./journal.js";
import { deltaPath, type migrationPaths, type MigrateOptions, round } from "./options.js";
import { refusePrepared } from "./plan/prepared.js";
import { askedNames, journalNames } from "./trees.js";

/** A full copy that was read back and found equal. */
export interface Copy {
  readonly imported: Loaded;
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
  const direction = directionOf(options);
  const delta = options.live === true && dump !== null ? deltaPath(dump) : null;
  return writeJournal({
    ...paths, ...(isUsual(direction) ? { version: 1 } : { version: 2, engine: direction.to }), id, dumpId: randomUUID(), step, startedAt: now, updatedAt: now, delta, deltaId: options.live === true ? randomUUID() : null,
    settings: options.settings ?? {}, ...journalNames(options.map, options.excludeKeyspaces), ...(options.ttl === undefined ? {} : { ttl: options.ttl }), snapshot: null, keyspaces: null, verifiedAt: null, rollback: null,
  });
}

/**
 * Copies the store, and reads the copy back.
 * @param held what holds the old store; null while its service may run
 * @param importing the journal's step while the copy is written
 * @throws {KgdumpError} what export and import throw; VERIFY_DIFFERENCE
 * @throws the signal's reason when it aborts
 */
export async function copyStore(journal: Journal, held: Held | null, importing: MigrationStep, options: MigrateOptions, teller: Teller): Promise<Copy> {
  const { dump } = journal;
  const { exported, imported, mark } = dump === null ? await streamAcross(journal, held, importing, options, teller) : await byDump(journal, held, dump, importing, options, teller);
  // Some may have come since the plan; with `live` they are looked for when the service has stopped.
  if (options.live !== true) refusePrepared(exported.store, options);
  checkEqual(exported, imported);
  const described = byName(exported.store.keyspaces);
  const keyspaces = exported.keyspaces.map(({ name, entries, digest }) => {
    const comparator = described.get(name)?.comparator ?? "bytewise";
    return { name: Buffer.from(name).toString("hex"), comparator, entries, digest };
  });
  const { databaseId, sequenceNumber } = exported.store;
  teller.tell("verify", "the new store was read back and is equal", { entries: imported.entries, keyspaces: imported.keyspaces.length });
  return { imported, keyspaces, snapshot: { databaseId, sequenceNumber: sequenceNumber?.toString() ?? null }, mark };
}

interface Exported {
  readonly exported: ExportResult;
  /** The point at which it was read, of one that may change. */
  readonly mark: StoreMark | undefined;
}

interface Both extends Exported {
  readonly imported: Loaded;
}

/** Exports the old store, as it is held. */
async function exportHeld(journal: Journal, held: Held | null, output: ExportOptions["output"], { ttl, paranoid, onProgress, signal, seams }: MigrateOptions): Promise<Exported> {
  const { excludeKeyspaces } = askedNames(journal);
  const asked = { store: journal.source, output, dumpId: journal.dumpId, target: directionOf(journal).to, excludeKeyspaces, ttl, onProgress, signal };
  const source = held?.source ?? null;
  if (source !== null) return { exported: await exportSource(through(seams?.exporting, source), asked), mark: undefined };
  return closing(await openSource(journal.source, { ttl, paranoid, ...selectionOf(asked) }), async (opened) => ({ exported: await exportSource(opened, asked), mark: opened.mark?.() }));
}

/** Makes the new store. */
function load(journal: Journal, input: DumpInputs, { optionsFrom, ttl, onProgress, signal, seams }: MigrateOptions): Promise<Loaded> {
  return makeStore(directionOf(journal).to, { target: journal.building, input, map: askedNames(journal).map, settings: journal.settings, optionsFrom, ttl, onProgress, signal, seams });
}

async function byDump(journal: Journal, held: Held | null, dump: string, importing: MigrationStep, options: MigrateOptions, teller: Teller): Promise<Both> {
  teller.begin("export", "the store is being exported", { dump });
  const { exported, mark } = await exportHeld(journal, held, dump, options);
  teller.tell("export", "the store was exported", { entries: exported.entries, bytes: exported.rawBytes, dump, dumpBytes: exported.dumpBytes, seconds: round(exported.seconds) });
  await writeJournal({ ...journal, step: importing });
  teller.begin("import", "the dump is being imported and read back");
  const imported = await load(journal, dump, options);
  teller.tell("import", "the dump was imported", { entries: imported.entries, seconds: round(imported.seconds) });
  return { exported, imported, mark };
}

async function streamAcross(journal: Journal, held: Held | null, importing: MigrationStep, options: MigrateOptions, teller: Teller): Promise<Both> {
  await writeJournal({ ...journal, step: importing });
  teller.begin("import", "the store is being exported, imported and read back");
  const { written: { exported, mark }, read: imported } = await throughPipe(
    (pipe) => exportHeld(journal, held, pipe, { ...options, onProgress: undefined }),
    (pipe) => load(journal, pipe, options),
  );
  teller.tell("import", "the store was exported and imported", { entries: imported.entries, seconds: round(imported.seconds) });
  return { exported, imported, mark };
}

/** Whether what was read and what was found in the new store are the same. */
export function holdsTheSame(exported: ExportResult, imported: Pick<Loaded, "keyspaces">): boolean {
  const known = byName(imported.keyspaces);
  return (
    exported.keyspaces.length === imported.keyspaces.length &&
    exported.keyspaces.every((keyspace) => holdSame(known.get(keyspace.name), keyspace))
  );
}

function checkEqual(exported: ExportResult, imported: Loaded): void {
  if (holdsTheSame(exported, imported)) return;
  throw new KgdumpError("VERIFY_DIFFERENCE", "the new store differs from the old one", { hint: "nothing was switched: check the disk and the memory of this machine, then migrate again" });
}
