/** Which names there are, and what they stand for. */
import { lstat, readdir, stat } from "node:fs/promises";
import { basename } from "node:path";
import { hasCode, KgdumpError, systemError } from "../../errors.js";

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

/** Bytes of a place's name that are in the names of what lies beside it for a while. */
const STEM_BYTES = 200;

/** The beginning of a path's last name, so short that what is put behind it makes a name that can be. No character is cut. */
export function stemOf(path: string, most = STEM_BYTES): string {
  const name = Buffer.from(basename(path));
  return name.length <= most ? name.toString() : name.subarray(0, most).toString().replace(/\ufffd+$/, "");
}

/**
 * Refuses a path whose name is so long that what will be needed beside it could not be made, before anything is done.
 * @param ending the longest that is put behind the name
 * @throws {KgdumpError} IO_FAILED
 */
export async function refuseLongName(path: string, ending: string): Promise<void> {
  const longest = `${path}${ending}`;
  await lstat(longest).catch((error: unknown) => {
    if (!hasCode(error, "ENAMETOOLONG")) return;
    throw new KgdumpError("IO_FAILED", `the name of ${path} is too long: what is made beside it has one that is ${String(Buffer.byteLength(ending))} bytes longer`, { cause: error, path, hint: "choose a shorter name: give the directory another one first" });
  });
}

/** Whether a path leads to a directory. What is wrong with it is told by whoever opens it. */
export async function isDirectory(path: string): Promise<boolean> {
  return stat(path).then((found) => found.isDirectory(), () => false);
}
