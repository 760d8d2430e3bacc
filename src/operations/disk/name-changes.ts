/**
 * Making, renaming and removing names. Each works as Node's function of that name; where kgdump works as another user, names in root's own
 * directories are changed as root, and what is new there belongs to that user.
 */
import { chownSync, close, constants, fchownSync, fstat, fsync, linkSync, lstatSync, mkdirSync, openSync, read, readdirSync, readlinkSync, renameSync, rmdirSync, rmSync, type Stats, statSync, unlinkSync, writev } from "node:fs";
import { access, type FileHandle, link, lstat, mkdir, open, readdir, readlink, rename, rm, rmdir, stat, unlink } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { promisify } from "node:util";
import { hasCode } from "../../errors.js";
import { actingAs, asKeeper, keepsNamesIn } from "./acting.js";
import { descriptorOf, NO_LINK, NO_WAIT, statusOf } from "./trusted.js";

const isKept = (path: string): boolean => keepsNamesIn(dirname(resolve(path)));

/** rename(2). */
export async function renameName(from: string, to: string): Promise<void> {
  if (isKept(from) || isKept(to)) asKeeper(() => { renameSync(from, to); });
  else await rename(from, to);
}

/** mkdir(2). */
export async function makeDirectory(path: string, mode = 0o700): Promise<void> {
  if (!isKept(path)) {
    await mkdir(path, { mode });
    return;
  }
  asKeeper(({ uid, gid }) => {
    mkdirSync(path, { mode });
    chownSync(path, uid, gid);
  });
}

/** What a new file offers, be it opened by this user or by root. */
export type NewFile = Pick<FileHandle, "fd" | "writev" | "sync" | "close">;

/** A new file that is open for writing. */
export async function createFile(path: string, mode = 0o600): Promise<NewFile> {
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | NO_LINK;
  if (!isKept(path)) return open(path, flags, mode);
  const fd = asKeeper(({ uid, gid }) => {
    const made = openSync(path, flags, mode);
    fchownSync(made, uid, gid);
    return made;
  });
  return { fd, writev: promisify(writev).bind(null, fd) as NewFile["writev"], sync: () => promisify(fsync)(fd), close: () => promisify(close)(fd) };
}

/**
 * Gives a new file to the owner of the first of these places that is there, when root or another user's root works.
 * @param descriptor of the file, which is open
 */
export function giveDescriptor(descriptor: number, like: readonly string[]): void {
  const acting = actingAs();
  if (acting !== null) {
    if (acting.keepsNames) asKeeper(({ uid, gid }) => { fchownSync(descriptor, uid, gid); });
    return;
  }
  if (process.geteuid?.() !== 0) return;
  const found = like.map(statusOf).find((one) => one !== null);
  if (found !== undefined) fchownSync(descriptor, found.uid, found.gid);
}

/** What a file that is read offers. */
export type ReadFile = Pick<FileHandle, "close"> & {
  read(buffer: Uint8Array, offset: number, length: number, position: number | null): Promise<{ readonly bytesRead: number }>;
  stat(): Promise<Stats>;
};

/** Opens what is read only: where nobody but root could put something else, as root. */
export async function openToRead(path: string): Promise<ReadFile> {
  const given = actingAs() === null ? null : descriptorOf(path);
  if (given !== null) return readGiven(given);
  if (!isKept(path)) return open(path, constants.O_RDONLY);
  const opened = asKeeper(() => {
    const found = statSync(path);
    // Whatever else it is might be waited for.
    return found.isFile() ? { fd: openSync(path, constants.O_RDONLY), found } : null;
  });
  if (opened === null) return open(path, constants.O_RDONLY);
  const { fd, found } = opened;
  return { read: (...where) => promisify(read)(fd, ...where), stat: () => Promise.resolve(found), close: () => promisify(close)(fd) };
}

/** What root's shell opened for kgdump: the user as whom this works could not open it anew. A file is read from its beginning, as if it had been. */
function readGiven(descriptor: number): ReadFile {
  let next = 0;
  const stat = (): Promise<Stats> => promisify(fstat)(descriptor);
  return {
    read: async (buffer, offset, length, position) => {
      const at = position ?? ((await stat()).isFile() ? next : null);
      const done = await promisify(read)(descriptor, buffer, offset, length, at);
      if (position === null) next += done.bytesRead;
      return done;
    },
    stat,
    close: () => Promise.resolve(),
  };
}

/** Opens a file itself to append to it, without waiting; makes it when it is not there. */
export function openToAppend(path: string): number {
  const flags = constants.O_WRONLY | constants.O_APPEND | NO_LINK | NO_WAIT;
  const make = (): number => openSync(path, flags | constants.O_CREAT, 0o600);
  if (!isKept(path)) return make();
  return asKeeper(({ uid, gid }) => {
    const isNew = lstatSync(path, { throwIfNoEntry: false }) === undefined;
    const opened = make();
    if (isNew) fchownSync(opened, uid, gid);
    return opened;
  });
}

/** link(2). */
export async function linkName(from: string, to: string): Promise<void> {
  if (isKept(to)) asKeeper(() => { linkSync(from, to); });
  else await link(from, to);
}

/** unlink(2). */
export async function removeName(path: string): Promise<void> {
  if (isKept(path)) asKeeper(() => { unlinkSync(path); });
  else await unlink(path);
}

/** Removes a file, if it is there. */
export async function removeFile(path: string): Promise<void> {
  try {
    await removeName(path);
  } catch (error) {
    if (!hasCode(error, "ENOENT")) throw error;
  }
}

/** The same at once, for a process that is about to end. */
export function removeFileNow(path: string): void {
  const remove = (): void => { rmSync(path, { force: true }); };
  if (isKept(path)) asKeeper(remove);
  else remove();
}

/** rmdir(2). */
export async function removeEmptyDirectory(path: string): Promise<void> {
  if (isKept(path)) asKeeper(() => { rmdirSync(path); });
  else await rmdir(path);
}

/** Removes whatever has this name, with all that is in it, if it is there; links are not followed. */
export async function removeTree(path: string): Promise<void> {
  if (!isKept(path)) {
    await rm(path, { recursive: true, force: true, maxRetries: 3 });
    return;
  }
  const found = await lstat(path).catch(() => null);
  if (found?.isDirectory() !== true) {
    await removeFile(path);
    return;
  }
  // What is in it belongs to the user as whom this works.
  for (const name of await readdir(path)) await rm(join(path, name), { recursive: true, force: true, maxRetries: 3 });
  await removeEmptyDirectory(path);
}

/** stat(2), also of what is in a directory that only root may search. */
export async function statName(path: string): Promise<Stats> {
  return isKept(path) ? asKeeper(() => statSync(path)) : stat(path);
}

/** readlink(2), likewise. */
export async function readLinkName(path: string): Promise<string> {
  return isKept(path) ? asKeeper(() => readlinkSync(path)) : readlink(path);
}

/** The names in a directory, likewise. */
export async function namesOf(directory: string): Promise<string[]> {
  return keepsNamesIn(directory) ? asKeeper(() => readdirSync(directory)) : readdir(directory);
}

/** Fails when names in a directory can't be changed. @throws what access(2) throws */
export async function checkNames(directory: string): Promise<void> {
  if (!keepsNamesIn(directory)) await access(directory, constants.W_OK | constants.X_OK);
}

/** Opens a directory, to make its names durable. @returns a descriptor; null where this user can do that alone */
export function openKeptDirectory(path: string): number | null {
  return keepsNamesIn(path) ? asKeeper(() => openSync(path, constants.O_RDONLY)) : null;
}
