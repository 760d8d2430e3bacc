/** Every version of a key in a RocksDB store, in every table and log, also those that are damaged or not part of the store. */
import { resolve } from "node:path";
import { fromAddon } from "../../addon.js";
import { watchCrash } from "../../crash.js";
import { asBuffer, rocksdbAddon } from "./addon.js";

/** One version of a key, or the removal of a range that it lies in. */
export interface KeyVersion {
  readonly keyspace: Uint8Array;
  readonly sequence: bigint;
  /** What it is, such as "value" or "deletion". */
  readonly kind: string;
  readonly file: string;
  /** Level of the table; null for a log, and where nothing tells. */
  readonly level: number | null;
  /** Where its block starts in the file; null in a log. */
  readonly offset: number | null;
  /** Bytes of the value; in a blob file, as it is stored there. */
  readonly valueBytes: number;
  /** Number of the blob file that holds the value. */
  readonly blobFile: number | null;
  /** First key, and the key before which it ends, of the removal of a range. */
  readonly range: { readonly from: Uint8Array; readonly to: Uint8Array } | null;
  /** Whether its file is part of the store. */
  readonly live: boolean;
  /** Whether it decides what the store shows for the key. */
  readonly counts: boolean;
}

/** What was found of a key. */
export interface FoundKey {
  /** By keyspace, the newest first. */
  readonly versions: readonly KeyVersion[];
  /** What could not be looked into. */
  readonly problems: readonly { readonly file: string; readonly reason: string }[];
  readonly remarks: readonly string[];
}

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
