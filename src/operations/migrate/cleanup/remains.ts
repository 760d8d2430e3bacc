/** What migrations, rollbacks and compactions of a store have left: found by the names that they give, and by what is there. */
import type { Stats } from "node:fs";
import { lstat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { isEngineName } from "../../../engines/registry.js";
import type { EngineName } from "../../../engines/store.js";
import { KgdumpError } from "../../../errors.js";
import { namesIn } from "../../disk/names.js";
import { diskUseOf, occupantOf } from "../../disk/places.js";
import { openDump } from "../../dump/open-dump.js";
import { keptOf, undoneOf } from "../compact/places.js";
import { type Journal, journalPath } from "../journal.js";

/**
 * original: the store of before a migration; aside: one that a rollback put aside; before-compact, after-compact: the same of a compaction; dump: of a
 * migration; delta: what had changed since that dump; journal: of the last migration.
 */
export type RemainKind = "original" | "aside" | "before-compact" | "after-compact" | "dump" | "delta" | "journal";

/** Something that was left. */
export interface Remain {
  readonly path: string;
  readonly kind: RemainKind;
  /** Bytes on disk. */
  readonly bytes: number;
  /** When it was last changed. */
  readonly changedAt: string;
  /** Whether what is there is what its name says, and may be removed. */
  readonly isKnown: boolean;
}

interface Named {
  readonly kind: RemainKind;
  /** Of a store. */
  readonly engine?: EngineName;
  /** Of a dump, where the journal tells it. */
  readonly dumpId?: string;
}

const STAMP = "\\d{8}T\\d{6}Z";
const PATTERNS: readonly (readonly [RegExp, RemainKind])[] = [
  [new RegExp(`^\\.(rocksdb|sled)-backup-${STAMP}$`), "original"],
  [new RegExp(`^\\.(rocksdb|sled)-${STAMP}$`), "aside"],
  [new RegExp(`^\\.${STAMP}\\.kgd$`), "dump"],
  [new RegExp(`^\\.${STAMP}\\.delta\\.kgd$`), "delta"],
];

/** What a name beside a store says, by what follows the store's own name. */
function namedBy(rest: string): Named | null {
  for (const [pattern, kind] of PATTERNS) {
    const found = pattern.exec(rest);
    if (found !== null) return { kind, ...(isEngineName(found[1]) ? { engine: found[1] } : {}) };
  }
  return null;
}

/**
 * What is left of a store, the oldest first, the journal last: beside it, and where the journal says that the last migration put something.
 * @throws {KgdumpError} PERMISSION_DENIED, IO_FAILED
 */
export async function remainsOf(target: string, journal: Journal | null): Promise<Remain[]> {
  const found = new Map<string, Named>();
  const told = [journal?.backup, journal?.dump].filter((path) => typeof path === "string");
  for (const store of new Set([target, journal?.source ?? target])) {
    for (const directory of new Set([store, ...told].map((path) => dirname(path)))) {
      for (const name of await namesIn(directory)) {
        const named = name.startsWith(basename(store)) ? namedBy(name.slice(basename(store).length)) : null;
        if (named !== null) found.set(join(directory, name), named);
      }
    }
  }
  for (const store of new Set([target, journal?.source ?? target])) {
    for (const path of await keptOf(store)) found.set(path, { kind: "before-compact" });
    for (const path of await undoneOf(store)) found.set(path, { kind: "after-compact" });
  }
  // The names of these are the user's.
  const { dump = null, dumpId, delta = null, deltaId = null } = journal ?? {};
  if (dump !== null && dumpId !== undefined) found.set(dump, { kind: "dump", dumpId });
  if (delta !== null && deltaId !== null) found.set(delta, { kind: "delta", dumpId: deltaId });
  const remains: Remain[] = [];
  for (const [path, named] of found) {
    const remain = await lookAt(path, named);
    if (remain !== null) remains.push(remain);
  }
  // A delta comes behind its dump.
  const rank = ({ kind, changedAt }: Remain): string => `${kind === "delta" ? "1" : "0"}${changedAt}`;
  remains.sort((a, b) => (rank(a) < rank(b) ? -1 : 1));
  const last = journal === null ? null : await lookAt(journalPath(target), { kind: "journal" });
  return last === null ? remains : [...remains, last];
}

async function lookAt(path: string, named: Named): Promise<Remain | null> {
  const found = await lstat(path).catch(() => null);
  if (found === null) return null;
  const bytes = await orWithout(diskUseOf(path), 0);
  return { path, kind: named.kind, bytes: bytes ?? 0, changedAt: found.mtime.toISOString(), isKnown: await orWithout(isAsNamed(path, found, named), false) };
}

/** What this user may not look at is not known, and stops nobody from seeing the rest. */
async function orWithout<T>(looking: Promise<T>, without: T): Promise<T> {
  try {
    return await looking;
  } catch (error) {
    if (error instanceof KgdumpError && error.code === "PERMISSION_DENIED") return without;
    throw error;
  }
}

/** Whether what is there is what its name says; nothing is looked for through a link. */
async function isAsNamed(path: string, found: Pick<Stats, "isFile" | "isDirectory">, { kind, engine, dumpId }: Named): Promise<boolean> {
  if (kind === "journal") return found.isFile();
  if (kind === "dump" || kind === "delta") return found.isFile() && (await isDump(path, kind, dumpId));
  if (!found.isDirectory()) return false;
  const occupant = await occupantOf(path);
  return isEngineName(occupant) && (engine === undefined || engine === occupant);
}

async function isDump(path: string, kind: "dump" | "delta", dumpId: string | undefined): Promise<boolean> {
  try {
    await using dump = await openDump(path);
    const { header } = dump;
    return header.kind === (kind === "dump" ? "full" : "delta") && (dumpId === undefined || header.dumpId === dumpId);
  } catch {
    return false;
  }
}
