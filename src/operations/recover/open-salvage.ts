/** Opening what is sound of a damaged store, with the engine that wrote it. */
import { readdir } from "node:fs/promises";
import { engineNamed, engineOfRemains } from "../../engines/registry.js";
import type { SalvageOptions, StoreSalvage } from "../../engines/salvage.js";
import type { EngineName } from "../../engines/store.js";
import { hasCode, systemError } from "../../errors.js";
import { refuseOddMembers } from "../disk/members.js";
import { noStoreAt } from "../disk/missing.js";
import { foreignStoreIn, noStoreButFile, noStoreIn } from "../disk/recognize.js";

/**
 * Looks at a damaged store.
 * @param path its directory
 * @throws {KgdumpError} STORE_NOT_FOUND, STORE_NOT_RECOGNIZED when no file of a store is there, STORE_IN_USE, PERMISSION_DENIED, IO_FAILED, ADDON_MISSING
 */
export async function openSalvage(path: string, options: SalvageOptions): Promise<StoreSalvage> {
  return engineNamed(await engineOfDamaged(path)).openSalvage(path, options);
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
  const engine = engineOfRemains(names);
  if (engine !== null) return engine;
  throw await noStoreIn(path, names);
}
