/** What is looked at before a migration begins: nothing of it changes anything. */
import { constants } from "node:fs";
import { access, stat, statfs } from "node:fs/promises";
import { dirname } from "node:path";
import type { StoreInfo } from "../../engines/engine.js";
import { KgdumpError, systemError } from "../../errors.js";
import { planExport } from "../export-plan.js";
import type { TtlMode } from "../load-engine.js";
import { refuseUnmovable } from "./movable.js";
import { occupantOf } from "./places.js";

/** What a migration is going to need and do. */
export interface MigrationPlan {
  readonly source: string;
  readonly target: string;
  /** Where the original goes; null when it stays where it is. */
  readonly backup: string | null;
  /** The dump's file; null when entries go straight from store to store. */
  readonly dump: string | null;
  readonly store: StoreInfo;
  readonly estimatedEntries: number;
  readonly estimatedBytes: number;
  /** Bytes that the new store, and the dump if it is on the same file system, may take there at most, and what that has left. */
  readonly neededBytes: number;
  readonly freeBytes: number;
  /** Roughly how long it takes, in seconds. */
  readonly estimatedSeconds: number;
  /** Whether the store is copied while its service runs. */
  readonly live: boolean;
  /** For how much of that the service must be stopped, when little changes while the store is copied. */
  readonly estimatedDowntimeSeconds: number;
  readonly warnings: readonly string[];
}

/** Where everything goes. */
export type MigrationPaths = Pick<MigrationPlan, "source" | "target" | "backup" | "dump">;

/** Entries' bytes a second that export, load and reading back manage together on a slow machine. */
const BYTES_A_SECOND = 40e6;
/** The share of a migration that is left when the service has stopped. */
const LIVE_SHARE = 0.6;
/** What a new store takes for each byte of entries, at most. */
const STORE_FACTOR = 1.15;

/**
 * Plans a migration: opens the store, so that one that can't be read whole is refused now.
 * @throws {KgdumpError} STORE_*, NO_SPACE, PERMISSION_DENIED, IO_FAILED; TARGET_EXISTS and USAGE for what can't be moved
 */
export async function planMigration(paths: MigrationPaths, options: { ttl?: TtlMode | undefined; force?: boolean | undefined; live?: boolean | undefined }): Promise<MigrationPlan> {
  const { store, estimatedEntries, estimatedBytes, warnings } = await planExport({ store: paths.source, ttl: options.ttl });
  if (paths.backup !== null) await refuseUnmovable(paths.source);
  const parent = dirname(paths.target);
  const dumpElsewhere = paths.dump !== null && (await deviceOf(dirname(paths.dump))) !== (await deviceOf(parent));
  const neededBytes = Math.ceil(estimatedBytes * (STORE_FACTOR + (paths.dump === null || dumpElsewhere ? 0 : 1)));
  const freeBytes = await freeOf(parent);
  const rooms = [{ at: parent, free: freeBytes, needed: neededBytes }];
  if (paths.dump !== null && dumpElsewhere) rooms.push({ at: dirname(paths.dump), free: await freeOf(dirname(paths.dump)), needed: estimatedBytes });
  for (const { at, free, needed } of rooms) {
    if (free >= needed || options.force === true) continue;
    throw new KgdumpError("NO_SPACE", `${at} has ${String(free)} bytes free, and the migration may need ${String(needed)}`, {
      path: at,
      hint: "make room, or go without a dump on that disk (--stream, or --dump with a file elsewhere); --force begins all the same",
    });
  }
  for (const path of [parent, ...(paths.backup === null ? [] : [dirname(paths.backup)]), ...(paths.dump === null ? [] : [dirname(paths.dump)])]) await checkWritable(path);
  const live = options.live === true;
  const copySeconds = Math.ceil(1 + estimatedBytes / BYTES_A_SECOND);
  // The copy is read once more while the service runs; then the old store is read once.
  const estimatedSeconds = live ? Math.ceil(copySeconds * 1.5) : copySeconds;
  const estimatedDowntimeSeconds = live ? Math.ceil(copySeconds * LIVE_SHARE) : copySeconds;
  return { ...paths, store, estimatedEntries, estimatedBytes, neededBytes, freeBytes, live, estimatedSeconds, estimatedDowntimeSeconds, warnings };
}

/** Refuses a target of its own where something is already. @throws {KgdumpError} TARGET_EXISTS, PERMISSION_DENIED, IO_FAILED */
export async function refuseOccupiedTarget({ source, target }: MigrationPaths): Promise<void> {
  if (source === target) return;
  const found = await occupantOf(target);
  if (found === "absent" || found === "empty") return;
  throw new KgdumpError("TARGET_EXISTS", `${target} exists already`, { path: target, hint: "choose another path for the sled store" });
}

async function freeOf(directory: string): Promise<number> {
  try {
    const { bavail, bsize } = await statfs(directory);
    return bavail * bsize;
  } catch (error) {
    throw systemError(error, `looking at ${directory}`, { path: directory });
  }
}

async function deviceOf(directory: string): Promise<number> {
  try {
    return (await stat(directory)).dev;
  } catch (error) {
    throw systemError(error, `looking at ${directory}`, { path: directory });
  }
}

async function checkWritable(directory: string): Promise<void> {
  try {
    await access(directory, constants.W_OK | constants.X_OK);
    if (!(await stat(directory)).isDirectory()) throw new KgdumpError("IO_FAILED", `${directory} is no directory`, { path: directory });
  } catch (error) {
    throw systemError(error, `looking at ${directory}`, { path: directory, hint: "it must be a directory that you may write to" });
  }
}
