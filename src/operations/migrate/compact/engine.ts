/** Which engine's store is compacted. */
import type { EngineName } from "../../../engines/store.js";
import type { OldStore, OpeningOptions } from "./old-store.js";

/**
 * Opens a store for compacting, and refuses one that would not be the same in a new store.
 * @param store its directory, absolute and without links
 * @throws {KgdumpError} STORE_IN_USE, STORE_*, USAGE for settings that are none of the engine's, PERMISSION_DENIED, IO_FAILED
 */
export async function openOldStore(engine: EngineName, store: string, options: OpeningOptions): Promise<OldStore> {
  if (engine === "sled") {
    const { openOldSled } = await import("./sled.js");
    return openOldSled(store, options);
  }
  const { openOldRocksdb } = await import("./rocksdb.js");
  return openOldRocksdb(store, options);
}
