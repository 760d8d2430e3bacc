/** A sled store's lock, and a look at it, without opening the store. */
import { resolve } from "node:path";
import { fromAddon } from "../../addon.js";
import { watchCrash } from "../../crash.js";
import { KgdumpError } from "../../errors.js";
import type { StoreLock } from "../store.js";
import { sledAddon } from "./addon.js";

/**
 * Takes the lock of the sled store in a directory, as sled does when it opens one.
 * @throws {KgdumpError} STORE_IN_USE, PERMISSION_DENIED, IO_FAILED, ADDON_MISSING
 */
export function lockSled(path: string): Promise<StoreLock> {
  watchCrash("sled", resolve(path));
  return fromAddon(() => sledAddon().lockStore(resolve(path)));
}

/**
 * Looks at the sled store in a directory, quickly, without its lock and without opening it: whether it is plain that sled can't open it, or would make an
 * empty store of it. What is damaged elsewhere is not noticed.
 * @returns what keeps it from being opened; null when nothing is known to
 * @throws {KgdumpError} ADDON_MISSING
 */
export async function troubleOf(path: string): Promise<KgdumpError | null> {
  watchCrash("sled", resolve(path));
  try {
    await fromAddon(() => sledAddon().lookAtStore(resolve(path)));
    return null;
  } catch (error) {
    if (error instanceof KgdumpError && error.code !== "ADDON_MISSING") return error;
    throw error;
  }
}
