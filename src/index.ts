/** kgdump as a library: the same operations as the commands. */
export { KgdumpError, EXIT_CODE_OF, ExitCode, type ConfigProblem, type ErrorCode } from "./errors.js";
export type { EngineName, IfExists, KeyOrder, KeyspaceInfo, StoreInfo } from "./engines/store.js";
export { exportStore, type ExportOptions, type ExportResult } from "./operations/export/export.js";
export { planExport, type ExportPlan, type ExportProblem, type PlannedExport } from "./operations/export/plan.js";
export type { Ownership, WithAccess } from "./operations/disk/access.js";
export { importDump, type ImportedKeyspace, type ImportOptions, type ImportResult } from "./operations/import/import.js";
export { inspectDump, type InspectOptions } from "./operations/inspect/inspect.js";
export { type DumpProblem, type DumpSummary, type KeyspaceSummary } from "./operations/dump/summary.js";
export { type Missing } from "./operations/dump/salvaged.js";
export { type ReadOptions } from "./operations/dump/read.js";
export { getEntry, listBlocks, listEntries, type DumpBlock, type GetOptions, type ListOptions } from "./operations/inspect/entries.js";
export { type DumpEntry } from "./operations/dump/open-dump.js";
export { openDump, type Dump } from "./operations/dump/open-dump.js";
export { migrateStore, type MigrateOptions, type MigrateResult } from "./operations/migrate/migrate.js";
export type { EventKind, MigrationEvent, MigrationPhase, OnEvent } from "./operations/migrate/events.js";
export type { HeldEntries, MigratedKeyspace } from "./operations/migrate/migrated.js";
export type { MigrationPlan } from "./operations/migrate/plan/preflight.js";
export { previewMigration, type MigrationPreview } from "./operations/migrate/plan/preview.js";
export type { MigrationSpace } from "./operations/migrate/plan/space.js";
export type { PlannedStep } from "./operations/migrate/plan/planned-steps.js";
export { rollbackStore } from "./operations/migrate/back/rollback.js";
export type { RollbackOptions, RollbackResult } from "./operations/migrate/back/rollback-options.js";
export { cleanUp, type CleanedRemain, type CleanupOptions, type CleanupResult, type RemainState } from "./operations/migrate/cleanup/cleanup.js";
export type { Remain, RemainKind } from "./operations/migrate/cleanup/remains.js";
export { migrationStatus, type MigrationState, type MigrationStatus, type PlaceState, type StatusPlace } from "./operations/migrate/status.js";
export { compactStore, planCompact, type CompactOptions, type CompactPlan, type CompactResult } from "./operations/migrate/compact/compact.js";
export { undoCompact, type UndoCompactOptions, type UndoCompactResult } from "./operations/migrate/compact/undo.js";
export { restoreDump, type RestoredKeyspace, type RestoreOptions, type RestoreResult } from "./operations/import/restore.js";
export {
  recoverDump,
  type RecoveredGap,
  type RecoveredKeyspace,
  type RecoverOptions,
  type RecoverReport,
  type RecoverResult,
} from "./operations/recover/recover.js";
export { recoverInto, recoverStore, type RecoverIntoOptions, type RecoverStoreOptions, type RecoverStoreResult, type SalvagedKeyspace, type StoreLoss } from "./operations/recover/index.js";
export { findVersions, type FoundKey, type KeyVersion } from "./operations/inspect/find.js";
export { verifyDump, verifyStore, type CompareOptions, type VerifyDumpOptions, type VerifyStoreOptions } from "./operations/verify/verify.js";
export type { KeyDifference, KeyspaceComparison, StoreComparison, Verification, VerifyResult } from "./operations/verify/results.js";
export type { KeyspaceDigest } from "./operations/entries/store-scan.js";
export type { Sample, SampledValue } from "./operations/entries/samples.js";
export type { GraphProblem, GraphProblemKind, GraphProblemTally, GraphReport } from "./operations/graph/index.js";
export type { OnProgress, Phase, Progress } from "./operations/run/progress.js";
export type { KeyspaceResult } from "./operations/dump/results.js";
export type { KeyspaceMap, NamePattern } from "./operations/entries/naming.js";
export type { KeyspaceName } from "./operations/entries/keyspaces.js";
export type { BlockInfo, CodecName, DumpFooter, DumpHeader, Gap, HeaderKeyspace } from "./format/index.js";
export { readStorageFile, type ReopenSettings, type SledSettings, type StorageFile, type StorageNote } from "./settings/index.js";
export { VERSION } from "./version.js";
