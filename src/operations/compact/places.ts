/** Where the stores of a compaction are, and how two of them change places. */
import { lchown, lstat, open, readdir } from "node:fs/promises";
import type { Stats } from "node:fs";
import { basename, dirname, join } from "node:path";
import { systemError } from "../../errors.js";
import { freeStamp, renameDurably } from "../migrate/places.js";
import { nameIsTaken, syncDirectory } from "../output-file.js";
import { exchangeDirectories } from "../system-calls.js";

const KEPT = ".before-compact-";

/** Where the original of a compaction is kept. */
export function keptPath(store: string, stamp: string): string {
  return `${store}${KEPT}${stamp}`;
}

/** Where what was compacted is kept when the original is put back. */
export function compactedPath(store: string, stamp: string): string {
  return `${store}.after-compact-${stamp}`;
}

/** The originals that are kept of a store, the newest last. @throws {KgdumpError} PERMISSION_DENIED, IO_FAILED */
export async function keptOf(store: string): Promise<string[]> {
  const [directory, prefix] = [dirname(store), `${basename(store)}${KEPT}`];
  try {
    const names = (await readdir(directory)).filter((name) => name.startsWith(prefix) && /^\d{8}T\d{6}Z$/.test(name.slice(prefix.length)));
    return names.sort().map((name) => join(directory, name));
  } catch (error) {
    throw systemError(error, `looking at ${directory}`, { path: directory });
  }
}

/**
 * Gives a new store the owner, the group and the modes of the one whose place it takes, durably: whoever runs kgdump, the service must be able to open it.
 * Files get those of the old log, directories those of the old store.
 * @throws {KgdumpError} PERMISSION_DENIED when the owner is another, and only root may give things away; IO_FAILED
 */
export async function giveOwner(made: string, store: string): Promise<void> {
  try {
    await giveTo(made, await lstat(store), await lstat(join(store, "db")));
  } catch (error) {
    throw systemError(error, `giving ${made} the owner of ${store}`, { path: store, hint: "run this as the owner of the store, or as root" });
  }
}

async function giveTo(path: string, directory: Stats, file: Stats): Promise<void> {
  const now = await lstat(path);
  const like = now.isDirectory() ? directory : file;
  if (now.uid !== like.uid || now.gid !== like.gid) await lchown(path, like.uid, like.gid);
  if (now.isDirectory()) for (const name of await readdir(path)) await giveTo(join(path, name), directory, file);
  const handle = await open(path, "r");
  try {
    await handle.chmod(like.mode & 0o7777);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Gives a durable store the place of another one, which gets the name `kept`. The new one has that name for a moment, so that a kill leaves two whole
 * stores with the same entries. Where the system can't exchange directories, nothing is at the path between two renames.
 * @throws {KgdumpError} TARGET_EXISTS, PERMISSION_DENIED, IO_FAILED
 */
export async function takePlace(made: string, store: string, kept: string): Promise<void> {
  if (made !== kept) await renameDurably(made, kept);
  if (await exchangeDirectories(kept, store)) {
    await syncDirectory(dirname(store));
    return;
  }
  const aside = asideOf(store);
  await renameDurably(store, aside);
  await renameDurably(kept, store);
  await renameDurably(aside, kept);
}

/**
 * Puts a store back that was killed between two renames, and gives one that is still aside a name of its own.
 * @throws {KgdumpError} PERMISSION_DENIED, IO_FAILED
 */
export async function putBackInterrupted(store: string): Promise<void> {
  const aside = asideOf(store);
  if (!(await nameIsTaken(aside))) return;
  if (!(await nameIsTaken(store))) await renameDurably(aside, store);
  else await renameDurably(aside, keptPath(store, await freeStamp(new Date(), (stamp) => [keptPath(store, stamp)])));
}

function asideOf(store: string): string {
  return `${store}.kgdump-compacting`;
}
