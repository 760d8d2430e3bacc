/** The form of a migration's journal: what is read is taken for a journal only when each part of it is what it should be. */
import { basename, dirname, isAbsolute, join, resolve } from "node:path";
import type { KeyOrder } from "../../engines/store.js";
import type { SledSettings } from "../../settings/sled-settings.js";
import type { Owner } from "../disk/owner.js";
import { isMigratedEngine, type MigratedEngine } from "./direction.js";

/**
 * How far a migration got. copying: the store is copied while its service runs; waiting: that copy is complete, and the service is to be
 * stopped; following: what changed since is put into the copy. exporting, importing: the same of a store that nobody has open. In all
 * of these the new store is not complete, and is made again. imported: it is complete, and waits beside the old one. switching: they may
 * have been exchanged or not. confirming: the new one is in place and its service may run; the old one, which is the backup, is read whole once
 * more, and what had changed in it since the dump is written. done: that is so, or was not wanted. rolling-back, rolled-back: the same on the way back.
 */
export type MigrationStep = "copying" | "waiting" | "following" | "exporting" | "importing" | "imported" | "switching" | "confirming" | "done" | "rolling-back" | "rolled-back";

const STEPS: readonly string[] = [
  "copying", "waiting", "following", "exporting", "importing", "imported", "switching", "confirming", "done", "rolling-back", "rolled-back",
] satisfies MigrationStep[];

/** Whether the new store of a migration at this step waits beside the old one, or is not even complete: nothing was switched. */
export function isBeforeSwitch(step: MigrationStep): boolean {
  return STEPS.indexOf(step) <= STEPS.indexOf("imported");
}

/** One keyspace as it was migrated. */
export interface JournalKeyspace {
  /** Name in hex. */
  readonly name: string;
  /** Order of its keys in the old store, and of the entries under the digest. */
  readonly comparator: KeyOrder;
  readonly entries: number;
  /** SHA-256 of its encoded entries, in hex. */
  readonly digest: string;
}

/** One side of a renaming: a name, or what is before and after the `*` of a pattern; in hex. */
export type JournalSide = { readonly name: string } | { readonly before: string; readonly after: string };

/** What the journal says. All paths are absolute. */
export interface Journal {
  /** Version of the journal's own form: 2 where it names the engine, which must not be passed over. */
  readonly version: 1 | 2;
  /** Random, and in the names of all that the migration makes. */
  readonly id: string;
  readonly step: MigrationStep;
  readonly startedAt: string;
  readonly updatedAt: string;
  /** Engine of the new store; absent for sled. */
  readonly engine?: MigratedEngine | undefined;
  /** Directory of the old store. */
  readonly source: string;
  /** Directory of the new store; the source's own, or another. */
  readonly target: string;
  /** Where the new store is built and waits. */
  readonly building: string;
  /** Where the original goes; null when it stays where it is. */
  readonly backup: string | null;
  /** The dump's file; null without one. */
  readonly dump: string | null;
  /** The dump's id, by which the file is known as this migration's own. */
  readonly dumpId: string;
  /** The file of what changed while the dump was made and until the service stopped; null without one. */
  readonly delta: string | null;
  /** The delta's id. */
  readonly deltaId: string | null;
  /** Of a new sled store. */
  readonly settings: SledSettings;
  /** Which keyspaces become trees of another name; absent when none does. */
  readonly map?: readonly { readonly from: JournalSide; readonly to: JournalSide }[];
  /** Names in hex of keyspaces that are left out; absent when none is. */
  readonly exclude?: readonly string[];
  /** Whether the times that end each value of a RocksDB store with a time to live are left out when it is read, be it the old one or the new; absent when it has none, and in old journals. */
  readonly ttl?: "strip" | "keep" | undefined;
  /** What the store was when it was read: changes since would show here. */
  readonly snapshot: { readonly databaseId: string | null; readonly sequenceNumber: string | null } | null;
  /** What the new store was found to hold; null before, and until it is confirmed. */
  readonly keyspaces: readonly JournalKeyspace[] | null;
  /** When the new store was last found equal to what was read of the old one. */
  readonly verifiedAt: string | null;
  /** Who wrote this: while it runs, nobody else goes on with the migration. */
  readonly owner: Owner;
  /** Rolling back: which store is put in place, and where others go. */
  readonly rollback: JournalRollback | null;
}

/** What a rollback is about to do, or did. */
export interface JournalRollback {
  /** The store that is put in place; the source itself when that has never left it. */
  readonly incoming: string;
  /** Where the new store goes. */
  readonly aside: string;
  /** Where the original goes when what was carried back takes its place, with a target of its own; otherwise null, or absent. */
  readonly original?: string | null;
}

type Fields = Readonly<Record<string, unknown>>;
type Check = (value: unknown) => boolean;

