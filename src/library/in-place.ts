/** Changing a store in its place, and back. */
import { cleanUp as clean, type CleanedRemain as InnerCleaned, type CleanupOptions as InnerCleanup, type CleanupResult as InnerCleanedAll } from "../operations/migrate/cleanup/cleanup.js";
import type { Remain as InnerRemain } from "../operations/migrate/cleanup/remains.js";
import type { MigrationEvent as InnerEvent } from "../operations/migrate/events.js";
import type { HeldEntries as InnerHeld, MigratedKeyspace as InnerMigrated } from "../operations/migrate/migrated.js";
import { type ChangeCounts as InnerChanges, migrateStore as migrate, type MigrateOptions as InnerMigrate, type MigrateResult as InnerMigrateResult } from "../operations/migrate/migrate.js";
import type { PlannedStep as InnerStep } from "../operations/migrate/plan/planned-steps.js";
import type { MigrationPlan as InnerPlan } from "../operations/migrate/plan/preflight.js";
import { previewMigration as preview, type MigrationPreview as InnerPreview } from "../operations/migrate/plan/preview.js";
import type { Space as InnerSpace } from "../operations/disk/space.js";
import { previewRollback as previewBack } from "../operations/migrate/back/preview.js";
import type { RollbackOptions as InnerRollback, RollbackPreview as InnerBackPreview, RollbackResult as InnerRolledBack } from "../operations/migrate/back/rollback-options.js";
import { rollbackStore as rollBack } from "../operations/migrate/back/rollback.js";
import { migrationStatus as status, type MigrationStatus as InnerStatus, type StatusPlace as InnerPlace, type StatusTrouble as InnerTrouble } from "../operations/migrate/status.js";
import type { SledSettings } from "../settings/index.js";
import { argumentsOf, group } from "./call.js";
import { flag, keyspaces, listener, map, oneOf, optional, path, seconds, tellTwo } from "./checks.js";
import { PROGRESS, READING, SLED } from "./common.js";
import { type Options, type Public, publish } from "./public.js";

/** What `migrateStore` does. */
export type MigrateOptions = Options<InnerMigrate, "source">;
/** How a migration ended. */
export type MigrateResult = Public<InnerMigrateResult>;
/** How many keys of the store are new, have another value, and are gone. */
export type ChangeCounts = Public<InnerChanges>;
/** One thing that happened in a migration or a rollback. */
export type MigrationEvent = Public<InnerEvent>;
/** What one side of a migration holds of a keyspace. */
export type HeldEntries = Public<InnerHeld>;
/** One keyspace from all sides of a migration. */
export type MigratedKeyspace = Public<InnerMigrated>;
/** What a call of `migrateStore` would do. */
export type MigrationPreview = Public<InnerPreview>;
/** How a migration would be done. */
export type MigrationPlan = Public<InnerPlan>;
/** Room that a migration takes on a file system. */
export type MigrationSpace = Public<InnerSpace>;
/** A step of a migration. */
export type PlannedStep = Public<InnerStep>;
/** What `rollbackStore` does. */
export type RollbackOptions = Options<InnerRollback, "target">;
/** How a rollback ended. */
export type RollbackResult = Public<InnerRolledBack>;
/** What a call of `rollbackStore` would do. */
export type RollbackPreview = Public<InnerBackPreview>;
/** What is known about a path. */
export type MigrationStatus = Public<InnerStatus>;
/** A file or directory that a migration made or moved. */
export type StatusPlace = Public<InnerPlace>;
/** Why a store can't be opened, or what is there instead of one. */
export type StatusTrouble = Public<InnerTrouble>;
/** What `cleanUp` does. */
export type CleanupOptions = Options<InnerCleanup, "target">;
/** What `cleanUp` did. */
export type CleanupResult = Public<InnerCleanedAll>;
/** Something that was left. */
export type Remain = Public<InnerRemain>;
/** What became of something that was left. */
export type CleanedRemain = Public<InnerCleaned>;

