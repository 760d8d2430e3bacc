/** Find: every version of a key in a store, in every file, also of a damaged store. */
import type { FoundKey } from "../../engines/found-key.js";
import { engineNamed } from "../../engines/registry.js";
import { KgdumpError } from "../../errors.js";
import { engineOfDamaged } from "../disk/stores.js";

export type { FoundKey, KeyVersion } from "../../engines/found-key.js";

/**
 * Looks for every version of a key.
 * @param keyspace only this one; all when undefined
 * @throws {KgdumpError} STORE_NOT_FOUND, STORE_NOT_RECOGNIZED, STORE_UNSUPPORTED for a store that keeps one version of each key, PERMISSION_DENIED, IO_FAILED
 */
export async function findVersions(store: string, key: Uint8Array, keyspace?: Uint8Array): Promise<FoundKey> {
  const engine = engineNamed(await engineOfDamaged(store));
  if (engine.findKey !== undefined) return engine.findKey(store, key, keyspace);
  throw new KgdumpError("STORE_UNSUPPORTED", `${store} is a ${engine.title} store, which keeps one version of each key`, { path: store, hint: "export it, and look with kgdump inspect --entries --prefix" });
}
