/** Which names there are, and what they stand for. */
import { lstat, readdir, stat } from "node:fs/promises";
import { hasCode, systemError } from "../../errors.js";

/** Whether something, even a dangling link, has this name. */
export async function nameIsTaken(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (hasCode(error, "ENOENT", "ENAMETOOLONG")) return false;
    throw systemError(error, `looking at ${path}`, { path });
  }
}

/** The names in a directory; none when it is not there. @throws {KgdumpError} PERMISSION_DENIED, IO_FAILED */
export async function namesIn(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (hasCode(error, "ENOENT", "ENOTDIR")) return [];
    throw systemError(error, `looking at ${directory}`, { path: directory });
  }
}

/** Whether a path leads to a directory. What is wrong with it is told by whoever opens it. */
export async function isDirectory(path: string): Promise<boolean> {
  return stat(path).then((found) => found.isDirectory(), () => false);
}
