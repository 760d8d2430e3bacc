/** Making what was written durable. */
import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { hasCode } from "../../errors.js";

/** Syncs a directory, so that a name in it survives a power loss. File systems that can't do that are let be. */
export async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, constants.O_RDONLY);
  try {
    await handle.sync();
  } catch (error) {
    if (!hasCode(error, "EINVAL", "ENOTSUP")) throw error;
  } finally {
    await handle.close();
  }
}
