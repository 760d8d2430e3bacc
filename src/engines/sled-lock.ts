/** A sled store's lock, taken without opening the store. */
import { resolve } from "node:path";

import { fromAddon } from "../addon.js";
import type { StoreLock } from "./engine.js";
import { sledAddon } from "./sled-addon.js";

/**
 * Takes the lock of the sled store in a directory, as sled does when it opens one.
 * @throws {KgdumpError} STORE_IN_USE, PERMISSION_DENIED, IO_FAILED, ADDON_MISSING
 */
export function lockSled(path: string): Promise<StoreLock> {
  return fromAddon(() => sledAddon().lockStore(resolve(path)));
}
