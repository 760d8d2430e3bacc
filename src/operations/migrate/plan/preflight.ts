/** What is looked at before a migration begins: nothing of it changes anything. */
import { stat } from "node:fs/promises";
import { dirname } from "node:path";
import type { StoreInfo } from "../../../engines/store.js";
import { engineNamed } from "../../../engines/registry.js";
import { KgdumpError, systemError } from "../../../errors.js";
import { logsElsewhere } from "../../disk/logs-elsewhere.js";
import { checkNames } from "../../disk/name-changes.js";
import { nameIsTaken } from "../../disk/names.js";
import { diskUseOf, occupantOf } from "../../disk/places.js";
import { noRoom, type Space } from "../../disk/space.js";
import { Naming } from "../../entries/naming.js";
import { planExport } from "../../export/plan.js";
import { checkOptionsFrom, refuseFamilyNames } from "../../import/families.js";
import { directionOf } from "../direction.js";
import { deltaPath, type MigrateOptions, type MigrationPaths } from "../options.js";
import { attributeWarnings } from "./lost-attributes.js";
import { refuseUnmovable } from "./movable.js";
import { type PlannedStep, plannedSteps } from "./planned-steps.js";
import { refusePrepared } from "./prepared.js";
import { spacesOf } from "./space.js";

/** What a migration is going to need and do. */
export interface MigrationPlan extends MigrationPaths {
  readonly store: StoreInfo;
  /** Null for a sled store, which does not count. */
  readonly estimatedEntries: number | null;
  readonly estimatedBytes: number | null;
  /** Where what changes meanwhile is kept, as large as that is; null without `live` or without a dump. */
  readonly delta: string | null;
  /** Bytes that may be taken, at most, on the file system of the new store by all that is put there, and what that has left. */
  readonly neededBytes: number;
  readonly freeBytes: number;
  /** The same of each file system, that one first. With `live` there is room for some changes in it (`CHANGED_SHARE`). */
  readonly spaces: readonly Space[];
  /** Roughly how long it takes, in seconds. */
  readonly estimatedSeconds: number;
  /** Whether the store is copied while its service runs. */
  readonly live: boolean;
  /** For how much of that the service must be stopped, when little changes while the store is copied. */
  readonly estimatedDowntimeSeconds: number;
  /** What is done, in its order. */
  readonly steps: readonly PlannedStep[];
  readonly warnings: readonly string[];
}

/** What is asked for that a plan depends on. */
export interface PlanOptions extends Pick<MigrateOptions, "engine" | "ttl" | "force" | "live" | "settings" | "waitSeconds" | "checkGraph" | "keepDump" | "map" | "excludeKeyspaces" | "discardPrepared" | "optionsFrom"> {
  /** Files of an interrupted migration, which are removed first: they are not in the way. */
  readonly cleared?: readonly (string | null)[];
}

/** Entries' bytes a second that export, load and reading back manage together on a slow machine. */
const BYTES_A_SECOND = 40e6;
/** The share of a migration that is left when the service has stopped. */
const LIVE_SHARE = 0.25;

/**
 * Plans a migration: opens the store, so that one that can't be read whole is refused now.
 * @throws {KgdumpError} STORE_*, STORE_PREPARED among them, NO_SPACE, PERMISSION_DENIED, IO_FAILED; OUTPUT_EXISTS for a dump or delta that is there; TARGET_EXISTS and
 * USAGE for what can't be moved
 */
