/** Making what was written durable. */
import { close, constants, fsync } from "node:fs";
import { open } from "node:fs/promises";
import { promisify } from "node:util";
import { hasCode } from "../../errors.js";
import { openKeptDirectory } from "./name-changes.js";

/** Syncs a directory, so that a name in it survives a power loss. File systems that can't do that are let be. */
export async function syncDirectory(path: string): Promise<void> {
  const descriptor = openKeptDirectory(path);
  const handle = descriptor === null ? await open(path, constants.O_RDONLY) : { sync: () => promisify(fsync)(descriptor), close: () => promisify(close)(descriptor) };
  try {
    await handle.sync();
  } catch (error) {
    if (!hasCode(error, "EINVAL", "ENOTSUP")) throw error;
  } finally {
    await handle.close();
  }
}
