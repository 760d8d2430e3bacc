/** A sled store's place in the file system: its lock, and exchanging its directory with another. No store is opened. */
import { resolve } from "node:path";

import { fromAddon } from "../addon.js";
import { sledAddon } from "./sled-addon.js";

/** A lock that keeps programs from opening a store. */
export interface SledLock {
  /** Lets the lock go; a second call does nothing. */
  release(): void;
}

/**
 * Takes the lock of the sled store in a directory, as sled does when it opens one.
 * @throws {KgdumpError} STORE_IN_USE, PERMISSION_DENIED, IO_FAILED, ADDON_MISSING
 */
export function lockSled(path: string): Promise<SledLock> {
  return fromAddon(() => sledAddon().lockStore(resolve(path)));
}

/**
 * Exchanges two directories of one file system: at no time is nothing at either path.
 * @returns false when the system or the file system can't
 * @throws {KgdumpError} PERMISSION_DENIED, IO_FAILED, ADDON_MISSING
 */
export function exchangeSled(a: string, b: string): Promise<boolean> {
  return fromAddon(() => sledAddon().exchangeDirectories(resolve(a), resolve(b)));
}
