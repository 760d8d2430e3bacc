/** Whether a store's directory can change places with another one: told before hours of work, not after them. */
import { lstat, readlink } from "node:fs/promises";
import { KgdumpError, systemError } from "../../../errors.js";
import { mountPoints } from "../../disk/own-files.js";

/**
 * Refuses a store that can't be moved aside as it is.
 * @param path the store's directory, absolute
 * @throws {KgdumpError} TARGET_EXISTS for a mount point; USAGE for a symbolic link: the link would be moved and not the store, and
 * one with a relative path would lead nowhere from another directory; PERMISSION_DENIED, IO_FAILED
 */
export async function refuseUnmovable(path: string): Promise<void> {
  const leadsTo = await linkAt(path);
  if (leadsTo !== null) {
    throw new KgdumpError("USAGE", `${path} is a symbolic link to ${leadsTo}, and only a directory can change places with another`, {
      path,
      hint: "name the directory that it leads to with --from, and with rollback and status",
    });
  }
  if (!(await mountPoints()).has(path)) return;
  throw new KgdumpError("TARGET_EXISTS", `${path} is a mount point, which can't be moved`, {
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
