/** Opening what is sound of a damaged store, with the engine that wrote it. */
import { readdir } from "node:fs/promises";
import type { EngineName } from "../../engines/engine.js";
import type { SalvageOptions, StoreSalvage } from "../../engines/salvage.js";
import { hasCode, systemError } from "../../errors.js";
import { refuseOddMembers } from "../disk/members.js";
import { noStoreAt } from "../disk/missing.js";
import { foreignStoreIn, noStoreButFile, noStoreIn } from "../disk/recognize.js";

/** Names of files that only a RocksDB or LevelDB store has. */
const ROCKSDB_FILES = /^(?:CURRENT|IDENTITY|(?:MANIFEST|OPTIONS)-\d+|\d+\.(?:sst|ldb|log|blob))$/;
/** Names of files that only a sled store has. */
const SLED_FILES = /^(?:db|conf|blobs|snap\.[0-9A-Fa-f]+(?:\.generating)?)$/;

/**
 * Looks at a damaged store.
 * @param path its directory
 * @throws {KgdumpError} STORE_NOT_FOUND, STORE_NOT_RECOGNIZED when no file of a store is there, STORE_IN_USE, PERMISSION_DENIED, IO_FAILED, ADDON_MISSING
 */
export async function openSalvage(path: string, options: SalvageOptions): Promise<StoreSalvage> {
  const engine = await engineOfDamaged(path);
  if (engine === "sled") {
    const { openSledSalvage } = await import("../../engines/sled/salvage.js");
    return openSledSalvage(path);
  }
  const { openRocksdbSalvage } = await import("../../engines/rocksdb/salvage.js");
  return openRocksdbSalvage(path, options);
}

/**
 * Tells which engine's store lies at `path`, although files of it may be missing.
 * @throws {KgdumpError} as openSalvage
 */
export async function engineOfDamaged(path: string): Promise<EngineName> {
  let names: string[];
  try {
    names = await readdir(path);
  } catch (error) {
    if (hasCode(error, "ENOENT")) throw await noStoreAt(path, error);
    if (hasCode(error, "ENOTDIR")) throw await noStoreButFile(path, error);
    throw systemError(error, `looking at ${path}`, { path });
  }
  const foreign = foreignStoreIn(path, names);
  if (foreign !== null) throw foreign;
  await refuseOddMembers(path);
  if (names.some((name) => ROCKSDB_FILES.test(name))) return "rocksdb";
  if (names.some((name) => SLED_FILES.test(name))) return "sled";
  throw await noStoreIn(path, names);
}
