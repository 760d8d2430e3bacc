/** Opening what is sound of a damaged store, with the engine that wrote it. */
import { engineNamed } from "../../engines/registry.js";
import type { SalvageOptions, StoreSalvage } from "../../engines/salvage.js";
import { engineOfDamaged } from "../disk/stores.js";

/**
 * Looks at a damaged store.
 * @param path its directory
 * @throws {KgdumpError} STORE_NOT_FOUND, STORE_NOT_RECOGNIZED when no file of a store is there, STORE_IN_USE, PERMISSION_DENIED, IO_FAILED, ADDON_MISSING
 */
export async function openSalvage(path: string, options: SalvageOptions): Promise<StoreSalvage> {
  return engineNamed(await engineOfDamaged(path)).openSalvage(path, options);
}
