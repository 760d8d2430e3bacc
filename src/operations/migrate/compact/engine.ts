/** Which engine's store is compacted. */
import { engineTitle } from "../../../engines/registry.js";
import type { EngineName } from "../../../engines/store.js";
import { KgdumpError } from "../../../errors.js";
import type { OldStore, OpeningOptions } from "./old-store.js";

const OPENERS: Readonly<Partial<Record<EngineName, (store: string, options: OpeningOptions) => Promise<OldStore>>>> = {
  rocksdb: async (store, options) => (await import("./rocksdb.js")).openOldRocksdb(store, options),
  sled: async (store, options) => (await import("./sled.js")).openOldSled(store, options),
};

/**
 * Opens a store for compacting, and refuses one that would not be the same in a new store.
 * @param store its directory, absolute and without links
 * @throws {KgdumpError} STORE_IN_USE, STORE_*, USAGE for settings that are none of the engine's, PERMISSION_DENIED, IO_FAILED
 */
export function openOldStore(engine: EngineName, store: string, options: OpeningOptions): Promise<OldStore> {
  const open = OPENERS[engine];
  if (open === undefined) throw new KgdumpError("STORE_UNSUPPORTED", `kgdump does not compact ${engineTitle(engine)} stores`, { path: store, hint: "nothing was changed" });
  return open(store, options);
}