const isText: Check = (value) => typeof value === "string";
const isCount: Check = (value) => Number.isSafeInteger(value) && Number(value) >= 0;
const isPath: Check = (value) => typeof value === "string" && isAbsolute(value) && !value.includes("\0");
const isHex: Check = (value) => typeof value === "string" && /^(?:[0-9a-f]{2})*$/.test(value);
const isDigest: Check = (value) => typeof value === "string" && /^[0-9a-f]{64}$/.test(value);
const isTime: Check = (value) => typeof value === "string" && !Number.isNaN(Date.parse(value));
const orNull = (check: Check): Check => (value) => value === null || check(value);
const orAbsent = (check: Check): Check => (value) => value === undefined || check(value);
const isObject = (value: unknown): value is Fields => typeof value === "object" && value !== null && !Array.isArray(value);
const hasFields = (checks: Readonly<Record<string, Check>>): Check => (value) =>
  isObject(value) && Object.entries(checks).every(([name, check]) => check(Object.hasOwn(value, name) ? value[name] : undefined));

const isKeyspace = hasFields({
  name: isHex,
  comparator: (value) => value === "bytewise" || value === "reverse-bytewise",
  entries: isCount,
  digest: isDigest,
});

const isSide: Check = (value) => hasFields({ name: isHex })(value) || hasFields({ before: isHex, after: isHex })(value);
const isListOf = (check: Check): Check => (value) => Array.isArray(value) && value.every(check);

const isJournal = hasFields({
  version: (value) => value === 1 || value === 2,
  id: (value) => typeof value === "string" && /^[0-9a-z-]{1,64}$/i.test(value),
  step: (value) => typeof value === "string" && STEPS.includes(value),
  startedAt: isTime,
  updatedAt: isTime,
  engine: orAbsent(isMigratedEngine),
  source: isPath,
  target: isPath,
  building: isPath,
  backup: orNull(isPath),
  dump: orNull(isPath),
  dumpId: isText,
  // Journals of before there were deltas don't have these two.
  delta: orAbsent(orNull(isPath)),
  deltaId: orAbsent(orNull(isText)),
  settings: hasFields({
    cacheCapacity: orAbsent(isCount),
    compression: orAbsent((value) => typeof value === "boolean"),
    compressionLevel: orAbsent(isCount),
    flushEveryMs: orAbsent(isCount),
    segmentSize: orAbsent(isCount),
  }),
  map: orAbsent(isListOf(hasFields({ from: isSide, to: isSide }))),
  exclude: orAbsent(isListOf(isHex)),
  ttl: orAbsent((value) => value === "strip" || value === "keep"),
  snapshot: orNull(hasFields({ databaseId: orNull(isText), sequenceNumber: orNull((value) => typeof value === "string" && /^\d{1,20}$/.test(value)) })),
  keyspaces: orNull(isListOf(isKeyspace)),
  verifiedAt: orNull(isTime),
  owner: hasFields({ pid: isCount, started: orNull(isText), host: isText }),
  rollback: orNull(hasFields({ incoming: isPath, aside: isPath, original: orAbsent(orNull(isPath)) })),
});

/**
 * What a text says as a journal; null when it is none.
 * @param target whose journal it is: what lies beside it is known by its name, so that the directory may have been moved since
 */
export function parseJournal(text: string, target: string): Journal | null {
  let found: unknown;
  try {
    found = JSON.parse(text);
  } catch {
    return null;
  }
  if (!isObject(found) || !isJournal(found)) return null;
  const told = { delta: null, deltaId: null, ...found } as unknown as Journal;
  const journal = movedTo(told, target);
  const sound =
    (journal.version === 2) === (journal.engine !== undefined) &&
    (journal.backup === null) === (journal.source !== journal.target) &&
    (journal.step !== "rolling-back" || journal.rollback !== null);
  return sound && basename(told.target) === basename(journal.target) && namesAreOwn(journal) ? journal : null;
}

/** The journal with the paths of where its target is now. */
function movedTo(journal: Journal, target: string): Journal {
  const [before, now] = [dirname(journal.target), dirname(target)];
  if (before === now) return journal;
  const moved = <P extends string | null>(path: P): P | string => (path !== null && dirname(path) === before ? join(now, basename(path)) : path);
  const { source, building, backup, dump, delta, rollback } = journal;
  return {
    ...journal, source: moved(source), target: moved(journal.target), building: moved(building), backup: moved(backup), dump: moved(dump), delta: moved(delta),
    rollback: rollback === null ? null : { incoming: moved(rollback.incoming), aside: moved(rollback.aside), original: moved(rollback.original ?? null) },
  };
}

/** Whether what is removed and moved has such names as only a migration gives, beside the stores. */
function namesAreOwn({ id, source, target, building, backup, rollback }: Journal): boolean {
  const begins = (path: string, start: string): boolean => path.startsWith(start) && !path.slice(start.length).includes("/");
  const plain = [source, target, building, ...(backup === null ? [] : [backup])].every((path) => resolve(path) === path);
  const kept = (path: string): boolean => /^\.(?:rocksdb|sled)-backup-/.test(basename(path).slice(basename(source).length)) && basename(path).startsWith(basename(source));
  if (!plain || building !== `${target}.kgdump-new-${id}` || (backup !== null && !kept(backup))) return false;
  if (rollback === null) return true;
  const { incoming, aside, original = null } = rollback;
  const comes = [source, building, backup, `${target}.kgdump-back-${id}`, `${source}.kgdump-back-${id}`].includes(incoming);
  const goes = begins(aside, `${target}.rocksdb-`) || begins(aside, `${target}.sled-`);
  return comes && goes && (original === null || begins(original, `${source}.rocksdb-backup-`) || begins(original, `${source}.sled-backup-`));
}
