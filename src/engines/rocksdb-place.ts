/** A RocksDB store's place in the file system: its lock, and exchanging its directory with another. */
import { resolve } from "node:path";

import { fromAddon } from "../addon.js";
import { rocksdbAddon } from "./rocksdb-addon.js";

/** A lock that keeps programs from opening a store for writing. */
export interface StoreLock {
  /** Lets the lock go; a second call does nothing. */
  release(): void;
}

/**
 * Takes the lock of the RocksDB store in a directory, as RocksDB does when it opens one for writing. Reading it stays possible.
 * @throws {KgdumpError} STORE_IN_USE, PERMISSION_DENIED, IO_FAILED, ADDON_MISSING
 */
export function lockRocksdb(path: string): Promise<StoreLock> {
  return fromAddon(() => rocksdbAddon().lockStore(resolve(path)));
}

/**
 * Exchanges two directories of one file system: at no time is nothing at either path.
 * @returns false when the system or the file system can't
 * @throws {KgdumpError} NOT_FOUND, PERMISSION_DENIED, IO_FAILED, ADDON_MISSING
 */
export function exchangeDirectories(a: string, b: string): Promise<boolean> {
  return fromAddon(() => rocksdbAddon().exchangeDirectories(resolve(a), resolve(b)));
}
