/** From which engine a migration leads to which: all that differs between the two directions is told by this, and by who opens and makes stores. */
import { engineNamed } from "../../engines/registry.js";
import type { EngineName, EntrySource } from "../../engines/store.js";
import { openSource } from "../load-engine.js";

/** Engines of the old store and of the new one. */
export interface Direction {
  readonly from: EngineName;
  readonly to: EngineName;
}

/** The direction that leads to an engine. */
export function directionTo(to: EngineName): Direction {
  return { from: to === "sled" ? "rocksdb" : "sled", to };
}

/** The direction of a migration, by what its journal says of the new store. */
export function directionOf({ engine }: { readonly engine?: EngineName | undefined }): Direction {
  return directionTo(engine ?? "sled");
}

/** A store that no program can open for writing until it is released. */
export interface Held {
  /** The store, when holding it is reading it, as one lock is for both. Null for one that is opened beside the lock. */
  readonly source: EntrySource | null;
  readonly release: () => Promise<void>;
}

/**
 * Holds a store. Its directory may change its name meanwhile.
 * @throws {KgdumpError} STORE_IN_USE, STORE_*, PERMISSION_DENIED, IO_FAILED
 */
export async function holdStore(path: string, engine: EngineName): Promise<Held> {
  const held = engineNamed(engine);
  if (held.readingLocks) {
    const source = await openSource(path, {});
    return { source, release: () => source.close() };
  }
  const lock = await held.lock(path);
  return {
    source: null,
    release: () => {
      lock.release();
      return Promise.resolve();
    },
  };
}
