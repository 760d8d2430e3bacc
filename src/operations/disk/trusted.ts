/**
 * Files and directories where others may have put something in their place: looked at without following links and without waiting, and taken only
 * from those who may say what is in them.
 */
import { constants, type BigIntStats, lstatSync, type Stats } from "node:fs";
import { type FileHandle, lstat, open } from "node:fs/promises";
import { dirname } from "node:path";
import { hasCode, KgdumpError, systemError } from "../../errors.js";

/** For open(2): no link, as somebody may have put one there. Windows has none. */
export const NO_LINK = (constants.O_NOFOLLOW as number | undefined) ?? 0;
/** The same for what would be waited for. */
export const NO_WAIT = (constants.O_NONBLOCK as number | undefined) ?? 0;

/** Whether what belongs to this user is as good as one's own: root may do all there is to do anyway. Where there are no users, all is one's own. */
export function isTrusted(uid: number): boolean {
  const own = process.geteuid?.();
  return own === undefined || uid === own || uid === 0;
}

/** Whether a user may decide what happens at a place, without what lies beside it: root, oneself, and whoever owns the place or its directory. */
export function mayDecide(uid: number, place: string): boolean {
  return isTrusted(uid) || [place, dirname(place)].some((path) => statusOf(path)?.uid === uid);
}

/** What the system says of a path itself; null when nothing is there, or it can't be looked at. */
export function statusOf(path: string): Stats | null {
  try {
    return lstatSync(path);
  } catch {
    return null;
  }
}

/** Whether a path names a descriptor that is open already: whose the pipe behind it is, was for who opened it. */
export function isOpenAlready(path: string): boolean {
  return /^\/(?:dev\/(?:std(?:in|out|err)|fd\/\d+)|proc\/(?:self|\d+)\/fd\/\d+)$/.test(path);
}

/** The number of a descriptor of this process that a path names; null for any other path. */
export function descriptorOf(path: string): number | null {
  const [, name = ""] = /^\/(?:dev\/(std(?:in|out|err)|fd\/\d+)|proc\/self\/fd\/\d+)$/.exec(path) ?? [];
  const standard = ["stdin", "stdout", "stderr"].indexOf(name);
  if (standard >= 0) return standard;
  const [, number] = /^\/(?:dev|proc\/self)\/fd\/(\d{1,6})$/.exec(path) ?? [];
  return number === undefined ? null : Number(number);
}

/** What a file is, for an error. */
export function kindOf(found: Pick<Stats, "isFile" | "isDirectory" | "isFIFO" | "isSocket" | "isBlockDevice" | "isSymbolicLink">): string {
  const kinds = [["a file", found.isFile()], ["a directory", found.isDirectory()], ["a symbolic link", found.isSymbolicLink()], ["a FIFO", found.isFIFO()], ["a socket", found.isSocket()], ["a block device", found.isBlockDevice()]] as const;
  return kinds.find(([, is]) => is)?.[0] ?? "a device";
}

/**
 * Opens a regular file itself: no link to one, and nothing that would be waited for.
 * @param flags of open(2), besides those
 * @returns the open file, and what the system says of it
 * @throws {KgdumpError} IO_FAILED for what is no file, NOT_FOUND, PERMISSION_DENIED, NO_SPACE
 */
export async function openRegular(path: string, flags: number, mode = 0o600): Promise<{ readonly handle: FileHandle; readonly status: Stats }> {
  let handle: FileHandle;
  try {
    handle = await open(path, flags | NO_LINK | NO_WAIT, mode);
  } catch (error) {
    // A link, or a FIFO that nobody reads.
    if (hasCode(error, "ELOOP", "EMLINK", "ENXIO")) throw await noFile(path, error);
    // What was named after a long name can't have been made.
    if (hasCode(error, "ENAMETOOLONG") && (flags & constants.O_CREAT) === 0) throw new KgdumpError("NOT_FOUND", `there is no ${path}, which is too long for a name`, { cause: error, path });
    throw systemError(error, `opening ${path}`, { path });
  }
  try {
    const status = await handle.stat();
    if (!status.isFile()) throw await noFile(path);
    return { handle, status };
  } catch (error) {
    await handle.close();
    throw systemError(error, `opening ${path}`, { path });
  }
}

async function noFile(path: string, cause?: unknown): Promise<KgdumpError> {
  const found = await lstat(path).catch(() => null);
  return new KgdumpError("IO_FAILED", `${path} should be a file, but is ${found === null ? "none" : kindOf(found)}`, { cause, path, hint: "find out who put it there, and remove it" });
}

/**
 * Reads a small file itself, whoever put it there.
 * @param most bytes that it may have
 * @returns its text, and whose it is
 * @throws {KgdumpError} as openRegular; IO_FAILED for one that is too long
 */
export async function readSmallFile(path: string, most: number): Promise<{ readonly text: string; readonly uid: number }> {
  const { handle, status } = await openRegular(path, constants.O_RDONLY);
  try {
    if (status.size > most) throw new KgdumpError("IO_FAILED", `${path} has ${status.size.toString()} bytes, and may have ${most.toString()}`, { path, hint: "find out who put it there, and remove it" });
    return { text: await handle.readFile("utf8"), uid: status.uid };
  } catch (error) {
    throw systemError(error, `reading ${path}`, { path });
  } finally {
    await handle.close();
  }
}

/** By what a directory is known, whatever its name is. */
export type Identity = Pick<BigIntStats, "dev" | "ino">;

/**
 * A directory that is one's own, and not a link to one, so that what is in it may be removed.
 * @param maker the user to whom what one makes there belongs, where that is known: on SSHFS, NFS or in a container it may be another than oneself
 * @returns by what it is known; null for anything else
 */
export async function ownDirectory(path: string, maker?: number): Promise<Identity | null> {
  const found = await lstat(path, { bigint: true }).catch(() => null);
  if (found?.isDirectory() !== true) return null;
  const uid = Number(found.uid);
  const isOwn = (isTrusted(uid) || uid === maker) && (found.mode & 0o022n) === 0n;
  return isOwn || (await isAsMounted(path, found)) ? { dev: found.dev, ino: found.ino } : null;
}

/**
 * Whether a directory has the owner of the one that it lies in, and its modes, by which all may write there: so it is on file systems that keep neither, such as
 * exFAT and NTFS. Elsewhere that owner alone can have made it, who may remove all that is there anyway.
 */
async function isAsMounted(path: string, { dev, uid, mode }: BigIntStats): Promise<boolean> {
  const around = await lstat(dirname(path), { bigint: true }).catch(() => null);
  return (mode & 0o022n) !== 0n && around?.dev === dev && around.uid === uid && around.mode === mode;
}

/** Whether a path still leads to that directory. */
export async function isStill(path: string, { dev, ino }: Identity): Promise<boolean> {
  const found = await lstat(path, { bigint: true }).catch(() => null);
  return found?.dev === dev && found.ino === ino;
}