export async function planMigration(paths: MigrationPaths, options: PlanOptions): Promise<MigrationPlan> {
  const { store, warnings: met, estimatedEntries, estimatedBytes } = await planExport({ store: paths.source, ttl: options.ttl, excludeKeyspaces: options.excludeKeyspaces });
  const logs = await logsElsewhere(store.options, [paths.source]);
  const warnings = [...met, ...attributeWarnings(paths, store.engine)];
  if (logs !== null) warnings.push(`logs of the store are in ${logs} and stay there: they belong to the original, which is incomplete without them`);
  const names = store.keyspaces.map(({ name }) => name);
  const naming = new Naming(options.map);
  naming.check(names);
  const direction = directionOf(options);
  if (engineNamed(direction.to).tellsOptions) refuseFamilyNames(names.map((name) => ({ name, family: naming.nameOf(name) })));
  await checkOptions(options);
  // What a sled store holds is at most, without compression, what it takes on its disk.
  const bytes = estimatedBytes ?? (await diskUseOf(paths.source)) ?? 0;
  // A service that runs decides them yet; with `live` they are looked for when it has stopped.
  if (options.live !== true) refusePrepared(store, options);
  if (paths.backup !== null) await refuseUnmovable(paths.source, dirname(paths.backup));
  const live = options.live === true;
  const delta = live && paths.dump !== null ? deltaPath(paths.dump) : null;
  for (const output of [paths.dump, delta]) {
    if (output === null || options.cleared?.includes(output) === true) continue;
    if (await nameIsTaken(output)) throw new KgdumpError("OUTPUT_EXISTS", `${output} exists already`, { path: output, hint: "choose another name with --dump" });
  }
  const spaces = await spacesOf(paths, { estimatedEntries: estimatedEntries ?? 0, estimatedBytes: bytes, live, settings: options.settings });
  const full = options.force === true ? undefined : spaces.find(({ freeBytes, neededBytes }) => freeBytes < neededBytes);
  if (full !== undefined) {
    throw noRoom(full, "the migration may need", "make room, or put no dump on that disk (--stream, or --dump with a file elsewhere); --force tries anyway");
  }
  for (const path of new Set([paths.target, paths.backup, paths.dump].flatMap((at) => (at === null ? [] : [dirname(at)])))) await checkWritable(path);
  const { neededBytes, freeBytes } = spaces[0] ?? { neededBytes: 0, freeBytes: 0 };
  const copySeconds = Math.ceil(1 + bytes / BYTES_A_SECOND);
  // The copy is read once more while the service runs; then the old store is read twice.
  const estimatedSeconds = live ? copySeconds * 3 : copySeconds;
  const estimatedDowntimeSeconds = live ? Math.ceil(copySeconds * LIVE_SHARE) : copySeconds;
  const times = { copySeconds, catchUpSeconds: estimatedDowntimeSeconds };
  const steps = plannedSteps(paths, { ...options, ...direction, delta, ...times });
  return { ...paths, delta, store, estimatedEntries, estimatedBytes, neededBytes, freeBytes, spaces, live, estimatedSeconds, estimatedDowntimeSeconds, steps, warnings };
}

async function checkOptions({ engine, optionsFrom }: PlanOptions): Promise<void> {
  if (optionsFrom === undefined) return;
  if (!engineNamed(directionOf({ engine }).to).tellsOptions) throw new KgdumpError("USAGE", "a sled store has no use for options of RocksDB's families", { hint: "leave out --options-from, or make a RocksDB store: --engine rocksdb" });
  await checkOptionsFrom(optionsFrom);
}

/** Refuses a target of its own which exists already. @throws {KgdumpError} TARGET_EXISTS, PERMISSION_DENIED, IO_FAILED */
export async function refuseOccupiedTarget({ source, target }: MigrationPaths): Promise<void> {
  if (source === target) return;
  const found = await occupantOf(target);
  if (found === "absent" || found === "empty") return;
  throw new KgdumpError("TARGET_EXISTS", `${target} exists already`, { path: target, hint: "choose another path for the new store" });
}

async function checkWritable(directory: string): Promise<void> {
  try {
    await checkNames(directory);
    if (!(await stat(directory)).isDirectory()) throw new KgdumpError("IO_FAILED", `${directory} is not a directory`, { path: directory });
  } catch (error) {
    throw systemError(error, `looking at ${directory}`, { path: directory, hint: "it must be a directory that you may write to" });
  }
}
