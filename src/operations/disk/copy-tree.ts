/** Copying what is on disk, on any file system. */
import { constants, createReadStream, createWriteStream, type Stats } from "node:fs";
import { copyFile, lstat, lutimes, mkdir, readdir, readlink, symlink } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { hasCode, KgdumpError } from "../../errors.js";
import { kindOf } from "./trusted.js";

/**
 * Copies a file or a directory with all that is in it, and with its times where the file system takes them; links stay what they are. Nothing is replaced, but
 * directories may be there. Blocks are shared where file systems can do that. Owners are not copied, and no mode is wider than that of the original.
 * @throws {KgdumpError} IO_FAILED for a FIFO, a socket or a device
 * @throws {Error} of the system
 */
export async function copyTree(from: string, to: string): Promise<void> {
  const found = await lstat(from);
  if (found.isSymbolicLink()) await symlink(await readlink(from), to);
  else if (found.isFile()) await copyOne(from, to, found.mode);
  else if (found.isDirectory()) {
    await mkdir(to, { mode: 0o700 }).catch(unlessThere);
    for (const name of await readdir(from)) await copyTree(join(from, name), join(to, name));
  } else throw new KgdumpError("IO_FAILED", `${from} is ${kindOf(found)}, which can't be copied`, { path: from, hint: "find out what made it, and remove it" });
  await giveTimes(to, found);
}

function unlessThere(error: unknown): void {
  if (!hasCode(error, "EEXIST")) throw error;
}

/** Where files belong to another user than who makes them, as on exFAT, their modes can't be changed, which copying at once does. */
async function copyOne(from: string, to: string, mode: number): Promise<void> {
  try {
    await copyFile(from, to, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
  } catch (error) {
    if (!hasCode(error, "EPERM")) throw error;
    await pipeline(createReadStream(from), createWriteStream(to, { flags: "wx", mode: mode & 0o777 }));
  }
}

async function giveTimes(path: string, { atime, mtime }: Stats): Promise<void> {
  await lutimes(path, atime, mtime).catch((error: unknown) => {
    if (!hasCode(error, "EPERM", "ENOSYS", "ENOTSUP")) throw error;
  });
}
