/** What lies where, and moving directories durably. */
import { open, lstat, readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { EngineName } from "../../engines/store.js";
import { hasCode, KgdumpError, systemError } from "../../errors.js";
import { copyTree } from "./copy-tree.js";
import { copyOwner } from "./likeness.js";
import { moveError } from "./move-error.js";
import { makeDirectory, removeTree, renameName } from "./name-changes.js";
import { nameIsTaken } from "./names.js";
import { detectEngine } from "./stores.js";
import { syncDirectory } from "./sync.js";

/** A time as it stands in the names of what is kept: 20261122T191034Z. */
export function nameStamp(time: Date): string {
  return time.toISOString().replace(/[-:]/g, "").replace(/\.\d+/, "");
}

/**
 * The first stamp from `now` on, second by second, with which none of these names is taken: what was done a moment ago may have its own.
 * @throws {KgdumpError} PERMISSION_DENIED, IO_FAILED
 */
export async function freeStamp(now: Date, namesWith: (stamp: string) => readonly string[]): Promise<string> {
  for (let time = now.getTime(); ; time += 1000) {
    const stamp = nameStamp(new Date(time));
    const taken = await Promise.all(namesWith(stamp).map(nameIsTaken));
    if (!taken.includes(true)) return stamp;
  }
}

/** What lies at a path: a store by its engine, a directory without entries, nothing, or something else. */
export type Occupant = EngineName | "empty" | "absent" | "unknown";

/**
 * Looks at a path.
 * @throws {KgdumpError} PERMISSION_DENIED, IO_FAILED
 */
export async function occupantOf(path: string): Promise<Occupant> {
  try {
    return await detectEngine(path);
  } catch (error) {
    if (!(error instanceof KgdumpError)) throw error;
    if (error.code === "STORE_NOT_FOUND") return "absent";
    if (error.code !== "STORE_NOT_RECOGNIZED") throw error;
    const names = await readdir(path).catch(() => ["not a directory"]);
    return names.length === 0 ? "empty" : "unknown";
  }
}

/**
 * Bytes that a file, or a directory with all in it, takes on its disk; null when it is not there.
 * @throws {KgdumpError} PERMISSION_DENIED, IO_FAILED
 */
export async function diskUseOf(path: string): Promise<number | null> {
  try {
    const info = await lstat(path);
    if (!info.isDirectory()) return info.blocks * 512;
    let bytes = 0;
    for (const name of await readdir(path)) bytes += (await diskUseOf(join(path, name))) ?? 0;
    return bytes;
  } catch (error) {
    // No path leads to what is nested deeper than the longest one; no store has such a thing.
    if (hasCode(error, "ENOENT", "ENAMETOOLONG")) return null;
    throw systemError(error, `looking at ${path}`, { path });
  }
}

/**
 * Renames a directory, and makes both names durable.
 * @throws {KgdumpError} TARGET_EXISTS when something is at the new path, NO_SPACE, PERMISSION_DENIED, IO_FAILED
 */
export async function renameDurably(from: string, to: string): Promise<void> {
  try {
    await renameName(from, to);
    await syncDirectory(dirname(to));
    if (dirname(from) !== dirname(to)) await syncDirectory(dirname(from));
  } catch (error) {
    throw moveError(error, from, to);
  }
}

/**
 * Moves a directory, also to another file system: there it is copied, compared byte by byte and made durable, gets its name, and only then
 * is the original removed. Repeatable after any interruption.
 * @param partial name for a copy that is not complete, beside `to`; whatever is there is removed
 * @throws {KgdumpError} as renameDurably; VERIFY_DIFFERENCE when the copy is not equal
 */
export async function moveDurably(from: string, to: string, partial: string): Promise<void> {
  try {
    await renameName(from, to);
  } catch (error) {
    if (!hasCode(error, "EXDEV")) throw moveError(error, from, to);
    await copyDurably(from, to, partial);
    await removeDirectory(from);
    return;
  }
  try {
    await syncDirectory(dirname(to));
    await syncDirectory(dirname(from));
  } catch (error) {
    throw moveError(error, from, to);
  }
}

/**
 * Copies a directory, compares the copy, makes it durable and gives it its name.
 * @throws {KgdumpError} as moveDurably
 */
export async function copyDurably(from: string, to: string, partial: string): Promise<void> {
  try {
    await removeTree(partial);
    await makeDirectory(partial);
    await copyTree(from, partial);
    await compareAndSync(from, partial);
  } catch (error) {
    await removeTree(partial).catch(() => undefined);
    throw systemError(error, `copying ${from} to ${to}`, { path: to });
  }
  await renameDurably(partial, to);
}

/**
 * Removes a directory that kgdump made, or of which a compared copy is in place. It loses its name at once, so that a removal which is
 * interrupted leaves no half store under it.
 * @throws {KgdumpError} PERMISSION_DENIED, IO_FAILED
 */
export async function removeDirectory(path: string): Promise<void> {
  try {
    await clearRemoved(path);
    await renameName(path, removedName(path));
    await syncDirectory(dirname(path));
    await clearRemoved(path);
  } catch (error) {
    if (hasCode(error, "ENOENT")) return;
    throw systemError(error, `removing ${path}`, { path });
  }
}

/** Removes what an interrupted removal of a directory left. @throws as removeDirectory */
export async function clearRemoved(path: string): Promise<void> {
  try {
    await removeTree(removedName(path));
  } catch (error) {
    throw systemError(error, `removing ${removedName(path)}`, { path });
  }
}

/** The name that a directory has while it is removed. */
export function removedName(path: string): string {
  return `${path}.kgdump-removed`;
}

const CHUNK = 1024 * 1024;

async function compareAndSync(original: string, copy: string): Promise<void> {
  const entries = await readdir(original, { withFileTypes: true });
  for (const entry of entries) {
    const [from, to] = [join(original, entry.name), join(copy, entry.name)];
    if (entry.isDirectory()) await compareAndSync(from, to);
    else if (entry.isFile()) await compareFiles(from, to);
    if (!entry.isDirectory()) await copyOwner(from, to);
  }
  await syncDirectory(copy);
  await copyOwner(original, copy);
}

/** Compares a copy with its original, and makes it durable. @throws {KgdumpError} VERIFY_DIFFERENCE @throws {Error} of the system */
export async function compareFiles(original: string, copy: string): Promise<void> {
  await using a = await open(original, "r");
  await using b = await open(copy, "r");
  await b.sync();
  for (;;) {
    const [left, right] = [await a.read(Buffer.allocUnsafe(CHUNK), 0, CHUNK, null), await b.read(Buffer.allocUnsafe(CHUNK), 0, CHUNK, null)];
    if (!left.buffer.subarray(0, left.bytesRead).equals(right.buffer.subarray(0, right.bytesRead))) {
      throw new KgdumpError("VERIFY_DIFFERENCE", `the copy ${copy} differs from ${original}`, { path: copy, hint: "check the disk, then run this again" });
    }
    if (left.bytesRead === 0) return;
  }
}
