/**
 * How a store takes another one's place, so that after any interruption it is known which is which.
 *
 * The store that comes in has a name for a moment that tells its inode number, which no renaming changes: when that is the number of what is at the path, the two
 * have changed places, and what has the name is the other one.
 */
import { lstat, realpath } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { hasCode, systemError } from "../../../errors.js";
import { nameIsTaken, namesIn } from "../../disk/names.js";
import { clearRemoved, freeStamp, removeDirectory, renameDurably } from "../../disk/places.js";
import { syncDirectory } from "../../disk/sync.js";
import { exchangeDirectories } from "../../disk/system-calls.js";
import { compactedPath, keptPath } from "./places.js";

/** Why two stores change places: a new one comes in, or the original comes back. */
type Change = "compacting" | "undoing";

/** Lets a new, durable store take a store's place. @returns where the original is kept @throws {KgdumpError} TARGET_EXISTS, PERMISSION_DENIED, IO_FAILED */
export async function takePlace(made: string, store: string): Promise<string> {
  const stamp = await freeStamp(new Date(), (possible) => [keptPath(store, possible)]);
  return exchange(made, store, "compacting", stamp);
}

/**
 * Lets the original, which is durable, take its place again.
 * @param stamp of its name
 * @returns where the compacted store is; null when nothing was there
 * @throws {KgdumpError} as takePlace
 */
export async function comeBack(kept: string, store: string, stamp: string): Promise<string | null> {
  if (await nameIsTaken(store)) return exchange(kept, store, "undoing", stamp);
  await renameDurably(kept, store);
  return null;
}

async function exchange(incoming: string, store: string, change: Change, stamp: string): Promise<string> {
  const changing = `${store}.kgdump-${change}-${stamp}-${String(await inodeOf(incoming))}`;
  await renameDurably(incoming, changing);
  if (await exchangeDirectories(changing, store)) {
    await syncDirectory(dirname(store));
    return toFinal(changing, store, change, stamp);
  }
  // Where the system can't exchange directories, nothing is at the path between two renames.
  const aside = `${store}.kgdump-${change}-${stamp}-aside`;
  await renameDurably(store, aside);
  await renameDurably(changing, store);
  return toFinal(aside, store, change, stamp);
}

async function toFinal(path: string, store: string, change: Change, stamp: string): Promise<string> {
  const final = change === "compacting" ? keptPath(store, await freeStamp(timeOf(stamp), (possible) => [keptPath(store, possible)])) : compactedPath(store, await freeStamp(new Date(), (possible) => [compactedPath(store, possible)]));
  await renameDurably(path, final);
  return final;
}

/**
 * Brings what an interrupted compaction or its undoing left to an end: done, or as before.
 * @param path of the store, which may not be there
 * @throws {KgdumpError} PERMISSION_DENIED, IO_FAILED
 */
export async function settleInterrupted(path: string): Promise<void> {
  const store = await realpath(path).catch(() => resolve(path));
  for (const { at, change, stamp, inode, removed } of await interruptedAt(store)) {
    if (removed !== undefined) await clearRemoved(store + removed);
    else if (change === "compacting" || change === "undoing") await settle(at, store, change, stamp, inode);
  }
}

/** Whether an interrupted compaction or its undoing left something that is to be brought to an end. @throws {KgdumpError} PERMISSION_DENIED, IO_FAILED */
export async function isInterrupted(store: string): Promise<boolean> {
  return (await interruptedAt(store)).length > 0;
}

/** What an interruption left beside a store, by its names; what was put aside goes back first. */
async function interruptedAt(store: string): Promise<{ at: string; change: string | undefined; stamp: string; inode: string; removed: string | undefined }[]> {
  const [directory, prefix] = [dirname(store), basename(store)];
  return (await namesIn(directory))
    .sort((a, b) => Number(b.endsWith("-aside")) - Number(a.endsWith("-aside")))
    .filter((name) => name.startsWith(`${prefix}.`))
    .map((name) => {
      const rest = name.slice(prefix.length);
      const removed = /^(\.before-compact-\d{8}T\d{6}Z|\.kgdump-compacting-.*)\.kgdump-removed$/.exec(rest)?.[1];
      const [, change, stamp = "", inode = ""] = /^\.kgdump-(compacting|undoing)-(\d{8}T\d{6}Z)-(\d+|aside)$/.exec(rest) ?? [];
      return { at: join(directory, name), change, stamp, inode, removed };
    })
    .filter(({ change, removed }) => change !== undefined || removed !== undefined);
}

async function settle(at: string, store: string, change: Change, stamp: string, inode: string): Promise<void> {
  if (inode === "aside") {
    if (await nameIsTaken(store)) await toFinal(at, store, change, stamp);
    else await renameDurably(at, store);
    return;
  }
  if ((await inodeOf(store)) === inode) {
    await toFinal(at, store, change, stamp);
  } else if (change === "compacting" && (await inodeOf(at)) === inode && (await nameIsTaken(store))) {
    // The new store, which never was in its place.
    await removeDirectory(at);
  } else {
    await renameDurably(at, keptPath(store, await freeStamp(timeOf(stamp), (possible) => [keptPath(store, possible)])));
  }
}

function timeOf(stamp: string): Date {
  return new Date(stamp.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, "$1-$2-$3T$4:$5:$6Z"));
}

/** The number by which a directory is known whatever its name is; null when nothing is there. */
async function inodeOf(path: string): Promise<string | null> {
  try {
    return (await lstat(path, { bigint: true })).ino.toString();
  } catch (error) {
    if (hasCode(error, "ENOENT", "ENOTDIR")) return null;
    throw systemError(error, `looking at ${path}`, { path });
  }
}
