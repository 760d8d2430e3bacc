/** Whether a store's directory can change places with another one: told before hours of work, not after them. */
import { constants } from "node:fs";
import { access, lstat, readdir, readlink, stat } from "node:fs/promises";
import { join } from "node:path";
import { KgdumpError, systemError } from "../../../errors.js";
import { mountPoints } from "../../disk/own-files.js";
import { kindOf } from "../../disk/trusted.js";

/**
 * Refuses a store that can't be moved aside as it is.
 * @param path the store's directory, absolute
 * @param backups the directory that it is moved to, which may be of another file system: then each member must be such as can be copied
 * @throws {KgdumpError} TARGET_EXISTS for a mount point; STORE_UNSUPPORTED for a member that can't be copied; USAGE for a symbolic link: the link would be moved and not the store, and
 * one with a relative path would lead nowhere from another directory; PERMISSION_DENIED, IO_FAILED
 */
export async function refuseUnmovable(path: string, backups: string): Promise<void> {
  const leadsTo = await linkAt(path);
  if (leadsTo !== null) {
    throw new KgdumpError("USAGE", `${path} is a symbolic link to ${leadsTo}, and only a directory can change places with another`, {
      path,
      hint: "name the directory that it leads to with --from",
    });
  }
  if ((await mountPoints()).has(path)) throw mounted(path);
  const there = await stat(backups).catch(() => null);
  if (there !== null && there.dev !== (await stat(path)).dev) await refuseUncopyable(path);
}

/** Copying comes after the switch: what would fail there is told before. */
async function refuseUncopyable(directory: string): Promise<void> {
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isSymbolicLink()) continue;
    if (entry.isDirectory()) await refuseUncopyable(path);
    else if (!entry.isFile()) throw uncopyable(path, kindOf(entry));
    else await access(path, constants.R_OK).catch((error: unknown) => { throw systemError(error, `reading ${path}`, { path, hint: "the original is copied to --backup-dir: make it readable, or move it away" }); });
  }
}

function uncopyable(path: string, kind: string): KgdumpError {
  return new KgdumpError("STORE_UNSUPPORTED", `${path} is ${kind}, which can't be copied to the file system of --backup-dir`, {
    path,
    hint: "nothing was changed: move it away, or keep the backup on the store's own file system",
  });
}

function mounted(path: string): KgdumpError {
  return new KgdumpError("TARGET_EXISTS", `${path} is a mount point, which can't be moved`, {
    path,
    hint: "let the store be a directory within the mounted one, or build the new one elsewhere with --to",
  });
}

async function linkAt(path: string): Promise<string | null> {
  try {
    return (await lstat(path)).isSymbolicLink() ? await readlink(path) : null;
  } catch (error) {
    throw systemError(error, `looking at ${path}`, { path });
  }
}