const MIGRATE = {
  ...READING,
  ...PROGRESS,
  source: path,
  target: optional(path),
  engine: optional(oneOf("rocksdb", "sled")),
  settings: optional(group<SledSettings>(SLED)),
  optionsFrom: optional(path),
  backupDirectory: optional(path),
  dump: optional(path),
  keepDump: optional(flag),
  stream: optional(flag),
  live: optional(flag),
  waitSeconds: optional(seconds),
  checkGraph: optional(flag),
  mustExist: optional(flag),
  map: optional(map),
  excludeKeyspaces: optional(keyspaces),
  discardPrepared: optional(flag),
  force: optional(flag),
  onEvent: optional(listener),
  onInPlace: optional(tellTwo),
};
const migrateArguments = argumentsOf<InnerMigrate>("migrateStore", "source", MIGRATE);
const previewArguments = argumentsOf<InnerMigrate>("previewMigration", "source", MIGRATE);
const ROLLBACK = { ...PROGRESS, target: path, discardNew: optional(flag), carryBack: optional(flag), map: optional(map), onEvent: optional(listener) };
const rollbackArguments = argumentsOf<InnerRollback>("rollbackStore", "target", ROLLBACK);
const previewBackArguments = argumentsOf<InnerRollback>("previewRollback", "target", ROLLBACK);
const cleanupArguments = argumentsOf<InnerCleanup>("cleanUp", "target", { ...PROGRESS, target: path, force: optional(flag), dryRun: optional(flag) });

/**
 * Migrates a store to the other engine, or finishes a migration that was interrupted. Running it again is harmless.
 * @param source directory of the old store
 * @throws {KgdumpError} USAGE, STORE_IN_USE while the service runs, STORE_*, NO_SPACE, VERIFY_DIFFERENCE, MIGRATION_*, …: the old store
 * is in place then, or the new one, and a further call goes on
 * @throws the signal's reason when it aborts
 */
export async function migrateStore(source: string, options?: MigrateOptions): Promise<MigrateResult> {
  return publish(await migrate(migrateArguments(source, options)));
}

/**
 * Says what a migration would do. Nothing is changed. That the disk is too small is no error here: the plan says it.
 * @param source directory of the old store
 * @throws {KgdumpError} what would keep `migrateStore` from beginning: USAGE, STORE_*, TARGET_EXISTS, OUTPUT_EXISTS, PERMISSION_DENIED, …
 */
export async function previewMigration(source: string, options?: MigrateOptions): Promise<MigrationPreview> {
  return publish(await preview(previewArguments(source, options)));
}

/**
 * Puts the old store back in its place, or the original of a compaction.
 * @param target directory of the new store
 * @throws {KgdumpError} USAGE, ROLLBACK_LOSES_DATA when the new store holds what the old one does not, STORE_*, MIGRATION_*, PERMISSION_DENIED, IO_FAILED
 * @throws the signal's reason when it aborts
 */
export async function rollbackStore(target: string, options?: RollbackOptions): Promise<RollbackResult> {
  return publish(await rollBack(rollbackArguments(target, options)));
}

/**
 * Says what a rollback would do, and reads the new store to know whether it was written to. Nothing is changed. That the disk is too small is no error here: the preview says it.
 * @param target directory of the new store
 * @throws {KgdumpError} what would keep `rollbackStore` from it: USAGE, ROLLBACK_LOSES_DATA, STORE_*, MIGRATION_*, PERMISSION_DENIED, IO_FAILED
 * @throws the signal's reason when it aborts
 */
export async function previewRollback(target: string, options?: RollbackOptions): Promise<RollbackPreview> {
  return publish(await previewBack(previewBackArguments(target, options)));
}

/**
 * Looks at the path of a service's store. Files alone are looked at: no store is opened, and no lock is taken.
 * @param target directory of the store
 * @throws {KgdumpError} USAGE, MIGRATION_JOURNAL_DAMAGED, PERMISSION_DENIED, IO_FAILED
 */
export async function migrationStatus(target: string): Promise<MigrationStatus> {
  return publish(await status(path(target, "migrationStatus: target")));
}

/**
 * Removes what migrations, rollbacks and compactions have left of a store, or only tells it.
 * @param target directory of the service's store
 * @throws {KgdumpError} USAGE, MIGRATION_UNCLEAR while a migration is not finished, STORE_NOT_FOUND and others when no sound store is in place, STORE_IN_USE
 * when it has to be read and its service runs, PERMISSION_DENIED, IO_FAILED
 * @throws the signal's reason when it aborts
 */
export async function cleanUp(target: string, options?: CleanupOptions): Promise<CleanupResult> {
  return publish(await clean(cleanupArguments(target, options)));
}
