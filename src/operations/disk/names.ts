/** Whether a name is taken. */
import { lstat } from "node:fs/promises";
import { hasCode, systemError } from "../../errors.js";

/** Whether something, even a dangling link, has this name. */
export async function nameIsTaken(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (hasCode(error, "ENOENT")) return false;
    throw systemError(error, `looking at ${path}`, { path });
  }
}
