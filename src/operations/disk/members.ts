/** The files that a store is made of must be files: a FIFO among them is waited for without an end, and a device never ends. */
import type { Dirent } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { KgdumpError } from "../../errors.js";
import { kindOf } from "./trusted.js";

const HINT = "find out who put it there, and move it away; copy the store again from its origin, or let kgdump recover tell what is missing then";
/** Names that an engine opens. */
const MEMBERS = /^(?:CURRENT|IDENTITY|LOCK|LOG(?:\.old\.\d+)?|(?:MANIFEST|OPTIONS)-\d+|\d+\.(?:sst|ldb|log|blob)|conf|db|snap\..*)$/;

/** Files that are read whole, or as far as they go, and how long they may be. */
const LONGEST: readonly (readonly [RegExp, number])[] = [
  [/^(?:CURRENT|IDENTITY|conf)$/, 64 * 1024],
  [/^OPTIONS-/, 256 * 1024 * 1024],
];
/** From this length on, a file that takes less than a thousandth of it on the disk is all holes, and takes hours to read. */
const LONG = 2 ** 30;
const MOST_HOLES = 1000;

/**
 * Refuses a store with a member that is neither a regular file nor a link to one. What is missing, and what can't be looked at, is told when it is read.
 * @throws {KgdumpError} STORE_DAMAGED with the member's path
 */
export async function refuseOddMembers(store: string): Promise<void> {
  for (const entry of await entriesOf(store)) {
    if (MEMBERS.test(entry.name)) await refuseOdd(store, entry);
    // Sled's values, each in a file of its own.
    if (entry.name !== "blobs" || entry.isFile()) continue;
    if (!(await stat(join(store, entry.name)).catch(() => null))?.isDirectory()) await refuseOdd(store, entry);
    for (const blob of await entriesOf(join(store, entry.name))) await refuseOdd(join(store, entry.name), blob);
  }
}

function entriesOf(directory: string): Promise<Dirent[]> {
  return readdir(directory, { withFileTypes: true }).catch(() => []);
}

async function refuseOdd(directory: string, entry: Dirent): Promise<void> {
  // Tables are as long as MANIFEST says, and logs are looked at one by one.
  if (entry.isFile() && !/^(?:CURRENT|IDENTITY|OPTIONS-.*|MANIFEST-.*|conf|db|snap\..*)$/.test(entry.name)) return;
  const path = join(directory, entry.name);
  // It is opened for writing, and made where a link to it leads.
  if (entry.name === "LOCK" && entry.isSymbolicLink()) throw new KgdumpError("STORE_DAMAGED", `${path} should be a file of the store, but is a link`, { path, hint: HINT });
  const found = await stat(path).catch(() => null);
  if (found === null) return;
  if (found.isFile()) {
    const most = LONGEST.find(([name]) => name.test(entry.name))?.[1] ?? Number.POSITIVE_INFINITY;
    if (found.size <= most && (found.size < LONG || found.blocks * 512 * MOST_HOLES >= found.size)) return;
    throw new KgdumpError("STORE_DAMAGED", `${path} has ${found.size.toString()} bytes, of which ${(found.blocks * 512).toString()} are on the disk: no store has such a file`, { path, hint: HINT });
  }
  throw new KgdumpError("STORE_DAMAGED", `${path} should be a file of the store, but is ${entry.isSymbolicLink() ? "a link to " : ""}${kindOf(found)}`, {
    path,
    hint: HINT,
  });
}
