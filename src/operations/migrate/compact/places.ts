/** Where the stores of a compaction are, and whose they are. */
import type { Stats } from "node:fs";
import { lchown, lstat, open, readdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { engineNamed } from "../../../engines/registry.js";
import type { EngineName } from "../../../engines/store.js";
import { hasCode, systemError } from "../../../errors.js";

const KEPT = ".before-compact-";
const UNDONE = ".after-compact-";

/** Where the original of a compaction is kept. */
export function keptPath(store: string, stamp: string): string {
  return `${store}${KEPT}${stamp}`;
}

/** Where what was compacted is kept when the original is put back. */
export function compactedPath(store: string, stamp: string): string {
  return `${store}${UNDONE}${stamp}`;
}

/** When a compaction was done, or undone, as it stands in the name of what was kept. */
export function stampOf(kept: string): string {
  return kept.slice(kept.lastIndexOf("-") + 1);
}

/** The originals that are kept of a store, the newest last. @throws {KgdumpError} PERMISSION_DENIED, IO_FAILED */
export function keptOf(store: string): Promise<string[]> {
  return named(store, KEPT);
}

/** The compacted stores that were put aside again, the newest last. @throws {KgdumpError} PERMISSION_DENIED, IO_FAILED */
export function undoneOf(store: string): Promise<string[]> {
  return named(store, UNDONE);
}

async function named(store: string, middle: string): Promise<string[]> {
  const [directory, prefix] = [dirname(store), `${basename(store)}${middle}`];
  try {
    const names = (await readdir(directory)).filter((name) => name.startsWith(prefix) && /^\d{8}T\d{6}Z$/.test(name.slice(prefix.length)));
    return names.sort().map((name) => join(directory, name));
  } catch (error) {
    if (hasCode(error, "ENOENT", "ENOTDIR")) return [];
    throw systemError(error, `looking at ${directory}`, { path: directory });
  }
}

/**
 * Gives a new store the owner, the group and the modes of the one whose place it takes, durably: whoever runs kgdump, the service must be able to open it.
 * Files get those of the one file that each store of its engine has, directories those of the old store.
 * @throws {KgdumpError} PERMISSION_DENIED when the owner is another, and only root may give things away; IO_FAILED
 */
export async function giveOwner(made: string, store: string, engine: EngineName): Promise<void> {
  try {
    await giveTo(made, await lstat(store), await lstat(join(store, engineNamed(engine).everyStoreHas)));
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
