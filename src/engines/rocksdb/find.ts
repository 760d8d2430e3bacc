/** Every version of a key in a RocksDB store, in every table and log, also those that are damaged or not part of the store. */
import { resolve } from "node:path";
import { asBuffer, fromAddon } from "../../addon.js";
import { watchCrash } from "../../crash.js";
import type { FoundKey } from "../found-key.js";
import { rocksdbAddon } from "./addon.js";

/**
 * Looks for every version of a key. The store is only read, and may be damaged.
 * @param keyspace only this one; all when undefined
 * @throws {KgdumpError} STORE_NOT_FOUND, STORE_NOT_RECOGNIZED, PERMISSION_DENIED, IO_FAILED, ADDON_MISSING
 */
export async function findKey(store: string, key: Uint8Array, keyspace?: Uint8Array): Promise<FoundKey> {
  const family = keyspace === undefined ? undefined : asBuffer(keyspace);
  watchCrash("RocksDB", resolve(store));
  const { versions, problems, remarks } = await fromAddon(() => rocksdbAddon().findKey(resolve(store), asBuffer(key), family));
  return {
    versions: versions.map(({ family: name, level, offset, blobFile, rangeFrom, rangeTo, ...version }) => ({
      ...version,
      keyspace: name,
      level: level ?? null,
      offset: offset ?? null,
      blobFile: blobFile ?? null,
      range: rangeFrom === undefined || rangeTo === undefined ? null : { from: rangeFrom, to: rangeTo },
    })),
    problems,
    remarks,
  };
}
