/** kgdump as a library: the same operations as the commands. docs/library.md is made of this. */

// Dumps: looking into them
export { type BlockInfo, type DeltaDump, type Dump, type DumpEntry, type DumpFooter, type EntryRange, type FullDump, openDump, type OpenDump, type OpenOptions } from "./library/dumps.js";
export {
  type DumpBlock, type DumpProblem, type DumpSummary, getEntry, type GetOptions, getStoreEntry, type GetStoreOptions, inspectDump, type InspectOptions, inspectStore, type InspectStoreOptions,
  type KeyspaceSummary, listBlocks, listEntries, type ListOptions, listStoreEntries, type ListStoreOptions, type Missing, type PrefixSample, type PrefixShare, type StoreKeyspace, type StoreSummary,
} from "./library/look.js";
export { type GraphGrowth, type GraphHub, graphOf, type GraphOptions, type GraphResult, type Neighbourhood, neighboursOf, type NeighboursOptions } from "./library/graph.js";
export { type ChosenEntry, type JsonPlace, type JsonShape, type KeyPart, type KeyspaceStats, type NamedEntry, type PrefixStats, type SizeStats, statsOf, type StatsOptions, type StatsResult } from "./library/stats.js";
export { type Report, reportOf, type ReportOptions } from "./library/report.js";
export type { JsonType, ValueKind } from "./operations/stats/results.js";
export type { CodecName, KeyOrder } from "./format/index.js";
export type { Bytes, DeltaHeader, DumpBase, DumpHeader, DumpSource, FullHeader, HeaderKeyspace, NameMap, NamePattern } from "./library/public.js";
export type { DumpInput } from "./operations/dump/input.js";
export { uuidKey } from "./library/small.js";

// Moving: from a store into a dump, and from a dump into a store
export {
  type ExportOptions, type ExportPlan, type ExportProblem, type ExportResult, exportStore, importDump, type ImportedKeyspace, type ImportOptions, type ImportResult,
  type KeyspaceInfo, type KeyspaceResult, planExport, type PlannedExport, type PlanOptions, type RestoredKeyspace, restoreDump, type RestoreOptions, type RestoreResult, type StoreInfo,
} from "./library/move.js";
export type { DumpInputs } from "./operations/dump/events.js";
export type { EngineName, IfExists } from "./engines/store.js";
export type { Ownership } from "./operations/disk/access.js";
export type { ReopenSettings, SledSettings } from "./settings/index.js";

// Comparing: a dump with itself and with stores, and stores with one another
export {
  type GraphProblem, type GraphProblemTally, type GraphReport, type KeyDifference, type KeyspaceComparison, type KeyspaceDigest, type OptionComparison, type OptionDifference,
  type Sample, type SampledValue, type StoreComparison, type Verification, verifyDump, type VerifyDumpOptions, type VerifyResult, verifyStore, type VerifyStoreOptions,
} from "./library/compare.js";
export type { NeighbourEdge, NeighbourNode } from "./operations/relations/neighbours.js";
export type { GraphPeriod, GraphProblemKind, LabelCount, LabelCounts } from "./operations/graph/index.js";

// Repairing: what is damaged
export {
  type FindOptions, findVersions, type FoundKey, type KeyVersion, recoverDump, type RecoveredGap, type RecoveredKeyspace, recoverInto, type RecoverIntoOptions, type RecoverOptions,
  type RecoverResult, recoverStore, type RecoverStoreOptions, type RecoverStoreResult, type SalvagedKeyspace, type StoreLoss,
} from "./library/repair.js";

// In place: another engine, or a smaller store, where the service looks for it
export {
  type ChangeCounts, type CleanedRemain, cleanUp, type CleanupOptions, type CleanupResult, type HeldEntries, type MigratedKeyspace, type MigrateOptions, type MigrateResult, migrateStore,
  type MigrationEvent, type MigrationPlan, type MigrationPreview, type MigrationSpace, type MigrationStatus, migrationStatus, type PlannedStep, previewMigration, previewRollback, type Remain,
  type RollbackOptions, type RollbackPreview, type RollbackResult, rollbackStore, type StatusPlace, type StatusTrouble,
} from "./library/in-place.js";
export { type CompactOptions, type CompactPlan, type CompactPlanOptions, type CompactResult, compactStore, planCompact, undoCompact, type UndoCompactOptions, type UndoCompactResult } from "./library/compact.js";
export type { EventKind, MigrationPhase } from "./operations/migrate/events.js";
export type { RemainState } from "./operations/migrate/cleanup/cleanup.js";
export type { RemainKind } from "./operations/migrate/cleanup/remains.js";
export type { MigrationState, PlaceState } from "./operations/migrate/status.js";
export type { StorageFile, StorageNote } from "./settings/index.js";
export { readStorageFile } from "./library/small.js";

// Errors, progress and the rest
export { type ConfigProblem, type DiscardLoss, type ErrorCode, EXIT_CODE_OF, ExitCode, KgdumpError } from "./errors.js";
export type { OnProgress, Progress } from "./library/common.js";
export type { Phase } from "./operations/run/progress.js";
export { VERSION } from "./version.js";
