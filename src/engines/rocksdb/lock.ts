/** A RocksDB store's lock. */
import { resolve } from "node:path";
import { fromAddon } from "../../addon.js";
import { watchCrash } from "../../crash.js";
import type { StoreLock } from "../store.js";
import { rocksdbAddon } from "./addon.js";

/**
 * Takes the lock of the RocksDB store in a directory, as RocksDB does when it opens one for writing. Reading it stays possible.
 * @throws {KgdumpError} STORE_IN_USE, PERMISSION_DENIED, IO_FAILED, ADDON_MISSING
 */
export function lockRocksdb(path: string): Promise<StoreLock> {
  watchCrash("RocksDB", resolve(path));
  return fromAddon(() => rocksdbAddon().lockStore(resolve(path)));
}
