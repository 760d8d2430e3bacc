/** What an engine is to kgdump. The engines that there are stand in registry.ts. */
import type { SalvageOptions, StoreSalvage } from "./salvage.js";
import type { EngineName, EntrySource, SourceOptions, StoreLock } from "./store.js";

/** A storage engine. Its code and its library are loaded by the first function that needs them. */
export interface Engine {
  readonly name: EngineName;
  /** Its name as its makers write it. */
  readonly title: string;
  /** Names in a store's directory that are the engine's, also of what it leaves behind. */
  readonly ownNames: RegExp;
  /** Name of a file that every store has. */
  readonly everyStoreHas: string;
  /** Whether reading a store takes its lock, so that nothing else can open it. */
  readonly readingLocks: boolean;
  /** Whether a directory with these names in it is a store. */
  recognises(names: readonly string[]): boolean;
  /** Whether it holds what is left of one, of which any file may be missing. */
  recognisesRemains(names: readonly string[]): boolean;
  /** Opens a store for reading. @throws {KgdumpError} STORE_*, PERMISSION_DENIED, IO_FAILED, ADDON_MISSING */
  openSource(path: string, options: SourceOptions): Promise<EntrySource>;
  /** Looks at what is sound of a damaged store. @throws as openSource */
  openSalvage(path: string, options: SalvageOptions): Promise<StoreSalvage>;
  /** Takes the lock of a store, as the engine does when it opens one for writing. @throws {KgdumpError} STORE_IN_USE, PERMISSION_DENIED, IO_FAILED, ADDON_MISSING */
  lock(path: string): Promise<StoreLock>;
}
