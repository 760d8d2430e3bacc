/** What an engine is to kgdump. The engines that there are stand in registry.ts. */
import type { KgdumpError } from "../errors.js";
import type { SledSettings } from "../settings/sled-settings.js";
import type { FoundKey } from "./found-key.js";
import type { SalvageOptions, StoreSalvage } from "./salvage.js";
import type { EngineName, EntryLoader, EntrySource, NewStoreOptions, SourceOptions, StoreLock } from "./store.js";

/** A storage engine. Its code and its library are loaded by the first function that needs them. */
export interface Engine {
  readonly name: EngineName;
  /** Its name as its makers write it. */
  readonly title: string;
  /** What it calls a keyspace: one, and several. */
  readonly keyspaceWords: readonly [one: string, several: string];
  /** Names in a store's directory that are the engine's, also of what it leaves behind. */
  readonly ownNames: RegExp;
  /** Of these, names of what must be a store's own files or directories: a link would be shared by a copy. */
  readonly storeNames: RegExp;
  /** Name of a file that every store has. */
  readonly everyStoreHas: string;
  /** Whether reading a store takes its lock, so that nothing else can open it. */
  readonly readingLocks: boolean;
  /** Whether a store tells, without being read whole, about how many entries it holds, and how large they are. */
  readonly estimates: boolean;
  /** Whether a store numbers its changes, so that one with the same number is unchanged. */
  readonly numbersChanges: boolean;
  /** Whether a store tells the options that it was made with, so that others can be compared with it or made like it. */
  readonly tellsOptions: boolean;
  /** Whether a store counts the ids that it hands out to its program. */
  readonly countsIds: boolean;
  /** Bytes of the largest key and the largest value that a store holds; null where all that a dump holds fits. */
  readonly largest: { readonly key: number; readonly value: number } | null;
  /** Whether a directory with these names in it is a store. */
  recognises(names: readonly string[]): boolean;
  /** Whether it holds what is left of one, of which any file may be missing. */
  recognisesRemains(names: readonly string[]): boolean;
  /** Opens a store for reading. @throws {KgdumpError} STORE_*, PERMISSION_DENIED, IO_FAILED, ADDON_MISSING */
  openSource(path: string, options: SourceOptions): Promise<EntrySource>;
  /**
   * Makes a new store to load keyspaces into. Left out where stores are only read.
   * @param path nothing, or an empty directory, must be there
   * @throws {KgdumpError} USAGE for options that it does not take, NO_SPACE, PERMISSION_DENIED, IO_FAILED, ADDON_MISSING
   */
  openLoader?(path: string, options: NewStoreOptions): Promise<EntryLoader>;
  /** Opens a store that was just made, where there is a quicker way than `openSource`: what it holds is going to be compared. @throws as openSource */
  readBack?(path: string, settings?: SledSettings): Promise<EntrySource>;
  /** Looks at what is sound of a damaged store. @throws as openSource */
  openSalvage(path: string, options: SalvageOptions): Promise<StoreSalvage>;
  /** Version of the engine that wrote a store, as one of its files tells: that file's name among these, and how to find it there. */
  versionIn(names: readonly string[]): { readonly file: string; readonly pattern: RegExp } | undefined;
  /**
   * What keeps a store from being opened, told by a quick look at its files; null when nothing is known to. Left out where a quick look tells nothing.
   * @throws {KgdumpError} ADDON_MISSING
   */
  troubleOf?(path: string): Promise<KgdumpError | null>;
  /** Finds every version of a key, also in a damaged store. Left out where a store keeps one version. @throws as openSource */
  findKey?(path: string, key: Uint8Array, keyspace?: Uint8Array): Promise<FoundKey>;
  /** Takes the lock of a store, as the engine does when it opens one for writing. @throws {KgdumpError} STORE_IN_USE, PERMISSION_DENIED, IO_FAILED, ADDON_MISSING */
  lock(path: string): Promise<StoreLock>;
}
