/** What a migration is asked for, where it puts everything, and how it ended. */
import { randomBytes } from "node:crypto";
import { basename, dirname, join, resolve } from "node:path";
import type { EngineName } from "../../engines/store.js";
import type { SledSettings } from "../../settings/sled-settings.js";
import { refuseLongName } from "../disk/names.js";
import { freeStamp, removedName } from "../disk/places.js";
import type { ReadingOptions } from "../disk/stores.js";
import type { KeyspaceName } from "../entries/keyspaces.js";
import type { KeyspaceMap } from "../entries/naming.js";
import type { ImportResult } from "../import/import.js";
import type { WithProgress } from "../run/progress.js";
import type { WithSeams } from "../run/seams.js";
import type { Direction } from "./direction.js";
import type { OnEvent } from "./events.js";
import type { Sides } from "./migrated.js";
import type { OnInPlace } from "./switch/in-place.js";

/** What `migrateStore` does. */
export interface MigrateOptions extends ReadingOptions, WithSeams, WithProgress {
  /** Directory of the old store. */
  readonly source: string;
  /** Directory of the new store; default: the source's own, where the new store takes the old one's place. */
  readonly target?: string | undefined;
  /** Engine of the new store; default: sled, but RocksDB where a sled store is to become one at another path. */
  readonly engine?: EngineName | undefined;
  /** Of a new sled store. */
  readonly settings?: SledSettings | undefined;
  /** Families of a new RocksDB store are kept as this RocksDB store, or dump of one, has them; default: as is usual. */
  readonly optionsFrom?: string | undefined;
  /** Directory that the original is moved into; default: beside it. Only when source and target are the same. */
  readonly backupDirectory?: string | undefined;
  /** The dump's file; default: beside the backup, or, with a target of its own, beside that. */
  readonly dump?: string | undefined;
  /** Keep the dump when it is done; default true. */
  readonly keepDump?: boolean | undefined;
  /** No dump: entries go straight from store to store. */
  readonly stream?: boolean | undefined;
  /** Copy the store while its service runs; only what changed since is carried over when the service has stopped. */
  readonly live?: boolean | undefined;
  /** With `live`: seconds to wait for the service to stop; default: without end. */
  readonly waitSeconds?: number | undefined;
  /** Read the new store once more before the switch, and check the graph that is in it; default false, as it takes time while the service is stopped. */
  readonly checkGraph?: boolean | undefined;
  /** Fail when there is no store at all, where otherwise there is nothing to do; default false. */
  readonly mustExist?: boolean | undefined;
  /** Tree name for family name, where it is to differ; a family without entries never is in the way. A rollback with `carryBack` maps them back. */
  readonly map?: KeyspaceMap | undefined;
  /** All families but these; not with `live`. */
  readonly excludeKeyspaces?: readonly KeyspaceName[] | undefined;
  /** Leave out transactions that are prepared and neither committed nor rolled back, which are refused otherwise. */
  readonly discardPrepared?: boolean | undefined;
  /** Begin although the disk may be too small. */
  readonly force?: boolean | undefined;
  /** Is told of each thing that happens. */
  readonly onEvent?: OnEvent | undefined;
  /** Is told when the sled store is in its place and something is left to do, and what holds if that does not come to its end. */
  readonly onInPlace?: OnInPlace | undefined;
}

/** How a migration ended. */
export interface MigrateResult {
  /** migrated: now; already: a store of that engine is in place; nothing: there is no store at all. */
  readonly status: "migrated" | "already" | "nothing";
  /** Engine of the new store. */
  readonly engine: EngineName;
  readonly target: string;
  readonly backup: string | null;
  readonly dump: string | null;
  /** The dump of what changed while the first one was made and until the service stopped; null without one. */
  readonly delta: string | null;
  readonly entries: number;
  /** What each side held; null when nothing was migrated now. */
  readonly keyspaces: Sides["keyspaces"] | null;
  /** What is wrong with the graph, and was before; null when it was not checked. */
  readonly graph: Sides["graph"];
  /** With `live`: what was carried over to the copy, a key that changed again after it was brought up to date twice; null otherwise. */
  readonly changes: ChangeCounts | null;
  /** With which `sled::Config` the store is opened; null when no sled store was made now. */
  readonly reopen: ImportResult["reopen"] | null;
  readonly seconds: number;
  /** Seconds for which the service could not run: from when the old store was locked until the new one was in place; null when nothing was migrated now. */
  readonly downtimeSeconds: number | null;
  readonly warnings: readonly string[];
}

/** How many keys of the store are new, have another value, and are gone. */
export interface ChangeCounts {
  readonly added: number;
  readonly changed: number;
  readonly removed: number;
}

/** Where everything goes. */
export interface MigrationPaths {
  readonly source: string;
  readonly target: string;
  /** Where the original goes; null when it stays where it is. */
  readonly backup: string | null;
  /** The dump's file; null when entries go straight from store to store. */
  readonly dump: string | null;
}

/** The longest that a migration, or its way back, puts behind the name of a store: a copy, which was cut short, as it is removed. */
const LONGEST = removedName(".kgdump-back-00000000.kgdump-partial");

/** Where a new migration from an engine puts everything. Names that it makes up are those of the first second, from `now` on, that no other has taken. @throws {KgdumpError} IO_FAILED for a name that is too long */
export async function migrationPaths(options: MigrateOptions, { from }: Direction, now: Date, id: string): Promise<MigrationPaths & { readonly building: string }> {
  const source = resolve(options.source);
  const target = resolve(options.target ?? options.source);
  for (const path of new Set([source, target, join(resolve(options.backupDirectory ?? dirname(source)), basename(source))])) await refuseLongName(path, LONGEST);
  const places = (stamp: string): { backup: string | null; dump: string | null } => {
    const backupName = `${basename(source)}.${from}-backup-${stamp}`;
    const backup = source === target ? join(resolve(options.backupDirectory ?? dirname(source)), backupName) : null;
    // Beside the backup, as both are what is kept.
    const dump = options.stream === true ? null : resolve(options.dump ?? join(dirname(backup ?? target), `${basename(target)}.${stamp}.kgd`));
    return { backup, dump };
  };
  const stamp = await freeStamp(now, (possible) => {
    const { backup, dump } = places(possible);
    return [...(backup === null ? [] : [backup]), ...(options.dump === undefined && dump !== null ? [dump] : [])];
  });
  return { source, target, building: `${target}.kgdump-new-${id}`, ...places(stamp) };
}

/** Where what changed since a dump is written: beside it, as `….delta.kgd`. */
export function deltaPath(dump: string): string {
  return `${dump.endsWith(".kgd") ? dump.slice(0, -".kgd".length) : dump}.delta.kgd`;
}

/** How many entries keyspaces hold together. */
export function entriesOf(keyspaces: readonly { readonly entries: number }[]): number {
  return keyspaces.reduce((sum, { entries }) => sum + entries, 0);
}

/** A new migration's id. */
export function newId(): string {
  return randomBytes(4).toString("hex");
}

/** Seconds since a moment of `performance.now()`. */
export function secondsSince(started: number): number {
  return (performance.now() - started) / 1000;
}

/** Seconds to the millisecond. */
export function round(seconds: number): number {
  return Math.round(seconds * 1000) / 1000;
}
