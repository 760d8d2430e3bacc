/** Moving entries: from a store into a dump, and from a dump into a store. */
import type { KeyspaceInfo as InnerInfo, StoreInfo as InnerStore } from "../engines/store.js";
import { ENGINE_NAMES } from "../engines/registry.js";
import { CODEC_CHOICES } from "../format/codec.js";
import type { DumpInputs } from "../operations/dump/events.js";
import type { KeyspaceResult as InnerKeyspace } from "../operations/dump/results.js";
import { exportStore as run, type ExportOptions as InnerExport, type ExportResult as InnerExported } from "../operations/export/export.js";
import { planExport as plan, type ExportPlan as InnerPlan, type ExportProblem as InnerProblem, type PlannedExport as InnerPlanned, type PlanOptions as InnerPlanOptions } from "../operations/export/plan.js";
import { importDump as load, type ImportedKeyspace as InnerImported, type ImportOptions as InnerImport, type ImportResult as InnerResult } from "../operations/import/import.js";
import { restoreDump as restore, type RestoredKeyspace as InnerRestored, type RestoreOptions as InnerRestore, type RestoreResult as InnerRestoreResult } from "../operations/import/restore.js";
import { argumentsOf } from "./call.js";
import { date, flag, inputs, keyspaces, listener, map, oneOf, optional, output, path, paths, text, uuid, whole } from "./checks.js";
import { ACCESS, blockBytes, PROGRESS, RANGE, READING, SLED } from "./common.js";
import { type Options, type Public, publish } from "./public.js";

/** What is known of an open store before it is read. */
export type StoreInfo = Public<InnerStore>;
/** One keyspace of a store: a RocksDB column family or a sled tree. */
export type KeyspaceInfo = Public<InnerInfo>;
/** What `exportStore` does. */
export type ExportOptions = Options<InnerExport, "store">;
/** What was exported. */
export type ExportResult = Public<InnerExported>;
/** One keyspace as it is in a dump. */
export type KeyspaceResult = Public<InnerKeyspace>;
/** What `planExport` looks at. */
export type PlanOptions = Options<InnerPlanOptions, "store">;
/** What an export would do. */
export type ExportPlan = Public<InnerPlan>;
/** One keyspace of the store, and whether it would be exported. */
export type PlannedExport = Public<InnerPlanned>;
/** Why an export would fail. */
export type ExportProblem = Public<InnerProblem>;
/** What `importDump` does. An existing store must have been made with the compression and segment size that are given. */
export type ImportOptions = Options<InnerImport, "input">;
/** What was imported. */
export type ImportResult = Public<InnerResult>;
/** What became of one keyspace of an import. */
export type ImportedKeyspace = Public<InnerImported>;
/** What `restoreDump` does. */
export type RestoreOptions = Options<InnerRestore, "input">;
/** What was restored. */
export type RestoreResult = Public<InnerRestoreResult>;
/** What became of one keyspace of a restore. */
export type RestoredKeyspace = Public<InnerRestored>;

const SELECTED = { store: path, keyspaces: optional(keyspaces), excludeKeyspaces: optional(keyspaces), ...RANGE, ...READING, base: optional(paths), force: optional(flag), maxBlockSize: blockBytes };

const exportArguments = argumentsOf<InnerExport>("exportStore", "store", {
  ...SELECTED,
  ...PROGRESS,
  onWarning: optional(listener),
  output,
  codec: optional(oneOf(...CODEC_CHOICES)),
  level: optional(whole(1, 22)),
  blockSize: optional(whole(1)),
  target: optional(oneOf(...ENGINE_NAMES)),
  createdAt: optional(date),
  dumpId: optional(uuid),
});

const planArguments = argumentsOf<InnerPlanOptions>("planExport", "store", { ...SELECTED, signal: PROGRESS.signal, output: optional(path) });

const LOADED = { input: inputs, target: path, map: optional(map), keyspaces: optional(keyspaces), excludeKeyspaces: optional(keyspaces), verify: optional(flag), maxBlockSize: blockBytes, onWarning: optional(listener), ...ACCESS, ...PROGRESS };

const importArguments = argumentsOf<InnerImport>("importDump", "input", {
  ...LOADED,
  ...SLED,
  merge: optional(flag),
  ifExists: optional(oneOf("overwrite", "keep", "fail")),
  prefix: RANGE.prefix,
  jobs: optional(whole(1)),
  nextId: optional(text),
});

const restoreArguments = argumentsOf<InnerRestore>("restoreDump", "input", {
  ...LOADED,
  optionsFrom: optional(path),
  compression: optional(oneOf("none", "lz4", "zstd", "snappy", "zlib", "bzip2")),
  tableBlockSize: optional(whole(1)),
  ttl: READING.ttl,
  ttlTime: optional(whole(0)),
});

/**
 * Exports a store into a dump.
 * @param store directory of the store
 * @throws {KgdumpError} STORE_* when the store can't be read whole, KEYSPACE_UNKNOWN, USAGE, OUTPUT_EXISTS, NO_SPACE,
 * BROKEN_PIPE, …; DELTA_BASE_DIFFERENT and DUMP_* when the dumps of `base` can't be built on; nothing is left at the output then
 * @throws the signal's reason when it aborts
 */
export async function exportStore(store: string, options: ExportOptions): Promise<ExportResult> {
  return publish(await run(exportArguments(store, options)));
}

/**
 * Plans an export: opens the store and reads the first entry of each selected keyspace, so that a store that can't be read is
 * refused just as the export would, and looks at the output and the base. Damage further on is met by the export only.
 * @param store directory of the store
 * @throws {KgdumpError} STORE_*, DUMP_*, KEYSPACE_UNKNOWN, USAGE, PERMISSION_DENIED, IO_FAILED
 */
export async function planExport(store: string, options?: PlanOptions): Promise<ExportPlan> {
  return publish(await plan(planArguments(store, options)));
}

/**
 * Imports a dump into a sled store.
 * @param input path of a dump, or a stream of its bytes; or the paths of a full dump and of the deltas that follow it, whose last state is imported
 * @throws {KgdumpError} USAGE, TARGET_EXISTS, DUMP_*, KEY_EXISTS, STORE_*, VERIFY_DIFFERENCE, NO_SPACE, …; a new target is
 * not there then, unless all but making its name durable was done; an existing one holds what was merged before
 * @throws the signal's reason when it aborts
 */
export async function importDump(input: DumpInputs, options: ImportOptions): Promise<ImportResult> {
  return publish(await load(importArguments(input, options)));
}

/**
 * Restores a dump into a new RocksDB store.
 * @param input path of a dump, or a stream of its bytes; or the paths of a full dump and of the deltas that follow it, whose last state is restored
 * @throws {KgdumpError} USAGE, TARGET_EXISTS, DUMP_*, STORE_*, VERIFY_DIFFERENCE, NO_SPACE, …; the target is not there then, unless all but making its
 * name durable was done
 * @throws the signal's reason when it aborts
 */
export async function restoreDump(input: DumpInputs, options: RestoreOptions): Promise<RestoreResult> {
  return publish(await restore(restoreArguments(input, options)));
}
